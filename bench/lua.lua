--- The Lua workloads: what a call of mems costs beside what it cannot cost
-- less than. Prints lines "key value": nanoseconds per iteration, the loop
-- included, or GB/s; medians of rounds in which every case has its turn.
--
--     lua5.4 bench/lua.lua [PATTERN]

package.path = "lua/?.lua;lua/?/init.lua;" .. package.path
package.cpath = "build/?.so;" .. package.cpath

local mems = require "mems"
local twin = require "bench.twin"

local smoke = os.getenv "BENCH_SMOKE" ~= nil
local pattern = arg[1] or ""
local ROUNDS = smoke and 1 or 9
local CALLS = smoke and 1000 or 300000
local ELEMENTS = 1000
local BULK = smoke and 1 << 16 or 64 << 20

local cases = {}

--- Adds a case: `run(n)` does `n` times what is measured, which is `units`
-- calls or elements (default 1) or, if `bytes`, moves so many bytes.
local function case(key, n, run, units, bytes)
  if key:find(pattern) then
    cases[#cases + 1] = {
      key = key, n = n, run = run, units = units or 1, bytes = bytes,
      times = {},
    }
  end
end

--- Cases of one value at one address, the same for mems and its twin.
local function access(prefix, of, addr)
  local peek, poke = of.peek, of.poke
  local peek_i32, poke_i32 = of.peek_i32, of.poke_i32
  case(prefix .. "peek", CALLS, function(n)
    for _ = 1, n do local _ = peek(addr, "i32") end
  end)
  case(prefix .. "poke", CALLS, function(n)
    for i = 1, n do poke(addr, "i32", i) end
  end)
  case(prefix .. "peek_i32", CALLS, function(n)
    for _ = 1, n do local _ = peek_i32(addr) end
  end)
  case(prefix .. "poke_i32", CALLS, function(n)
    for i = 1, n do poke_i32(addr, i) end
  end)
  local malloc, free = of.malloc, of.free
  case(prefix .. "malloc+free", CALLS, function(n)
    for _ = 1, n do free(malloc(64)) end
  end)
end

local function plain(block)
  local nothing, result, get = twin.nothing, twin.result, mems.get
  case("loop", CALLS, function(n)
    for _ = 1, n do end
  end)
  case("nothing", CALLS, function(n)
    for i = 1, n do nothing(block, "i32", i) end
  end)
  case("result", CALLS, function(n)
    for _ = 1, n do local _ = result(block, "i32") end
  end)
  case("get", CALLS, function(n)
    for _ = 1, n do local _ = get(block) end
  end)
  local t, unpack, pack = { 1 }, string.unpack, string.pack
  local packed = pack("i4", 1)
  case("t[i] read", CALLS, function(n)
    for _ = 1, n do local _ = t[1] end
  end)
  case("t[i] write", CALLS, function(n)
    for i = 1, n do t[1] = i end
  end)
  case("string.unpack", CALLS, function(n)
    for _ = 1, n do local _ = unpack("i4", packed) end
  end)
  case("string.pack", CALLS, function(n)
    for i = 1, n do local _ = pack("i4", i) end
  end)
end

local function arrays(block)
  local peekarray, pokearray = mems.peekarray, mems.pokearray
  local list = peekarray(block, "i32", ELEMENTS)
  case("peekarray", CALLS // ELEMENTS, function(n)
    for _ = 1, n do peekarray(block, "i32", ELEMENTS) end
  end, ELEMENTS)
  case("pokearray", CALLS // ELEMENTS, function(n)
    for _ = 1, n do pokearray(block, "i32", list) end
  end, ELEMENTS)
end

--- Array and struct objects, where the module has them.
local function objects()
  if mems.array then
    local a = mems.array("f64", 16)
    case("array read", CALLS, function(n)
      for _ = 1, n do local _ = a[1] end
    end)
    case("array write", CALLS, function(n)
      for i = 1, n do a[1] = i end
    end)
  end
  if mems.struct then
    local p = mems.struct { { "x", "f64" }, { "y", "f64" } }:new()
    case("struct read", CALLS, function(n)
      for _ = 1, n do local _ = p.y end
    end)
    case("struct write", CALLS, function(n)
      for i = 1, n do p.y = i end
    end)
  end
end

--- Bulk verbs on `a` and `b`, the same for mems and its twin.
local function bulk(prefix, of, a, b, text)
  local function add(name, run)
    case("bulk." .. prefix .. name, 1, run, 1, BULK)
  end
  add("fill", function() of.fill(a, 1, BULK) end)
  add("copy", function() of.copy(b, a, BULK) end)
  add("compare", function() of.compare(a, b, BULK) end)
  add("find", function() of.find(a, BULK, "needle") end)
  add("writestring", function() of.writestring(a, text) end)
  add("readstring", function() of.readstring(a, BULK) end)
end

--- Seconds for one unit; what the collector does meanwhile is part of it.
local function measure(c)
  collectgarbage()
  local start = os.clock()
  c.run(c.n)
  return (os.clock() - start) / (c.n * c.units)
end

local function median(times)
  table.sort(times)
  return times[#times // 2 + 1]
end

--- Runs all cases in rounds, prints them and forgets them.
local function run()
  for _ = 0, ROUNDS do
    for _, c in ipairs(cases) do
      c.times[#c.times + 1] = measure(c)
    end
  end
  for _, c in ipairs(cases) do
    table.remove(c.times, 1) -- the first round only warms up
    local each = median(c.times)
    local value = c.bytes and c.bytes / each / 1e9 or each * 1e9
    print(("%s\t%.3f"):format(c.key, value))
  end
  cases = {}
end

mems.init()
local small = mems.calloc(ELEMENTS, 4)
plain(small)
access("", mems, small)
access("twin.", twin, mems.get(small))
arrays(small)
objects()
run()

-- By itself: beside a string of 64 MiB the collector waits until there is as
-- much garbage again, and tables come from memory that nobody has touched.
local a, b = mems.malloc(BULK), mems.malloc(BULK)
local text = ("x"):rep(BULK)
bulk("", mems, a, b, text)
bulk("twin.", twin, mems.get(a), mems.get(b), text)
run()
mems.finish()

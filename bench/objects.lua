--- Arrays, structs and buffers: what an access costs beside a C function that
-- only checks the type, sorting beside table.sort, bulk methods beside memset
-- and memcpy, bytes and collections beside tables. Prints lines "key value":
-- nanoseconds per iteration, the loop included; ms; GB/s; bytes. Medians of
-- rounds in which every case has its turn.
--
--     lua5.4 bench/objects.lua [PATTERN]

package.path = "lua/?.lua;lua/?/init.lua;" .. package.path
package.cpath = "build/?.so;" .. package.cpath

local mems = require "mems"
local twin = require "bench.object_twin"

local smoke = os.getenv "BENCH_SMOKE" ~= nil
local pattern = arg[1] or ""
local ROUNDS = smoke and 1 or 9
local CALLS = smoke and 1000 or 1000000
local SORTED = smoke and 1000 or 1000000
local BULK = smoke and 1 << 13 or 1 << 23 -- elements of f64

local cases = {}

-- Adds a case: run(n) does n times what is measured; `scale` turns seconds
-- for each into the figure that is printed. prepare() is not measured.
local function case(key, n, run, scale, prepare)
  if key:find(pattern) then
    cases[#cases + 1] = {
      key = key, n = n, run = run, scale = scale, prepare = prepare,
      figures = {},
    }
  end
end

local function ns(seconds) return seconds * 1e9 end
local function ms(seconds) return seconds * 1e3 end
local function rate(seconds) return BULK * 8 / seconds / 1e9 end

local function access(key, t, value)
  case(key .. " read", CALLS, function(n)
    for _ = 1, n do local _ = t[7] end
  end, ns)
  case(key .. " write", CALLS, function(n)
    for _ = 1, n do t[7] = value end
  end, ns)
end

local function field(key, p)
  case(key .. " read", CALLS, function(n)
    for _ = 1, n do local _ = p.y end
  end, ns)
  case(key .. " write", CALLS, function(n)
    for _ = 1, n do p.y = 1.5 end
  end, ns)
end

local function accesses()
  access("table", { 1, 2, 3, 4, 5, 6, 7, 8 }, 1.5)
  access("empty", twin.sealed(), 1.5)
  access("checkudata", twin.named(), 1.5)
  access("array f64", mems.array("f64", 16), 1.5)
  access("array i32", mems.array("i32", 16), 15)
  local P <const> = mems.struct {
    { "x", "f64" }, { "y", "f64" }, { "z", "f64" }, { "mass", "f32" },
    { "id", "u32" }, { "next", "ptr" },
  }
  field("table.y", { x = 1, y = 2, z = 3 })
  field("empty.y", twin.sealed())
  field("struct", P:new())
  local list = P:array(16)
  local cursor, get, set = list[1], list.get, list.set
  local move = cursor.move
  case("a[i].y", CALLS, function(n)
    for _ = 1, n do local _ = list[7].y end
  end, ns)
  case("get(a, i, 'y')", CALLS, function(n)
    for _ = 1, n do local _ = get(list, 7, "y") end
  end, ns)
  case("set(a, i, 'y', v)", CALLS, function(n)
    for _ = 1, n do set(list, 7, "y", 1.5) end
  end, ns)
  case("move(p, i)", CALLS, function(n)
    for _ = 1, n do move(cursor, 7) end
  end, ns)
end

local function sorting()
  local numbers = {}
  for i = 1, SORTED do numbers[i] = math.random() end
  local t, a = {}, mems.array("f64", SORTED)
  case("table.sort", 1, function() table.sort(t) end, ms, function()
    table.move(numbers, 1, SORTED, 1, t)
  end)
  case("sort f64", 1, function() a:sort() end, ms, function()
    a:copy(numbers)
  end)
end

local function bulk()
  local a, b = mems.array("f64", BULK), mems.array("f64", BULK)
  a:fill(1.5)
  b:fill(2.5)
  local to, from = mems.get(a:address()), mems.get(b:address())
  case("memset", 1, function() twin.set(to, 1, BULK * 8) end, rate)
  case("memcpy", 1, function() twin.copy(to, from, BULK * 8) end, rate)
  case("fill 0", 1, function() a:fill(0) end, rate)
  case("fill 1.5", 1, function() a:fill(1.5) end, rate)
  case("copy", 1, function() a:copy(b) end, rate)
  case("sum", 1, function() b:sum() end, rate)
  case("max", 1, function() b:max() end, rate)
  case("find", 1, function() b:find(3.5) end, rate)
end

local function median(figures)
  table.sort(figures)
  return figures[#figures // 2 + 1]
end

-- Bytes for each of SORTED things that `make` makes, and how long a full
-- collection takes beside them.
local function memory(what, make)
  if not ("bytes in " .. what):find(pattern) then return end
  collectgarbage()
  local function bytes()
    return collectgarbage "count" * 1024 + mems.stats().used
  end
  local before = bytes()
  local kept = make()
  print(("bytes in %s\t%.3f"):format(what, (bytes() - before) / SORTED))
  local times = {}
  for i = 1, 5 do
    local start = os.clock()
    collectgarbage()
    times[i] = ms(os.clock() - start)
  end
  print(("collect beside %s\t%.3f"):format(what, median(times)))
  return kept
end

local function memories()
  memory("a table", function()
    local t = {}
    for i = 1, SORTED do t[i] = i + 0.5 end
    return t
  end)
  memory("an array", function() return mems.array("f64", SORTED) end)
  memory("tables", function()
    local t = {}
    for i = 1, SORTED do t[i] = { x = i, y = i } end
    return t
  end)
  memory("structs", function()
    return mems.struct { { "x", "f64" }, { "y", "f64" } }:array(SORTED)
  end)
  collectgarbage()
end

-- What a loop over a table does in Lua and a method of an array does in C,
-- and one at a time.
local function whole()
  local t = {}
  for i = 1, SORTED do t[i] = i + 0.5 end
  local a = mems.array("f64", t)
  case("table sum", 1, function()
    local sum = 0
    for i = 1, #t do sum = sum + t[i] end
    return sum
  end, ms)
  case("array sum", 1, function() return a:sum() end, ms)
  case("table append", SORTED, function(n)
    local grown = {}
    for i = 1, n do grown[#grown + 1] = i end
    return grown
  end, ns)
  case("array append", SORTED, function(n)
    local grown = mems.array("i64", 0)
    for i = 1, n do grown:append(i) end
    grown:release()
  end, ns)
  local P <const> = mems.struct { { "x", "f64" }, { "y", "f64" } }
  case("table new", CALLS // 10, function(n)
    for i = 1, n do local _ = { x = i, y = i } end
  end, ns)
  case("struct new", CALLS // 10, function(n)
    for i = 1, n do
      local p = P:new()
      p.x, p.y = i, i
    end
  end, ns)
end

local function measure(c)
  if c.prepare then c.prepare() end
  collectgarbage()
  local start = os.clock()
  c.run(c.n)
  return c.scale((os.clock() - start) / c.n)
end

mems.init()
memories()
accesses()
sorting()
whole()
bulk()
for _ = 0, ROUNDS do
  for _, c in ipairs(cases) do
    c.figures[#c.figures + 1] = measure(c)
  end
end
for _, c in ipairs(cases) do
  table.remove(c.figures, 1) -- the first round only warms up
  print(("%s\t%.3f"):format(c.key, median(c.figures)))
end
mems.finish()

-- Bytes become calls of everything there is in mems with hostile arguments.
-- Run by lua.c with the module, the bytes, and two functions that make a
-- request of Lua or to the OS fail.
--
-- A pool holds addresses, heaps and whatever the calls give; arguments are
-- drawn from it, or made up. Finalizers and addresses that userdata give run
-- more of such calls in the middle of one. Objects end by all the ways there
-- are: also their finalizers are skipped, or they come back after them. A call
-- may return or raise, no more: the heaps stay sound, and a heap that no call
-- can reach keeps its bytes.

local mems, bytes, starve, refuse = ...

local LIMIT <const> = 1 << 20 -- of heaps; blocks may be written to as a whole
local OPERATIONS <const> = 300

local at = 0

local function take(most)
  at = at + 1
  return (bytes:byte(at) or 0) % (most or 256)
end

local function take_integer()
  local n = 0
  for _ = 1, 8 do n = n << 8 | take() end
  return n
end

local pool, oldest = {}, 0

local function keep(value)
  if value == nil then return end
  oldest = oldest % 24 + 1
  pool[oldest] = value
end

local function pooled()
  return pool[take(24) + 1]
end

-- No heap may be so large that filling it takes all memory.
local function small(open)
  return function(options)
    if options == nil then options = {} end
    if type(options) == "table" then
      local limit = math.tointeger(rawget(options, "limit"))
      if not limit or limit > LIMIT then rawset(options, "limit", LIMIT) end
    end
    return open(options)
  end
end

local INTEGERS <const> = { 0, 1, -1, 2, 7, 8, 9, 16, 63, 64, 255, 256, -128,
  999, 1000, 1001, 1008, 4095, 4096, 4097, 32768, 65535, 1 << 31, 1 << 32,
  1 << 47, 1 << 62, math.maxinteger, math.mininteger, math.maxinteger - 7,
  1 << 20, (1 << 20) + 1, 100000 }
local FLOATS <const> = { 0.0, -0.0, 0.5, 1.5, 1e308, -1e308, 1e39, 1 / 0,
  -1 / 0, 0 / 0, 2 ^ 53, 2 ^ 63, -2 ^ 63, 1e-310, 3.0, 100.0 }
local TYPES <const> = { "i8", "u8", "i16", "u16be", "i32", "u32le", "i64",
  "u64be", "f32", "f64", "f32be", "bool", "ptr", "ptrbe", "char", "i24",
  "", "void", "i32xe", "f64le" }
local FORMATS <const> = { "i4", "z", "s", "s1", "<I3", ">d", "c10", "!8xXi8",
  "z z z", "i16", "i17", "c", "j", "n", ">I2 <I2", " ", "", "s8", "y",
  "c100000" }
local KEYS <const> = { "x", "y", "next", "name", "m", "limit", "align", "page",
  "base", "fill", "quarantine", "trace", "layout", "leaks", "size", "z" }

local calls = 0  -- calls back into mems, while one is at work
local call_any   -- makes a call of the module with drawn arguments

local METHODS <const> = { "release", "free", "close", "resize", "move",
  "disown", "append", "check", "keep", "realloc" }

-- What a script's code may do in the middle of a call.
local function act()
  calls = calls + 1
  if calls > 20 then return end
  local what = take(8)
  if what == 0 then
    pcall(mems.finish)
    if take(2) == 0 then pcall(mems.init) end
  elseif what == 1 then
    collectgarbage()
  elseif what < 5 then
    local object, name = pooled(), METHODS[take(#METHODS) + 1]
    keep(select(2, pcall(function(...) return object[name](...) end, object,
                         (pooled()), take())))
  else
    call_any()
  end
end

local function call_back(...)
  keep((...))
  if calls < 20 and take(4) == 0 then
    calls = calls + 1
    error(pooled(), 0)
  end
  act()
  return pooled(), take()
end

-- A finalizer that acts at the n-th collection from now.
local function ambush(n)
  setmetatable({}, { __gc = function()
    if n > 1 then ambush(n - 1) else act() end
  end })
end

-- The finalizer of what the pool loses comes before or after this one, which
-- brings it back.
local function come_back()
  local place = take(24) + 1
  setmetatable({ pool[place] }, { __gc = function(t)
    if take(4) == 0 then act() end
    pool[place] = t[1]
  end })
  pool[place] = nil
end

-- Lua calls no finalizer at its limit of nested C calls.
local function skip_by_depth(n, lost)
  if n > 0 then return pcall(skip_by_depth, n - 1, lost) end
  for _ = 1, lost do pool[take(24) + 1] = nil end
  collectgarbage()
end

-- Nor one that needs more of a stack, when there is no memory.
local function skip_by_hunger(depth, lost)
  if depth > 0 then
    local result = skip_by_hunger(depth - 1, lost)
    return result
  end
  for _ = 1, lost do pool[take(24) + 1] = nil end
  starve(1, 1000000)
  collectgarbage()
  starve(0, 0)
end

-- Prepares for what comes in the middle of the calls that follow.
local function lay_trap()
  local kind = take(8)
  if kind < 3 then ambush(take(12) + 1)
  elseif kind == 3 then come_back()
  elseif kind == 4 then skip_by_depth(take(24) + 176, take(8))
  elseif kind == 5 then
    pcall(coroutine.wrap(skip_by_hunger), take(40), take(8))
    starve(0, 0)
  elseif kind == 6 then -- Lua collects at nearly every allocation
    collectgarbage("incremental", 1, 1000, 100)
    collectgarbage()
  else
    collectgarbage(take(2) == 0 and "incremental" or "generational", 200, 100)
  end
end

local value -- makes any argument

local function a_table(depth)
  local t = {}
  for i = 1, take(9) do
    if take(8) > 0 then t[i] = depth > 0 and value(depth - 1) or take() end
  end
  return t
end

local function a_record(depth)
  local t = {}
  for _ = 1, take(4) do
    t[KEYS[take(#KEYS) + 1]] = value(depth)
  end
  return t
end

-- A description of a struct, or nearly one.
local function a_description()
  local t = {}
  for i = 1, take(5) do
    t[i] = { KEYS[take(#KEYS) + 1],
             take(8) > 0 and TYPES[take(#TYPES) + 1] or pooled(),
             take(3) == 0 and take(20) or nil, take(9) == 0 and take(5) or nil }
  end
  if take(8) == 0 then t.layout = "packed" end
  return t
end

local MAKERS <const> = {
  pooled, pooled, pooled, pooled,
  function() return take() end,
  function() return take() end,
  function() return take() << 8 | take() end,
  function() return INTEGERS[take(#INTEGERS) + 1] end,
  function() return INTEGERS[take(#INTEGERS) + 1] + take() end,
  take_integer,
  function() return FLOATS[take(#FLOATS) + 1] end,
  function() return TYPES[take(#TYPES) + 1] end,
  function() return TYPES[take(#TYPES) + 1] end,
  function() return FORMATS[take(#FORMATS) + 1] end,
  function() return KEYS[take(#KEYS) + 1] end,
  function() return bytes:sub(at + 1, at + take(40)) end,
  function() return ("x"):rep(70000) end,
  function() return nil end,
  function() return true end,
  function() return false end,
  a_table, a_record, a_description,
  function() return call_back end,
  function() return coroutine.wrap(call_back) end,
  function() return coroutine.create(call_back) end,
  function() return io.stdout end,
  function()
    local addr = pooled()
    local ok, moved = pcall(mems.add, addr, take() - 128)
    return ok and moved or addr
  end,
  function()
    local ok, physical = pcall(mems.get, pooled())
    return ok and physical or nil
  end,
  function() return mems.toaddress(take_integer()) end,
  function()
    return setmetatable({}, { __gc = call_back, __close = call_back,
                              __index = call_back, __len = call_back })
  end,
}

function value(depth)
  return MAKERS[take(#MAKERS) + 1](depth or 1)
end

-- The address of a file is asked for where an address is expected.
getmetatable(io.stdout).__address = function(_, heap)
  if take(4) == 0 then keep(heap) end
  if take(2) == 0 then act() end
  return take(8) > 0 and pooled() or value()
end

mems.open, mems.init = small(mems.open), small(mems.init)
local hidden <close> = mems.open()
local secret = hidden:malloc(5000)
hidden:fill(secret, 0xA5, 5000)

local heap = mems.open { limit = 1 << 18 }
mems.init()
keep(heap)
for _, size in ipairs { 1, 16, 100, 1000, 5000 } do
  keep(mems.malloc(size))
  keep(heap:calloc(1, size))
end

-- One value of each kind that mems makes.
local function samples()
  local kinds = { heap }
  local function add(...)
    local ok, made = pcall(...)
    if ok then kinds[#kinds + 1] = made end
  end
  add(mems.buffer, 100)
  add(mems.array, "f64", 10)
  local ok, layout = pcall(mems.struct, { { "x", "i32" }, { "y", "f32", 3 },
                                          { "next", "ptr" } })
  if ok then
    kinds[#kinds + 1] = layout
    add(layout.new, layout, { x = 1 })
    add(layout.array, layout, 4)
  end
  add(mems.scope)
  return kinds
end

-- What waits for others, or makes and removes files.
local APART <const> = { wait = true, lock = true, locked = true, save = true,
                        restore = true, unlink = true, picture = true }

-- Every other function of the module and of what its values can do, sorted.
local function all_functions()
  local found, seen = {}, {}
  local function collect(where, from, self)
    if seen[from] then return end
    seen[from] = true
    for name, f in pairs(from) do
      if type(f) == "function" and not APART[name] then
        found[#found + 1] = { name = where .. "." .. tostring(name), f = f,
                              self = self }
      end
    end
  end
  collect("mems", mems)
  for i, sample in ipairs(samples()) do
    keep(sample)
    local metatable = debug.getmetatable(sample)
    collect(i .. "", metatable, metatable)
    local index = rawget(metatable, "__index")
    if type(index) == "table" then
      collect(i .. "__index", index, metatable)
    elseif type(index) == "function" then
      for up = 1, 3 do
        local _, methods = debug.getupvalue(index, up)
        if type(methods) == "table" and methods ~= metatable then
          collect(i .. "__index" .. up, methods, metatable)
        end
      end
    end
  end
  table.sort(found, function(a, b) return a.name < b.name end)
  return found
end

-- Mostly a value that the function is a method of.
local function receiver(metatable)
  local first = take(24)
  if metatable and take(8) > 0 then
    for i = 0, 23 do
      local candidate = pool[(first + i) % 24 + 1]
      if debug.getmetatable(candidate) == metatable then
        return candidate
      end
    end
  end
  return value()
end

local function check_heaps()
  for i = 1, 24 do
    local one = pool[i]
    if debug.getmetatable(one) == debug.getmetatable(heap) then
      local ok, message = pcall(one.check, one)
      if not ok and message:find("damaged", 1, true) then error(message, 0) end
    end
  end
  local ok, message = pcall(mems.check)
  if not ok and message:find("damaged", 1, true) then error(message, 0) end
end

-- Calls a function with drawn arguments.
local function call(entry)
  local arguments, n = {}, take(7)
  if entry.self then
    arguments[1] = receiver(entry.self)
    n = n + 1
  end
  for i = #arguments + 1, n do arguments[i] = value() end
  if take(16) == 0 then starve(take(20), take(2) * 1000) end
  if take(16) == 0 then refuse(take(10)) end
  local results = table.pack(pcall(entry.f, table.unpack(arguments, 1, n)))
  starve(0, 0)
  refuse(0)
  if results[1] then
    for i = 2, math.min(results.n, 4) do keep(results[i]) end
  elseif type(results[2]) == "string" and
      results[2]:find("damaged", 1, true) then
    error(results[2], 0)
  end
end

-- A value indexed, assigned to, called, compared: what metamethods are for.
local function operate()
  local object, key, other = pooled(), value(), value()
  local kind = take(9)
  local ok, result = pcall(function()
    if kind == 0 then return object[key] end
    if kind == 1 then object[key] = other end
    if kind == 2 then return #object end
    if kind == 3 then return object == other end
    if kind == 4 then return tostring(object) end
    if kind == 5 then return object(key, other) end
    if kind == 6 then return ipairs(object)(object, 0) end
    if kind == 7 then return pairs(object)(object) end
    local closed <close> = object
    return closed
  end)
  if ok then keep(result) end
end

local functions = all_functions()

function call_any(which)
  call(functions[((which or take()) << 8 | take()) % #functions + 1])
end

for i = 1, OPERATIONS do
  if at >= #bytes then break end
  local which = take(251)
  calls = 0
  if which < 24 then
    operate()
  elseif which < 48 then
    lay_trap()
  else
    call_any(which)
  end
  if i % 32 == 0 then check_heaps() end
end

collectgarbage("incremental", 200, 100)
check_heaps()
assert(hidden:check())
assert(hidden:readstring(secret, 5000) == ("\xA5"):rep(5000), "a block that \z
  no call can reach was written to")

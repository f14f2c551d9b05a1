-- A heap with one of everything that a call may be made on, between blocks
-- whose bytes nobody may change: what a sweep makes anew for each of its
-- calls, and looks through after it.

local mems = require "mems"

local world = {}
world.__index = world

-- What victims are full of: no text and no small number has it.
local FOREIGN <const> = 0x9d
local FOREIGN_BYTES <const> = ("\x9d"):rep(3)

--- What a world may be like. `scale` makes its blocks larger.
world.FLAVORS = {
  default = {},
  opened = { opened = true, options = { limit = 4 << 20 } },
  watched = { options = { trace = true, quarantine = 1 << 14, fill = true } },
  guarded = { opened = true, options = { trace = true, align = 64,
                                         quarantine = 1 << 12 } },
  large = { scale = 16 },
}

-- The verbs of a heap as functions.
local function functions_of(heap)
  return setmetatable({}, { __index = function(functions, name)
    local method = heap[name]
    local function f(...) return method(heap, ...) end
    functions[name] = f
    return f
  end })
end

--- Opens the heap that the flavor says.
function world:open()
  local flavor = self.flavor
  if flavor.opened then
    self.heap = assert(mems.open(flavor.options))
    self.on = functions_of(self.heap)
  else
    assert(mems.init(flavor.options))
    self.on = mems
  end
  self.closed = false
end

--- Its heap has no block any more: nothing is to be watched.
function world:emptied()
  self.guards, self.victims, self.raw = {}, {}, {}
end

--- Closes it.
function world:close()
  if self.heap then self.heap:close() else pcall(mems.finish) end
  self:emptied()
  self.closed = true
end

-- A block that is nobody's but the sweep's, full of one byte.
local function marked(self, list, size, byte)
  local ok, addr = pcall(self.on.malloc, size)
  if not ok or not addr then return end
  self.on.fill(addr, byte, size)
  list[#list + 1] = { addr, size, string.char(byte):rep(size) }
  self.raw[#self.raw + 1] = addr
end

function world:guard(size, byte) marked(self, self.guards, size, byte) end

--- Blocks where others may have been: no call may read or write there.
function world:victims_of(...)
  for _, size in ipairs { ... } do
    marked(self, self.victims, size, FOREIGN)
  end
end

--- A block of the script's own.
function world:block_of(size)
  local ok, addr = pcall(self.on.calloc, 1, size)
  if not ok or not addr then return end
  self.raw[#self.raw + 1] = addr
  return addr
end

-- More than Lua keeps on its C stack.
local MANY <const> = {}
for i = 1, 300 do MANY[i] = i end

-- Plain values that calls take.
local function set_values(self)
  local size = self.bytes
  self.long, self.text = ("E"):rep(size), "EVIL"
  self.values, self.records = { 1, 2, 3 }, { { x = 1 }, { x = 2, s = "EVIL" } }
  self.many = MANY
  self.record = { x = 1, s = "new" }
  self.row = { s = "EVIL", n = { 1, 2, 3, 4 } }
  self.definition = { { "x", "i32" }, { "m", "f64", 3, 3 } }
  self.options = { limit = 1 << 20, align = 16, trace = false, fill = true }
end

-- Objects of every kind: owners, parts, views, what a scope has.
local function set_objects(self)
  local on, size = self.on, self.bytes
  self.Small = on.struct { { "x", "i32" }, { "s", "char", 300 } }
  self.Large = on.struct { { "s", "char", size // 2 }, { "n", "i64", 4 } }
  self.array = on.array("u64", size // 8)
  self.larges, self.smalls = self.Large:array(4), self.Small:array(size // 200)
  self.view = self.Small:at(on.add(self.block, size // 2))
  self.sub, self.last = self.smalls[20], self.larges[4]
  self.numbers, self.some = self.last.n, self.array:slice(5, 20)
  self.stepped = self.array:slice(3, 33, 2)
  self.floats = on.array("f32", 16, 2)
  self.buffer = on.buffer(("b"):rep(size))
  self.stream = self.buffer:stream(8)
  self.piece, self.one = self.buffer:slice(100, 500), self.Small:new()
  self.scope = on.scope()
  self.scoped = self.scope:malloc(200)
  self.held = self.scope:buffer("held")
  local host = rawget(_G, "host") -- in a state of the test build
  self.lent = host and host.lend("bytes of a host")
end

--- A world of a flavor.
function world.new(flavor)
  local self = setmetatable({ flavor = flavor, guards = {}, victims = {},
    raw = {}, bytes = 6000 * (flavor.scale or 1) }, world)
  self:open()
  self:guard(500, 0x11)
  self.block = self:block_of(self.bytes)
  self.freed = self.on.malloc(40)
  self.on.free(self.freed)
  set_values(self)
  set_objects(self)
  self.other = self:block_of(400)
  self:guard(500, 0x22)
  return self
end

--- Makes all its objects read-only: calls get views of them.
function world:freeze()
  self.thawed = self:owners()
  for name, object in pairs(self) do
    local ok, view = pcall(function() return object:readonly() end)
    if ok then self[name] = view end
  end
  self.stream = self.buffer:stream(8)
end

--- The objects that own memory.
function world:owners()
  if self.thawed then return self.thawed end
  return { self.array, self.larges, self.smalls, self.buffer, self.one,
           self.held }
end

--- Does a value show bytes of a victim?
local function foreign(value, depth)
  local kind = math.type(value) or type(value)
  if kind == "integer" then value = ("i8"):pack(value) end
  if kind == "float" then value = ("d"):pack(value) end
  if kind ~= "table" then
    return type(value) == "string" and value:find(FOREIGN_BYTES, 1, true)
  end
  if depth == 0 then return false end
  for _, part in pairs(value) do
    if foreign(part, depth - 1) then return true end
  end
end

local function intact(self, list, what)
  for _, block in ipairs(list) do
    local ok, bytes = pcall(self.on.readstring, block[1], block[2])
    if not ok or bytes ~= block[3] then return what end
  end
end

-- What is wrong with an object, be it dead or alive.
local function odd(self, object, keeps)
  local ok, addr = pcall(object.address, object)
  if not ok then return keeps and "an object lost its memory: " .. addr end
  local known, size = pcall(self.on.size, addr)
  if not known or object:size() > size then
    return "an object is larger than its block"
  end
end

--- What is wrong now, or nil. `keeps` tells that no owner may have lost its
-- memory; `results` are those of the call.
function world:wrong(results, keeps)
  if foreign(results, 4) then return "the result has bytes of another block" end
  if self.closed then return end
  local ok, damage = pcall(self.on.check)
  if not ok then return "check: " .. tostring(damage) end
  local wrong = intact(self, self.guards, "a guard block changed") or
    intact(self, self.victims, "another block's bytes changed")
  if wrong then return wrong end
  for _, object in ipairs(self:owners()) do
    wrong = odd(self, object, keeps)
    if wrong then return wrong end
  end
end

--- All that a call which fails must leave as it was: where objects lie and
-- how long they are, and every byte.
function world:snapshot()
  local parts, on = {}, self.on
  for _, addr in ipairs { self.guards[1][1], self.block, self.other } do
    local ok, size = pcall(on.size, addr)
    parts[#parts + 1] = ok and on.readstring(addr, size) or "gone"
  end
  for _, object in ipairs(self:owners()) do
    local ok, addr = pcall(object.address, object)
    parts[#parts + 1] = not ok and "released" or
      on.tointeger(addr) .. on.readstring(addr, object:size())
  end
  for _, object in ipairs { self.view, self.sub, self.some, self.piece } do
    local ok, addr = pcall(object.address, object)
    parts[#parts + 1] = ok and on.tointeger(addr) or "released"
  end
  return table.concat(parts)
end

-- Live blocks whose addresses are in the list, each once.
local function count_known(on, list)
  local known, count = {}, 0
  for _, addr in ipairs(list) do
    if pcall(on.size, addr) then known[on.tointeger(addr)] = true end
  end
  for kind, addr in on.segments() do -- the physical address of one is none
    local block = kind == "PROCESS" and known[on.tointeger(addr)]
    if block then count = count + 1 end
  end
  return count
end

--- Whether memory is held by nobody: once all objects are gone, each live
-- block is one that the script knows. Ends the world.
function world:lost(results)
  local on, heap, known = self.on, self.heap, {}
  for _, list in ipairs { self.raw, results } do
    for _, value in pairs(list) do
      if type(value) == "userdata" and not debug.getmetatable(value) then
        known[#known + 1] = value
      end
    end
  end
  for name in pairs(self) do self[name] = nil end
  for i in pairs(results) do results[i] = nil end
  collectgarbage()
  local wrong
  if pcall(on.stats) then
    for _, addr in pairs(on.roots()) do known[#known + 1] = addr end
    local live, count = on.stats().processes, count_known(on, known)
    if live ~= count then
      wrong = ("%d blocks live, %d are known"):format(live, count)
    end
  end
  if heap then heap:close() else pcall(mems.finish) end
  return wrong
end

return world

-- More random operations on the heap of a model: those on many bytes at once,
-- and those that only look. Used as spec.support.operations is.

local mems = require "mems"
local model = require "spec.support.model"
local operations = require "spec.support.operations"
local random = require "spec.support.random"

local expect, form = model.expect, model.form
local int = random.int

local bulk = setmetatable({}, { __index = operations })
bulk.__index = bulk

--- What operates on the heap of a model, in these ways as well.
function bulk.new(...)
  return setmetatable(operations.new(...), bulk)
end

local function replace(block, offset, bytes)
  local old = block.bytes
  block.bytes = old:sub(1, offset) .. bytes .. old:sub(offset + #bytes + 1)
end

local more = {}

-- Elements of one type that fit into the block, and where.
local function elements(block)
  local element, offset = random.element(#block.bytes)
  if not element or element.kind == "ptr" then return end
  local size = string.packsize(element.format)
  local count = int(math.min(200, (#block.bytes - offset) // size))
  return element, offset, count, size
end

function more.pokearray(self)
  local block = self.twin:pick()
  local element, offset, count = elements(block)
  if not element then return end
  self:note("pokearray", block.addr, element.name, count, offset)
  local values, packed = {}, {}
  for i = 1, count do
    values[i] = random.value(element)
    packed[i] = random.pack(element, values[i])
  end
  local addr, rest = self:place(block, offset)
  expect(self.heap.pokearray(addr, element.name, values, rest) == count,
    "not %d were written", count)
  replace(block, offset, table.concat(packed))
end

function more.peekarray(self)
  local block = self.twin:pick()
  local element, offset, count, size = elements(block)
  if not element then return end
  self:note("peekarray", block.addr, element.name, count, offset)
  local addr, rest = self:place(block, offset)
  local values = self.heap.peekarray(addr, element.name, count, rest)
  expect(#values == count, "%d values, not %d", #values, count)
  for i = 1, count do
    local wanted = random.unpack(element, block.bytes, offset + (i - 1) * size)
    expect(values[i] == wanted or values[i] ~= values[i] and wanted ~= wanted,
      "value %d is %s, not %s", i, values[i], wanted)
  end
end

function more.pack(self)
  local block = self.twin:pick()
  local text = random.bytes(int(0, 40)):gsub("\0", "x")
  local number, length = int(0), #block.bytes
  local bytes = string.pack("<z i8 s1 >I2", text, number, text, #text)
  if length < #bytes then return end
  local offset = int(0, length - #bytes)
  self:note("pack", block.addr + offset, #text)
  local start = block.addr + offset
  local behind = self.heap.pack(form(start), "<z i8 s1 >I2", text, number,
    text, #text)
  expect(mems.tointeger(behind) == start + #bytes, "pack ends elsewhere")
  replace(block, offset, bytes)
  local a, b, c, d, e = self.heap.unpack(form(start), "<z i8 s1 >I2")
  expect(a == text and b == number and c == text and d == #text and
    e == behind, "unpack gives something else")
end

function more.cstring(self)
  local block = self.twin:pick()
  local offset = int(0, #block.bytes - 1)
  local most = int(0, 300)
  self:note("cstring", block.addr + offset, most)
  most = math.min(most, #block.bytes - offset)
  local bytes = block.bytes:sub(offset + 1, offset + most)
  local wanted = bytes:match("^[^\0]*")
  expect(self.heap.cstring(form(block.addr + offset), most) == wanted,
    "the string differs")
end

function more.compare(self)
  local a, b = self.twin:pick(), self.twin:pick()
  local from, length = random.range(#a.bytes)
  length = math.min(length, #b.bytes)
  self:note("compare", a.addr, from, b.addr, length)
  local one, two = a.bytes:sub(from + 1, from + length), b.bytes:sub(1, length)
  local wanted = 0
  for i = 1, length do
    local x, y = one:byte(i), two:byte(i)
    if x ~= y then
      wanted = x < y and -1 or 1
      break
    end
  end
  expect(self.heap.compare(form(a.addr + from), form(b.addr), length) ==
    wanted, "compared to something else")
end

function more.find(self)
  local block = self.twin:pick()
  local from, length = random.range(#block.bytes)
  local start = int(0, #block.bytes - 1)
  local what = block.bytes:sub(start + 1, start + int(6))
  self:note("find", block.addr + from, length, #what)
  local at = block.bytes:sub(from + 1, from + length):find(what, 1, true)
  local found = self.heap.find(form(block.addr + from), length, what)
  found = found and mems.tointeger(found)
  expect(found == (at and block.addr + from + at - 1), "found at %s", found)
end

function more.stats(self)
  self:note("stats")
  local stats = self.heap.stats()
  expect(stats.processes == #self.twin.order, "%d processes", stats.processes)
  expect(stats.requested == self.twin.requested, "%d requested",
    stats.requested)
  expect(stats.used + stats.unused == stats.mapped, "the sum is wrong")
end

function more.around(self)
  local block = self.twin:pick()
  self:note("segments", block.addr)
  local seen = false
  for kind, addr, _, requested in self.heap.segments(form(block.addr)) do
    if mems.tointeger(addr) == block.addr then
      seen = kind == "PROCESS" and requested == #block.bytes
    end
  end
  expect(seen, "block %d is in no segment of its node", block.addr)
end

function more.check(self)
  self:note("check")
  expect(self.heap.check() == true, "check is not true")
end

local NAMES <const> = { "pokearray", "peekarray", "pack", "cstring", "compare",
  "find", "stats", "around" }

--- One operation: of these now and then, mostly one of the others.
function bulk:step(name)
  if name or #self.twin.order == 0 or int(5) > 1 then
    return operations.step(self, name)
  end
  self.count = self.count + 1
  self.history[self.count % 20] = {}
  more[int(100) == 1 and "check" or NAMES[int(#NAMES)]](self)
end

return bulk

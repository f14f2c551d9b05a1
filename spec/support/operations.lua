-- Random operations on a heap and on its model at once.
--
-- Each operation compares what it touched; every few thousand of them all is
-- compared. What goes wrong is raised with the operations that led to it.

local mems = require "mems"
local model = require "spec.support.model"
local random = require "spec.support.random"

local expect, expect_error, form =
  model.expect, model.expect_error, model.form

local REMEMBERED <const> = 20     -- operations told of when one goes wrong
local VERIFY_EVERY <const> = 4000 -- operations
local MOOD_LASTS <const> = 400    -- operations
local WAVE <const> = 12000 -- operations from one crowded heap to the next

local runner = {}
runner.__index = runner

--- What operates on the heap of a model.
-- @param twin a model
-- @param crowd the average number of live blocks; default 600
function runner.new(twin, crowd)
  return setmetatable({
    twin = twin, heap = twin.heap, crowd = crowd or 600,
    count = 0, history = {}, draw_size = random.mood(),
  }, runner)
end

-- What is done now, to be told if it goes wrong.
function runner:note(...)
  local notes, words = self.history[self.count % REMEMBERED], { ... }
  for i = 1, #words do words[i] = tostring(words[i]) end
  notes[#notes + 1] = table.concat(words, " ")
end

-- Mostly what the mood wants, and always some of any size.
function runner:size()
  if random.int(25) == 1 then return random.any_size() end
  return self.draw_size()
end

-- An address and an offset that stand for a block's byte at `offset`.
function runner:place(block, offset)
  local way = random.int(4)
  if way == 1 then return form(block.addr + offset) end
  if way == 2 then return self.heap.get(form(block.addr)), offset end
  local part = random.int(0, offset)
  return form(block.addr + part), offset - part
end

-- An address that stands for a block's byte at `offset`.
function runner:point(block, offset)
  local addr = form(block.addr + offset)
  return random.int(4) == 1 and self.heap.get(addr) or addr
end

-- Bytes of `block` from `offset` on are now `bytes`.
local function splice(block, offset, bytes)
  local old = block.bytes
  block.bytes = old:sub(1, offset) .. bytes .. old:sub(offset + #bytes + 1)
end

local operations = {}

function operations.malloc(self)
  local bytes, align = random.bytes(self:size()), nil
  if random.int(9) == 1 then align = 1 << random.int(0, 12) end
  self:note("malloc", #bytes, align)
  local block = self.twin:allocated(self.twin:glance(), bytes, align or 1,
    self.heap.malloc(#bytes, align))
  if block then self.heap.writestring(form(block.addr), bytes) end
end

function operations.calloc(self, size)
  size = size or self:size()
  local count = random.int(4) == 1 and random.int(math.min(size, 16)) or 1
  size = size // count
  self:note("calloc", count, size)
  local block = self.twin:allocated(self.twin:glance(),
    ("\0"):rep(count * size), 1, self.heap.calloc(count, size))
  if block then self.twin:expect_bytes(block) end
end

-- A block was moved: there were two of them for a moment.
local function moved(self, block, addr, bytes)
  local twin = self.twin
  twin.mallocs, twin.frees = twin.mallocs + 1, twin.frees + 1
  local new = twin:entered(addr, bytes, block.align)
  twin:removed(block)
  twin:expect_dead(block.addr)
  return new
end

-- A block was resized where it is.
local function resized(self, block, addr, bytes)
  local twin = self.twin
  twin:removed(block)
  local new = twin:entered(addr, bytes, block.align)
  if #bytes < #block.bytes then twin:expect_end(new) end
  return new
end

local function resize(self, block, size)
  local twin = self.twin
  size = math.min(size, random.LARGEST)
  self:note("realloc", block.addr, size)
  twin:expect_bytes(block)
  local before = twin:glance()
  local addr, message, code = self.heap.realloc(form(block.addr), size)
  if not addr then
    expect(size > #block.bytes, "refused to shrink: %s", message)
    twin:expect_refusal(before, size, block.align, message, code)
    twin:expect_hemmed(block, size)
    return twin:expect_bytes(block)
  end
  addr = mems.tointeger(addr)
  local kept = block.bytes:sub(1, size)
  local fresh = random.bytes(size - #kept)
  local verb = addr == block.addr and resized or moved
  self.heap.writestring(form(addr), fresh, #kept)
  twin:expect_bytes(verb(self, block, addr, kept .. fresh))
end

-- By a little, or to any size.
function operations.realloc(self)
  local block, size = self.twin:pick(), self:size()
  if random.int(2) == 1 then
    size = math.max(1, #block.bytes + random.int(-64, 256))
  end
  resize(self, block, size)
end

local function free(self, block)
  local twin = self.twin
  self:note("free", block.addr)
  twin:expect_bytes(block)
  self.heap.free(form(block.addr))
  twin:removed(block)
  twin.frees = twin.frees + 1
  twin:expect_dead(block.addr)
end

function operations.free(self)
  free(self, self.twin:pick())
end

-- A block, rather a large one, takes the room of the one behind it.
function operations.widen(self)
  local twin, block = self.twin, self.twin:pick()
  for _ = 1, 4 do
    local other = twin:pick()
    if #other.bytes > #block.bytes then block = other end
  end
  local behind = twin:neighbour(block)
  if not behind then return end
  free(self, behind)
  resize(self, block, #block.bytes + random.int(#behind.bytes))
end

-- What was just freed has to be zero if it comes back from calloc.
function operations.exchange(self)
  local size = #self.twin:pick().bytes
  for _ = 1, math.min(random.int(3), #self.twin.order) do
    operations.free(self)
  end
  operations.calloc(self, size)
end

function operations.poke(self)
  local block = self.twin:pick()
  local element, offset = random.element(#block.bytes)
  if not element then return end
  local value = random.value(element)
  self:note("poke", block.addr, element.name, value, offset)
  local addr, rest = self:place(block, offset)
  if random.int(2) == 1 then
    self.heap.poke(addr, element.name, value, rest)
  else
    self.heap["poke_" .. element.name](addr, value, rest)
  end
  splice(block, offset, random.pack(element, value))
end

function operations.peek(self)
  local block = self.twin:pick()
  local element, offset = random.element(#block.bytes)
  if not element then return end
  self:note("peek", block.addr, element.name, offset)
  local addr, rest = self:place(block, offset)
  local value
  if random.int(2) == 1 then
    value = self.heap.peek(addr, element.name, rest)
  else
    value = self.heap["peek_" .. element.name](addr, rest)
  end
  local expected = random.unpack(element, block.bytes, offset)
  -- a value that is not equal to itself is a NaN
  expect(value == expected or value ~= value and expected ~= expected,
    "read %s, not %s", value, expected)
end

function operations.get(self)
  local block = self.twin:pick()
  local offset = random.int(0, #block.bytes - 1)
  self:note("get", block.addr, offset)
  local physical = self.heap.get(form(block.addr + offset))
  expect(type(physical) == "userdata", "get gave %s", physical)
  local start = self.heap.get(form(block.addr))
  expect(mems.diff(physical, start) == offset,
    "byte %d lies %d behind the first", offset, mems.diff(physical, start))
end

function operations.size(self)
  local block = self.twin:pick()
  self:note("size", block.addr)
  local size = self.heap.size(form(block.addr))
  expect(size == #block.bytes, "size is %s, not %d", size, #block.bytes)
end

function operations.fill(self)
  local block = self.twin:pick()
  local offset, length = random.range(#block.bytes)
  -- not what the option `fill` fills with: a `ptr` of it is refused
  local byte = random.int(0, 0x54)
  self:note("fill", block.addr, offset, byte, length)
  self.heap.fill(self:point(block, offset), byte, length)
  splice(block, offset, string.char(byte):rep(length))
end

-- Within one block the two ranges may overlap.
function operations.copy(self)
  local from, to = self.twin:pick(), self.twin:pick()
  if random.int(3) == 1 then to = from end
  local source, length = random.range(#from.bytes)
  length = math.min(length, #to.bytes)
  local target = random.int(0, #to.bytes - length)
  self:note("copy", to.addr, target, from.addr, source, length)
  self.heap.copy(self:point(to, target), self:point(from, source), length)
  splice(to, target, from.bytes:sub(source + 1, source + length))
end

function operations.writestring(self)
  local block = self.twin:pick()
  local offset, length = random.range(#block.bytes)
  local bytes = random.bytes(length)
  self:note("writestring", block.addr, offset, length)
  local addr, rest = self:place(block, offset)
  self.heap.writestring(addr, bytes, rest)
  splice(block, offset, bytes)
end

function operations.readstring(self)
  local block = self.twin:pick()
  local offset, length = random.range(#block.bytes)
  self:note("readstring", block.addr, offset, length)
  local addr, rest = self:place(block, offset)
  local bytes = self.heap.readstring(addr, length, rest)
  expect(bytes == block.bytes:sub(offset + 1, offset + length),
    "the string differs")
end

-- What is no block is not freed, and nothing reaches past a block.
function operations.misuse(self)
  local heap, block = self.heap, self.twin:pick()
  local size = #block.bytes
  local addr = block.addr + random.int(-16, size + 64)
  local offset = random.int(0, size - 1)
  local beyond = size - offset + random.int(32)
  self:note("misuse", block.addr, addr, offset, beyond)
  if not self.twin.blocks[addr] then
    expect_error("free", heap.free, form(addr))
    expect_error("realloc", heap.realloc, form(addr), 10)
    expect_error("size", heap.size, form(addr))
  end
  addr = form(block.addr)
  expect_error("readstring", heap.readstring, addr, beyond, offset)
  expect_error("writestring", heap.writestring, addr, ("x"):rep(beyond),
    offset)
  expect_error("poke", heap.poke, addr, "u8", 0, size)
  expect_error("fill", heap.fill, form(block.addr + offset), 0, beyond)
  expect_error("copy", heap.copy, form(block.addr + offset), addr, beyond)
end

function operations.trim(self)
  self:note("trim")
  local bytes = self.heap.trim()
  expect(math.type(bytes) == "integer" and bytes >= 0, "trim gave %s", bytes)
end

-- Each operation with its share; `population` means more blocks or fewer.
local SHARES <const> = { population = 40, realloc = 8, poke = 12, peek = 12,
  get = 4, size = 3, fill = 4, copy = 4, readstring = 5, writestring = 5,
  misuse = 1, exchange = 2, widen = 2, trim = 0.1 }

local function cumulated(shares)
  local names, list, total = {}, {}, 0
  for name in pairs(shares) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    total = total + shares[name]
    list[#list + 1] = { name = name, below = total }
  end
  return list, total
end

local CHOICES <const>, TOTAL <const> = cumulated(SHARES)

-- The number of live blocks follows a wave, from hardly any to twice the
-- average: a full heap and an almost empty one are both passed through.
function runner:population()
  local live = #self.twin.order
  local phase = self.count / WAVE * 2 * math.pi
  local wanted = self.crowd * (1 - math.cos(phase))
  if live > 0 and random.int() * (live + wanted) > wanted then
    return "free"
  end
  return random.int(5) == 1 and "calloc" or "malloc"
end

-- The name of the next operation.
function runner:choose()
  local point, i = random.int() * TOTAL, 1
  while point >= CHOICES[i].below do i = i + 1 end
  local name = CHOICES[i].name
  if name == "population" or #self.twin.order == 0 then
    return self:population()
  end
  return name
end

function runner:step(name)
  self.count = self.count + 1
  self.history[self.count % REMEMBERED] = {}
  if self.count % MOOD_LASTS == 0 then self.draw_size = random.mood() end
  operations[name or self:choose()](self)
  if self.count % VERIFY_EVERY == 0 then self.twin:verify() end
end

-- What went wrong, and what was done before.
function runner:report(problem)
  local lines = { string.format("operation %d: %s", self.count, problem) }
  for i = math.max(1, self.count - REMEMBERED + 1), self.count do
    lines[#lines + 1] = string.format("  %d %s", i,
      table.concat(self.history[i % REMEMBERED], ", "))
  end
  return table.concat(lines, "\n")
end

-- An error of Lua or of mems, which names a place, gets a traceback as far
-- as it concerns the operation.
local function explained(message)
  local text = tostring(message)
  if not text:find("^%S+:%d+:") then return text end
  return (debug.traceback(text, 2):gsub("\n%s+%[C%]: in function 'xpcall'.*",
                                        ""))
end

-- Calls verb() and raises what it raises, with a report.
function runner:guard(verb)
  local ok, problem = xpcall(verb, explained)
  if not ok then error(self:report(problem), 0) end
end

--- Does `count` operations; raises at the first that goes wrong.
function runner:run(count)
  self:guard(function()
    for _ = 1, count do self:step() end
    self.twin:verify()
  end)
end

--- Frees blocks until `left` are left.
function runner:drain(left)
  self:guard(function()
    while #self.twin.order > left do self:step("free") end
    self.twin:verify()
  end)
end

return runner

-- A scripted session of some hundred operations on several heaps, always the
-- same, to be run while requests to the OS fail. It keeps account of what
-- each block has to hold.

local model = require "spec.support.model"

local expect = model.expect

local session = {}
session.__index = session

local HEAPS <const> = {
  {}, { limit = 2 << 20 }, { page = 65536, align = 64 },
  { limit = 64 << 20, base = 1 << 40, fill = true },
}

-- Numbers that look random and are the same everywhere.
local function generator(state)
  return function(most)
    state = state * 6364136223846793005 + 1442695040888963407
    return (state >> 33) % most + 1
  end
end

-- Mostly small ones, some pages, now and then some MiB.
local function a_size(draw)
  local kind = draw(20)
  if kind == 1 then return (1 << 20) + draw(2 << 20) end
  if kind <= 3 then return 4096 * draw(40) end
  if kind <= 8 then return draw(6000) end
  return draw(300)
end

local SHARES <const> = { malloc = 38, free = 24, realloc = 16, calloc = 6,
  aligned = 5, trim = 5, close = 1, crowd = 3, clear = 2 }

local VERBS <const> = {}
for verb, share in pairs(SHARES) do
  for _ = 1, share do VERBS[#VERBS + 1] = verb end
end
table.sort(VERBS)

--- What is to be done: a list of `count` operations.
function session.script(count)
  local draw, script = generator(4711), {}
  for i = 1, count do
    script[i] = {
      verb = VERBS[draw(#VERBS)], heap = draw(#HEAPS), size = a_size(draw),
      pick = draw(1 << 20), align = 1 << draw(12), byte = i % 251 + 1,
    }
  end
  return script
end

--- A session that has not begun.
function session.new(mems)
  return setmetatable({ mems = mems, heaps = {}, blocks = {} }, session)
end

-- The heap that an operation works on: opened if it is not. The first is the
-- default heap.
function session:heap(i)
  local entry = self.heaps[i]
  if entry then return entry end
  local opened, message, code, heap
  if i == 1 then
    opened, message, code = self.mems.init(HEAPS[i])
    heap = self.mems
  else
    opened, message, code = self.mems.open(HEAPS[i])
    heap = opened and model.functions(opened)
  end
  if not opened then return nil, message, code end
  entry = { heap = heap, blocks = {}, requested = 0 }
  self.heaps[i] = entry
  return entry
end

-- The number that stands in a block's first bytes, as far as there is room.
local function stamp(block)
  return string.pack("i8", block.number):sub(1, block.size)
end

-- Writes what the block has to hold from `from` on.
local function write(entry, block, from)
  local heap = entry.heap
  if block.size > from then
    heap.fill(heap.add(block.addr, from), block.byte, block.size - from)
  end
  heap.writestring(block.addr, stamp(block))
end

-- The stamp, then the same byte up to the end.
local function verify_block(entry, block)
  local heap, mark = entry.heap, stamp(block)
  local size = heap.size(block.addr)
  expect(size == block.size, "size is %d, not %d", size, block.size)
  expect(heap.readstring(block.addr, #mark) == mark, "the stamp of block %d",
    block.number)
  local rest = block.size - #mark
  if rest == 0 then return end
  local first = heap.add(block.addr, #mark)
  expect(heap.peek(first, "u8") == block.byte, "the first byte of block %d",
    block.number)
  expect(heap.compare(first, heap.add(first, 1), rest - 1) == 0,
    "the bytes of block %d", block.number)
end

--- Compares all heaps with what they have to hold.
function session:verify()
  for _, entry in pairs(self.heaps) do
    expect(entry.heap.check() == true, "check() is not true")
    for _, block in ipairs(entry.blocks) do verify_block(entry, block) end
    local stats = entry.heap.stats()
    expect(stats.processes == #entry.blocks, "%d blocks, not %d",
      stats.processes, #entry.blocks)
    expect(stats.requested == entry.requested, "%d bytes, not %d",
      stats.requested, entry.requested)
  end
end

-- Notes a new block, or says why there is none.
local function entered(self, entry, op, size, addr, message, code)
  if not addr then return nil, message, code end
  self.count = (self.count or 0) + 1
  local block = { addr = addr, size = size, byte = op.byte,
    number = self.count }
  entry.blocks[#entry.blocks + 1] = block
  entry.requested = entry.requested + size
  write(entry, block, 0)
  return true
end

local verbs = {}

function verbs.malloc(self, entry, op)
  return entered(self, entry, op, op.size, entry.heap.malloc(op.size))
end

function verbs.aligned(self, entry, op)
  local addr, message, code = entry.heap.malloc(op.size, op.align)
  local physical = addr and self.mems.tointeger(entry.heap.get(addr))
  expect(not addr or physical % op.align == 0, "not aligned to %d", op.align)
  return entered(self, entry, op, op.size, addr, message, code)
end

function verbs.calloc(self, entry, op)
  local heap = entry.heap
  local addr, message, code = heap.calloc(1, op.size)
  if addr and op.size > 1 then
    expect(heap.peek(addr, "u8") == 0 and
      heap.compare(addr, heap.add(addr, 1), op.size - 1) == 0, "not zero")
  end
  return entered(self, entry, op, op.size, addr, message, code)
end

-- Many small ones in one go: or none, if one of them is refused.
function verbs.crowd(self, entry, op)
  for _ = 1, 150 do
    local ok, message, code = entered(self, entry, op, op.pick % 900 + 1,
      entry.heap.malloc(op.pick % 900 + 1))
    if not ok then return nil, message, code end
  end
  return true
end

local function free(entry, i)
  local block = table.remove(entry.blocks, i)
  verify_block(entry, block)
  entry.heap.free(block.addr)
  entry.requested = entry.requested - block.size
  return true
end

function verbs.free(_, entry, op)
  if #entry.blocks == 0 then return true end
  return free(entry, op.pick % #entry.blocks + 1)
end

-- Most blocks go at once, so that memory goes back.
function verbs.clear(_, entry, op)
  while #entry.blocks > op.pick % 8 do free(entry, 1) end
  return true
end

function verbs.realloc(_, entry, op)
  local block = entry.blocks[op.pick % (#entry.blocks + 1)]
  if not block then return true end
  local addr, message, code = entry.heap.realloc(block.addr, op.size)
  if not addr then return nil, message, code end
  entry.requested = entry.requested + op.size - block.size
  local kept = math.min(block.size, op.size)
  block.addr, block.size = addr, op.size
  write(entry, block, kept)
  return true
end

function verbs.trim(_, entry)
  local bytes = entry.heap.trim()
  expect(math.type(bytes) == "integer" and bytes >= 0, "trim gave %s", bytes)
  return true
end

-- A heap goes with all its blocks; whoever needs it next opens it again.
function verbs.close(self, entry, op)
  local blocks, bytes
  if op.heap == 1 then
    blocks, bytes = self.mems.finish()
  else
    blocks, bytes = entry.heap.close()
  end
  expect(blocks == #entry.blocks and bytes == entry.requested,
    "closed with %d blocks of %d bytes", blocks, bytes)
  self.heaps[op.heap] = nil
  return true
end

--- Does one operation of a script. True, or nil, message, code if the
-- environment refused; whatever else is wrong is raised.
function session:step(op)
  local entry, message, code = self:heap(op.heap)
  if not entry then return nil, message, code end
  return verbs[op.verb](self, entry, op)
end

--- Closes all heaps.
function session:finish()
  for i, entry in pairs(self.heaps) do
    verbs.close(self, entry, { heap = i })
  end
end

return session

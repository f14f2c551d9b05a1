-- A plain model of a heap: two Lua tables, `blocks`, from the address of each
-- live block to the bytes it has to hold, and `order`, the addresses sorted.
--
-- Whoever changes the heap tells the model (entered, removed). The model says
-- what has to be true of the heap then: for one block (expect_...), or for
-- all of it (verify): the bytes of each block, the chain segment by segment,
-- the counters, and what check() has to say.

local mems = require "mems"

local GRANULE <const>, PAGE <const> = 8, 4096

local model = {}
model.__index = model

--- Raises a message that is made as string.format does.
function model.expect(condition, ...)
  if not condition then error(string.format(...), 0) end
end

local expect = model.expect

--- The methods of a heap that mems.open gave as plain functions.
function model.functions(heap)
  return setmetatable({}, { __index = function(functions, name)
    local method = heap[name]
    local function plain(...) return method(heap, ...) end
    functions[name] = plain
    return plain
  end })
end

--- A model of an empty heap.
-- @param heap its functions: `mems` itself, or what model.functions gives
-- @param options those that the heap was opened with
function model.new(heap, options)
  return setmetatable({
    heap = heap,
    align = options.align or GRANULE,
    base = options.base or heap.stats().base,
    limit = options.limit,
    behind = options.fill and 1 or 0, -- bytes that are watched behind a block
    blocks = {}, -- address -> { addr =, bytes = }
    order = {},  -- addresses, ascending
    requested = 0, peak = 0, mallocs = 0, frees = 0,
    refusals = 0,
  }, model)
end

local function round_up(n, unit)
  return (n + unit - 1) // unit * unit
end

-- Least bytes of the segment for a block: whole granules, at least two.
local function least(size)
  return math.max(2 * GRANULE, round_up(size, GRANULE))
end

-- The longest slot, and the least room for a block whose alignment was asked
-- for, which says so.
local SLOT <const>, MARKED <const> = 65536, 192

--- An address in one of the two forms that a caller may use.
function model.form(addr)
  return math.random(2) == 1 and addr or mems.toaddress(addr)
end

local form = model.form

-- The first index in `order` of an address that is not below `addr`.
function model:index(addr)
  local order = self.order
  local low, high = 1, #order + 1
  while low < high do
    local middle = (low + high) // 2
    if order[middle] < addr then low = middle + 1 else high = middle end
  end
  return low
end

--- A random live block.
function model:pick()
  return self.blocks[self.order[math.random(#self.order)]]
end

--- The block that starts where `block` ends, or nil.
function model:neighbour(block)
  return self.blocks[block.addr + (block.extent or least(#block.bytes))]
end

-- A block takes what it needs, or the whole of a slot that is longer, where
-- blocks of about that size are many; never twice what is needed unless that
-- is all there is.
function model:expect_extent(block, extent)
  local size, align = #block.bytes, block.align
  local needed = least(size + self.behind)
  expect(extent >= needed and extent % GRANULE == 0, "%d bytes take %d",
    size, extent)
  local most = 2 * math.max(needed, align > self.align and MARKED or 0)
  expect(self.limit or extent <= most + align, "%d bytes take %d", size,
    extent)
  expect(extent == (block.extent or extent), "block %d takes %d, and took %d",
    block.addr, extent, block.extent)
  block.extent = extent
end

--- There is a new block. Room and alignment are checked.
-- @return the block; how much it takes is known once all is verified
function model:entered(addr, bytes, align)
  self:expect_room(addr, least(#bytes))
  self:expect_aligned(addr, align)
  local block = { addr = addr, bytes = bytes, align = align }
  table.insert(self.order, self:index(addr), addr)
  self.blocks[addr] = block
  self.requested = self.requested + #bytes
  self.peak = math.max(self.peak, self.requested)
  return block
end

--- A block is gone.
function model:removed(block)
  table.remove(self.order, self:index(block.addr))
  self.blocks[block.addr] = nil
  self.requested = self.requested - #block.bytes
end

--- What malloc and its kin gave: a new block of random bytes, or nil if the
-- limit had to refuse it.
-- @param before what glance gave before the call
function model:allocated(before, bytes, align, addr, message, code)
  align = math.max(align, self.align)
  if not addr then
    self:expect_refusal(before, #bytes, align, message, code)
    return
  end
  expect(type(addr) == "userdata", "the address is a %s", type(addr))
  addr = mems.tointeger(addr)
  if self.mallocs == 0 then
    expect(addr == self.base, "the first block is %d", addr)
    self.shift = mems.tointeger(self.heap.get(addr)) - addr
  end
  self.mallocs = self.mallocs + 1
  return self:entered(addr, bytes, align)
end

--- The range belongs to no other block.
function model:expect_room(addr, extent)
  local i = self:index(addr)
  local before, behind = self.blocks[self.order[i - 1]], self.order[i]
  expect(not before or before.addr + (before.extent or
                                      least(#before.bytes)) <= addr,
    "block %d overlaps the one before it", addr)
  expect(not behind or addr + extent <= behind,
    "block %d of %d overlaps block %d", addr, extent, behind or 0)
end

function model:expect_aligned(addr, align)
  local physical = mems.tointeger(self.heap.get(addr))
  expect(physical % align == 0, "block %d is not aligned to %d", addr, align)
end

--- The block has its exact size and holds its bytes.
function model:expect_bytes(block)
  local size = self.heap.size(form(block.addr))
  expect(size == #block.bytes, "size of block %d is %s, not %d", block.addr,
    size, #block.bytes)
  local bytes = self.heap.readstring(form(block.addr), size)
  if bytes == block.bytes then return end
  for i = 1, size do
    expect(bytes:byte(i) == block.bytes:byte(i),
      "byte %d of block %d of %d is %d, not %d", i - 1, block.addr, size,
      bytes:byte(i), block.bytes:byte(i))
  end
end

--- The call raises a message.
function model.expect_error(what, ...)
  local ok, message = pcall(...)
  expect(not ok, "%s was not refused", what)
  expect(type(message) == "string", "%s raised no message", what)
end

-- What costs a walk over the heap is checked now and then only.
local function rarely()
  return math.random(64) == 1
end

--- No block starts at `addr`, where one started a moment ago.
function model:expect_dead(addr)
  if not rarely() then return end
  self.expect_error("a read after free", self.heap.readstring, form(addr), 1)
  self.expect_error("a second free", self.heap.free, form(addr))
end

--- Nothing reaches past the end of the block.
function model:expect_end(block)
  if not rarely() then return end
  self.expect_error("a read past the end", self.heap.readstring,
    form(block.addr), 1, #block.bytes)
end

--- What expect_refusal wants to know of the time before a call.
function model:glance()
  return self.limit and rarely() and self.heap.stats() or nil
end

-- A HOLE that `size` bytes would fit in, or nil. Not all serve: one that is
-- left behind the last slot of a run, which is shorter than the segment before
-- it and ends with a page, does not; nor does a slot that is aligned by chance.
function model:find_hole(size, align)
  local room_before = 0
  for kind, addr, room in self.heap.segments() do
    local physical = mems.tointeger(addr) + self.shift
    local skipped = round_up(physical, align) - physical
    local chance = align > self.align and room <= SLOT
    local left = room < room_before and (physical + room) % PAGE == 0
    if kind == "HOLE" and room >= skipped + least(size) and not chance
      and not left then
      return mems.tointeger(addr)
    end
    room_before = room
  end
end

--- An allocation was refused: that has to be for the limit, with no hole
-- large enough, and without a trace.
function model:expect_refusal(before, size, align, message, code)
  self.refusals = self.refusals + 1
  expect(type(message) == "string" and code == mems.ELIMIT,
    "refused with %s, %s", message, code)
  expect(self.limit, "refused without a limit: %s", message)
  if self.refusals % 4 ~= 1 then return end
  local stats = self.heap.stats()
  for name, value in pairs(before or {}) do
    -- free slots may have become longer HOLEs
    expect(stats[name] == value or name == "holes",
      "refused, but %s went from %s to %s", name, value, stats[name])
  end
  expect(stats.mapped + round_up(size, PAGE) > stats.limit,
    "refused %d with %d of %d mapped", size, stats.mapped, stats.limit)
  self:verify()
  local hole = self.shift and self:find_hole(size, align)
  expect(not hole, "refused %d with a hole at %s", size, hole)
end

--- The block can't grow to `size` bytes where it is: neither within its own
-- room nor, if neither is a slot, into a HOLE behind it.
function model:expect_hemmed(block, size)
  local room, behind = 0, nil
  for kind, addr, bytes in self.heap.segments(block.addr) do
    if addr == behind and kind == "HOLE" and math.min(room, bytes) > SLOT then
      room = room + bytes
    end
    behind = addr == mems.toaddress(block.addr) and mems.add(addr, bytes)
    if behind then room = bytes end
  end
  expect(room < size, "block %d of %d, refused %d, has room for %d",
    block.addr, #block.bytes, size, room)
end

function model:verify_process(addr, size, requested)
  local block = self.blocks[addr]
  expect(block, "PROCESS %d is no block", addr)
  expect(requested == #block.bytes, "PROCESS %d of %d, not %d", addr,
    requested, #block.bytes)
  self:expect_extent(block, size)
end

-- The sub-chain from `at` to `node_end`: no gaps, no two holes side by side of
-- which none can be a slot. `all` iterates over all segments and has to come
-- to the same ones.
function model:verify_node(at, node_end, found, all)
  local room = 0 -- of the hole before
  for kind, segment, size, requested in self.heap.segments(at) do
    local same, there = all()
    expect(same == kind and there == segment, "the walks differ at %d", at)
    local addr = mems.tointeger(segment)
    expect(addr == at, "gap from %d to %d", at, addr)
    expect(size > 0 and size % GRANULE == 0, "segment %d has %d bytes", addr,
      size)
    at = addr + size
    if kind == "PROCESS" then
      self:verify_process(addr, size, requested)
      found.processes, found.used = found.processes + 1, found.used + size
    else
      expect(kind == "HOLE" and requested == 0, "kind %s of %s", kind,
        requested)
      expect(math.min(room, size) <= SLOT, "two holes meet at %d", addr)
      found.holes = found.holes + 1
    end
    room = kind == "HOLE" and size or 0
  end
  expect(at == node_end, "the node ends at %d, not %d", at, node_end)
end

-- The chain: nodes in address order, and the PROCESSes of their sub-chains
-- are just the model's blocks. Returns what was counted, as stats() names it.
function model:verify_chain()
  local found = { processes = 0, holes = 0, nodes = 0, used = 0, mapped = 0 }
  local all, behind = self.heap.segments(), 0
  for node, node_size, processes, holes in self.heap.nodes() do
    local start = mems.tointeger(node)
    expect(start >= behind, "node %d comes late", start)
    behind = start + node_size
    local p, h = found.processes, found.holes
    self:verify_node(start, behind, found, all)
    expect(processes == found.processes - p and holes == found.holes - h,
      "node %d has not %d and %d segments", start, processes, holes)
    found.nodes, found.mapped = found.nodes + 1, found.mapped + node_size
  end
  expect(all() == nil, "more segments than the nodes have")
  expect(found.processes == #self.order, "%d segments, %d blocks",
    found.processes, #self.order)
  return found
end

function model:verify_stats(found)
  local stats = self.heap.stats()
  found.unused = found.mapped - found.used
  found.pages = found.mapped // PAGE
  for _, name in ipairs { "requested", "mallocs", "frees" } do
    found[name] = self[name]
  end
  -- slots that stood ready may be counted in
  self.peak = math.max(self.peak, found.used)
  expect(stats.peak >= self.peak and stats.peak <= stats.limit,
    "stats: peak is %d, not %d", stats.peak, self.peak)
  for name, value in pairs(found) do
    expect(stats[name] == value, "stats: %s is %s, not %d", name,
      stats[name], value)
  end
  expect(stats.mapped <= stats.limit, "%d of %d mapped", stats.mapped,
    stats.limit)
  expect(not self.limit or stats.limit <= self.limit, "the limit is %d",
    stats.limit)
end

--- Compares all of the heap with all of the model.
function model:verify()
  expect(self.heap.check() == true, "check() is not true")
  for _, addr in ipairs(self.order) do
    self:expect_bytes(self.blocks[addr])
  end
  self:verify_stats(self:verify_chain())
end

return model

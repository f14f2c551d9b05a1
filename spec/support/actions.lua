-- What a finalizer may do while a call is at work: whatever a script may.
-- Each is a function of the world that the call is made in. What it does to
-- memory is followed by blocks in the places that became free.

local mems = require "mems"

local actions = {}

--- Those that leave every owner its memory.
actions.keeps = { grow = true, append = true, move = true, own = true,
  open = true, mutate = true, raise = true, write = true, trim = true,
  realloc = true, root = true, scope_free = true, nothing = true }

local run = {}
actions.run = run

-- f(...), which may be refused.
local function try(f, ...)
  local ok, result = pcall(f, ...)
  return ok and result or nil
end

local function each(objects, name, ...)
  for _, object in ipairs(objects) do
    try(function(...) return object[name](object, ...) end, ...)
  end
end

function run.finish(w) w:close() end

-- Whatever an old address names now is nobody's, and victims lie beyond.
function run.reopen(w)
  w:close()
  w:open()
  w:block_of(w.bytes * 8)
  w:victims_of(w.bytes, 5000, 300)
end

function run.shrink(w)
  local n = w.bytes
  each(w:owners(), "resize", 1)
  w:victims_of(n - 40, n * 2, n - 100, n, n // 2)
end

function run.grow(w)
  local n = w.bytes
  each({ w.array, w.buffer }, "resize", n * 2)
  each({ w.smalls }, "resize", n // 50)
  each({ w.larges }, "resize", 12)
  w:victims_of(n, n * 2, n)
end

function run.append(w)
  for i = 1, 50 do
    try(w.array.append, w.array, i)
    try(w.smalls.append, w.smalls, { x = i })
  end
  try(w.larges.append, w.larges, {})
end

function run.release(w)
  each(w:owners(), "release")
  local n = w.bytes
  w:victims_of(n, n * 2 + 128, n // 200 * 304, n, 304, 4)
end

function run.part(w) -- views and parts end, the memory stays
  each({ w.view, w.sub, w.last, w.numbers, w.some, w.piece }, "release")
end

-- What then lies at the old address is nobody's: a call may rightly find it
-- there.
function run.free(w)
  local n = w.bytes
  try(w.on.free, w.block)
  try(w.on.free, w.other)
  for _ = 1, 40 do -- no victim where a stale address leads
    w:block_of(n // 3)
    if pcall(w.on.size, w.block) and pcall(w.on.size, w.other) then break end
    w:block_of(100)
  end
  w:victims_of(n // 3, n // 3 - 64)
  w:victims_of(200, 40)
end

-- The same to the memory of objects.
function run.free_owned(w)
  for _, object in ipairs(w:owners()) do
    local addr = try(object.address, object)
    if addr then try(w.on.free, addr) end
  end
  w:victims_of(w.bytes, w.bytes * 2 + 128, w.bytes, 304)
end

function run.realloc(w)
  w.raw[#w.raw + 1] = try(w.on.realloc, w.block, w.bytes * 2)
  w.raw[#w.raw + 1] = try(w.on.realloc, w.other, 8)
  w:block_of(w.bytes // 2)
  w:victims_of(w.bytes // 2 - 64, 300)
end

function run.realloc_owned(w)
  for _, object in ipairs { w.array, w.smalls, w.buffer, w.one } do
    local addr = try(object.address, object)
    if addr then w.raw[#w.raw + 1] = try(w.on.realloc, addr, 8) end
  end
  local larges = try(w.larges.address, w.larges)
  if larges then
    w.raw[#w.raw + 1] = try(w.on.realloc, larges, w.bytes * 4)
  end
  w:victims_of(w.bytes, w.bytes * 2, w.bytes - 64, 256)
end

function run.disown(w)
  for _, object in ipairs(w:owners()) do
    local addr = try(object.disown, object)
    if addr then try(w.on.free, addr) end
  end
  w:victims_of(w.bytes, w.bytes * 2 + 128, w.bytes, 304)
end

function run.own(w)
  w.owned = try(w.on.own, w.other)
  w.taken = try(w.on.own, w.block)
end

-- A block becomes an object's, and goes with it.
function run.own_release(w)
  for _, addr in ipairs { w.block, w.other } do
    local object = try(w.on.own, addr)
    if object then object:release() end
  end
  w:block_of(w.bytes // 3)
  w:victims_of(w.bytes // 3, w.bytes // 3 - 64)
end

function run.move(w)
  try(w.view.move, w.view, w.other)
  try(w.sub.move, w.sub, 1)
  try(w.last.move, w.last, 2)
end

function run.open(w)
  local heap = try(mems.open, { limit = 1 << 20 })
  if heap then
    try(heap.malloc, heap, 100)
    w.kept = try(heap.buffer, heap, 100)
    try(mems.open)
    heap:close()
  end
  if w.heap then try(mems.init) try(mems.finish) end
end

-- The tables of the call become others.
function run.mutate(w)
  for _, t in ipairs { w.values, w.records, w.record, w.row, w.row.n,
                       w.definition, w.definition[1], w.definition[2] } do
    for i = #t, 2, -1 do t[i] = nil end
  end
  for i = 2, 40 do
    w.values[i], w.records[i] = i, { x = i, s = "EVIL" }
    w.definition[1][i], w.definition[2][i] = i, "u8"
    w.definition[i] = { "f" .. i, "f64", i }
  end
  w.record.s, w.record.y, w.row.s = ("s"):rep(500), 1, {}
  for name in pairs(w.options) do w.options[name] = "EVIL" end
end

function run.scope(w)
  try(w.scope.close, w.scope)
  w:victims_of(200, 4)
end

function run.scope_free(w)
  local s = w.scope
  try(s.free, s, w.scoped)
  w.raw[#w.raw + 1] = try(function() return s:keep(s:malloc(64)) end)
  try(s.realloc, s, s:calloc(1, 30), 3000)
  w:victims_of(200, 100)
end

function run.write(w)
  try(w.on.fill, w.block, 0x44, w.bytes)
  each({ w.array, w.buffer }, "fill", 0x44)
end

-- The heap is full, as far as its limit lets it be.
function run.exhaust(w)
  if not w.flavor.options or not w.flavor.options.limit then return end
  for size = 20, 4, -1 do
    while w:block_of(1 << size) do end -- luacheck: ignore
  end
end

function run.trim(w)
  for _ = 1, 2 do
    local addr = try(w.on.malloc, w.bytes * 2)
    if addr then w.on.free(addr) end
    try(w.on.trim)
  end
end

-- The same call, inside of itself.
function run.again(w)
  if w.nested then return end
  w.nested = true
  local results = table.pack(pcall(w.again))
  for i = 2, results.n do
    if type(results[i]) == "userdata" then w.raw[#w.raw + 1] = results[i] end
  end
end

-- Blocks of objects are nobody's any more.
function run.root(w)
  for i, object in ipairs(w:owners()) do
    if try(w.on.setroot, "evil" .. i, object) then
      w.raw[#w.raw + 1] = object:address()
    end
  end
end

function run.raise() error("EVIL", 0) end

--- Their names, sorted.
actions.names = {}
for name in pairs(run) do actions.names[#actions.names + 1] = name end
table.sort(actions.names)

function run.nothing() end -- a call is left alone

return actions

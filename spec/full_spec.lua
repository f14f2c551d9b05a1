-- A disk without room, at every step: a small file system in memory.

local place = require "spec.support.place"
local shell = require "spec.support.shell"

-- Runs in a process of its own, so that a signal is seen: arg[1] is the folder,
-- arg[2] what is tried.
local CODE <const> = [[
local mems = require "mems"
local folder = arg[1]
local path, ballast = folder .. "/x.mems", folder .. "/ballast"

local function free_space()
  local pipe = io.popen("df --output=avail -k " .. folder)
  local text = pipe:read "a"
  pipe:close()
  return tonumber(text:match "(%d+)%s*$")
end

-- Leaves so many KiB.
local function leave(kib)
  os.remove(ballast)
  local more = free_space() - kib
  if more <= 0 then return end
  local file = io.open(ballast, "wb")
  local piece = ("x"):rep(4096)
  file:setvbuf "no"
  for _ = 1, more // 4 do
    if not file:write(piece) then break end
  end
  file:close()
end

-- Is it the failure that it should be?
local function full(value, why, code)
  if value then return end
  assert(code == mems.ENOSPC, why)
  assert(why:find "no room" or why:find "No space", why)
  return true
end

local function holds(heap, blocks)
  assert(heap:check())
  local count = 0
  for addr, block in pairs(blocks) do
    count = count + 1
    assert(heap:size(addr) == block[1])
    assert(heap:readstring(addr, block[1]) ==
      string.char(block[2]):rep(block[1]))
  end
  return count
end

local sizes = { 24, 700, 100, 5000, 33, 70000, 1500, 16, 300000 }

-- Allocates until there is no room.
local function grow(heap, blocks)
  local n, i = 0, 0
  while true do
    i = i + 1
    local size = sizes[i % #sizes + 1]
    local addr, why, code = heap:malloc(size)
    if full(addr, why, code) then return n end
    heap:fill(addr, i % 251, size)
    blocks[addr] = { size, i % 251 }
    n = n + 1
  end
end

local function calls(heap, blocks)
  local refused = 0
  for addr, block in pairs(blocks) do
    local moved, why, code = heap:realloc(addr, 900000)
    if full(moved, why, code) then
      refused = refused + 1
    else
      heap:realloc(moved, block[1])
      blocks[addr] = nil
      break
    end
    if refused > 5 then break end
  end
  for _, call in ipairs {
    function() return heap:calloc(1, 900000) end,
    function() return heap:malloc(900000, 4096) end,
    function() return heap:buffer(900000) end,
    function() return heap:malloc_to("big", 900000) end,
    function() return heap:realloc_to("big", 900000) end,
    function() return heap:save(folder .. "/copy.mems") end,
  } do
    if full(call()) then refused = refused + 1 end
  end
  return refused
end

local steps = {}

function steps.growth()
  for kib = 0, 400, 4 do
    leave(kib)
    local heap, why, code = mems.open { path = path, limit = 64 << 20 }
    if not full(heap, why, code) then
      local blocks = {}
      assert(grow(heap, blocks) >= 0)
      holds(heap, blocks)
      assert(kib > 300 or calls(heap, blocks) > 5)
      holds(heap, blocks)
      heap:close()
      heap = assert(mems.open { path = path, check = kib % 8 == 0 })
      holds(heap, blocks)
      heap:close()
    end
    assert(not io.open(folder .. "/copy.mems") or os.remove(folder ..
      "/copy.mems"))
    os.remove(path)
  end
end

-- Holes that a trim punches are no promise of room: others may take it.
function steps.trim()
  os.remove(ballast)
  local heap = assert(mems.open { path = path, limit = 64 << 20 })
  local blocks = {}
  for i = 1, 4000 do
    local size = sizes[i % #sizes + 1]
    if size < 80000 then
      local addr = assert(heap:malloc(size))
      heap:fill(addr, i % 251, size)
      blocks[addr] = { size, i % 251 }
    end
    if free_space() < 3000 then break end
  end
  local kept = {}
  for addr, block in pairs(blocks) do
    if math.random(8) == 1 then kept[addr] = block else heap:free(addr) end
  end
  assert(heap:trim() > 100000)
  for kib = 0, 200, 20 do
    leave(kib)
    local more = {}
    grow(heap, more)
    holds(heap, kept)
    holds(heap, more)
    for addr in pairs(more) do heap:free(addr) end
    heap:trim()
  end
  heap:close()
  heap = assert(mems.open { path = path })
  holds(heap, kept)
  heap:close()
end

-- A saved heap has nothing on the disk but its blocks; runs with few of them.
function steps.saved()
  os.remove(ballast)
  local heap = mems.open { limit = 64 << 20 }
  local blocks, kept = {}, {}
  for i = 1, 20000 do blocks[i] = heap:malloc(48) end
  for i, addr in ipairs(blocks) do
    if i % 700 == 0 then
      heap:fill(addr, i % 251, 48)
      kept[addr] = { 48, i % 251 }
    else
      heap:free(addr)
    end
  end
  assert(heap:save(path))
  heap:close()
  for kib = 0, 400, 20 do
    leave(kib)
    local why, code
    heap, why, code = mems.open { path = path }
    if not full(heap, why, code) then
      local more = {}
      repeat
        local addr
        addr, why, code = heap:malloc(48)
        if addr then
          heap:fill(addr, 7, 48)
          more[addr] = { 48, 7 }
        end
      until full(addr, why, code)
      assert(holds(heap, kept) == 28 and holds(heap, more) > 0)
      for addr in pairs(more) do heap:free(addr) end
      heap:trim()
      heap:close()
    end
  end
end

steps[arg[2] ]()
print "done"
]]

describe("a heap on a disk that is full", function()
  local folder, mounted

  setup(function()
    folder = place.new()
    mounted = os.execute(("mkdir %s && mount -t tmpfs -o size=16m tmpfs %s " ..
      "2>/dev/null"):format(folder, folder))
  end)
  teardown(function()
    if mounted then os.execute("umount " .. folder) end
    os.execute("rmdir " .. folder)
  end)

  for step, what in pairs {
    saved = "opens what was saved, and refuses what has no room",
    growth = "refuses what has no room, and loses nothing",
    trim = "does so where pages were given back as well",
  } do
    it(what, function()
      if not mounted then return pending("needs to mount a file system") end
      local script = os.tmpname()
      shell.write(script, CODE)
      local printed, complained, status = shell.lua(script, folder, step)
      os.remove(script)
      os.execute("rm -f " .. folder .. "/*")
      assert.equal("", complained)
      assert.equal("done\n", printed)
      assert.equal(0, status)
    end)
  end
end)

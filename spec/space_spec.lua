-- How much memory a heap takes for what is live, how much of a limit can be
-- used, and what goes back.

local mems = require "mems"
local inside = require "spec.support.inside"
local shell = require "spec.support.shell"

local random = math.random

-- Blocks with their sizes; how many bytes are live, and were at most.
local pool = {}
pool.__index = pool

function pool.new(heap)
  return setmetatable({ heap = heap, live = 0, peak = 0 }, pool)
end

function pool:put(block, size)
  self[#self + 1] = { block, size }
  self.live = self.live + size
  self.peak = math.max(self.peak, self.live)
end

function pool:drop()
  local i = random(#self)
  self.heap:free(self[i][1])
  self.live = self.live - self[i][2]
  self[i] = self[#self]
  self[#self] = nil
end

function pool:resize(size)
  local one = self[random(#self)]
  one[1] = assert(self.heap:realloc(one[1], size))
  self.live = self.live + size - one[2]
  self.peak = math.max(self.peak, self.live)
  one[2] = size
end

describe("a heap maps twice what is live + 160 KiB at most #limits", function()
  local SIZES <const> = {
    ["of mixed sizes"] = function()
      return random(8) == 1 and random(9000) or random(300)
    end,
    ["of small sizes"] = function() return random(300) end,
    ["of sizes to 32 KiB"] = function()
      return (1 << random(3, 15)) + random(1000)
    end,
  }

  local function churn(live, next_size, times, how)
    local heap <close> = assert(mems.open())
    local blocks = pool.new(heap)
    for i = 1, shell.scaled(20000) do
      while blocks.live > live do blocks:drop() end
      local size = next_size(i)
      if how == "realloc" and #blocks > 0 and random(2) == 1 then
        blocks:resize(size)
      else
        local align = how == "aligned" and random(4) == 1 and 4096 or nil
        blocks:put(assert(heap:malloc(size, align)), size)
      end
      if i % 500 == 0 then
        local most = times * blocks.peak + (160 << 10)
        assert.is_true(heap:stats().mapped <= most,
          ("%d mapped for %d"):format(heap:stats().mapped, blocks.peak))
      end
    end
    assert.is_true(heap:check())
  end

  for what, next_size in pairs(SIZES) do
    it("for blocks " .. what, function()
      math.randomseed(5)
      for _, live in ipairs { 4000, 18000, 60000, 300000, 3000000 } do
        if what:find("32 KiB") then live = math.max(live, 100000) end
        churn(live, next_size, 2)
      end
    end)
  end

  it("and half as much again while sizes creep", function()
    math.randomseed(5)
    for _, live in ipairs { 4000, 18000, 60000, 300000, 3000000 } do
      churn(live, function(i) return 32 + i // 20 % 1000 end, 3.5)
    end
  end)

  it("where blocks of one size come after those of another", function()
    local heap <close> = assert(mems.open())
    local most = 0
    for _ = 1, math.max(3, shell.scaled(30)) do
      for size = 16, 1000, 8 do
        local blocks = {}
        for i = 1, 150 do blocks[i] = heap:malloc(size) end
        for i = 1, 150 do heap:free(blocks[i]) end
      end
      most = math.max(most, heap:stats().mapped)
    end
    assert.is_true(most <= 2 * 150 * 1000 + (160 << 10), most)
    assert.is_true(heap:check())
  end)

  it("for blocks that change their size", function()
    math.randomseed(5)
    for _, live in ipairs { 4000, 12000, 60000, 300000, 3000000 } do
      churn(live, function() return random(100, 5000) end, 2, "realloc")
    end
  end)

  it("where one in four begins at a page", function()
    math.randomseed(5)
    for _, live in ipairs { 4000, 18000, 60000, 300000, 3000000 } do
      churn(live, function() return random(100, 5000) end, 2, "aligned")
    end
  end)

  it("where aligned blocks come and go", function()
    local heap <close> = assert(mems.open())
    for _ = 1, 16 do heap:malloc(1000) end
    for _, align in ipairs { 4096, 256, 16 } do
      for i = 1, shell.scaled(20000) do
        heap:free((heap:malloc(40 + 8 * (i % 16), align)))
      end
      assert.is_true(heap:stats().mapped <= 200000)
    end
  end)
end)

describe("a limit", function()
  -- What was live, as a part of the limit, when a request was refused first
  -- and at the worst.
  local function refusals(limit, seed, count)
    math.randomseed(seed)
    local heap <close> = assert(mems.open { limit = limit })
    local most = math.min(limit // 256, 65536)
    local blocks, worst = pool.new(heap), 1
    for _ = 1, count do
      local size = math.floor(8 * math.exp(random() * math.log(most / 8)))
      local block = heap:malloc(size)
      if block then
        blocks:put(block, size)
      else
        worst = math.min(worst, blocks.live / limit)
        blocks:drop()
      end
    end
    assert.is_true(heap:check())
    return worst
  end

  it("is not refused while less than 80 % is in use, at random #limits",
    function()
      for limit, count in pairs {
        [1 << 20] = 50000, [16 << 20] = 50000, [300 << 20] = 100000
      } do
        for seed = 1, limit > 1 << 24 and 1 or 3 do
          assert.is_true(refusals(limit, seed, shell.scaled(count)) >= 0.8)
        end
      end
    end)

  it("may be one block, grown by whatever steps", function()
    for _, limit in ipairs { 256 << 10, 1 << 20, 16 << 20, 64 << 20 } do
      for _, part in ipairs { 1000, 100, 10 } do
        local heap <close> = assert(mems.open { limit = limit })
        local step = limit // part
        local block, size = assert(heap:malloc(step)), step
        while true do
          local moved = heap:realloc(block, size + step)
          if not moved then break end
          block, size = moved, size + step
        end
        assert.is_true(size >= limit * (part == 10 and 0.85 or 0.95))
        assert.is_true(heap:check())
      end
    end
  end)

  it("serves as one after all was freed, in whichever order", function()
    local limit = 16 << 20
    for _, size in ipairs { 64, 1000, 1100, 4096, 65536, 1 << 20 } do
      for _, order in ipairs { "up", "down", "random" } do
        local heap <close> = assert(mems.open { limit = limit })
        local blocks = {}
        while true do
          local block = heap:malloc(size)
          if not block then break end
          blocks[#blocks + 1] = block
        end
        for i = #blocks, 2, -1 do
          local j = order == "random" and random(i) or i
          blocks[i], blocks[j] = blocks[j], blocks[i]
        end
        for i = 2, #blocks do
          heap:free(blocks[order == "down" and #blocks + 2 - i or i])
        end
        assert.is_truthy(heap:malloc(limit // (order == "random" and 3 or 1.2)
                                     // 1))
        assert.is_true(heap:check())
      end
    end
  end)
end)

describe("seen from inside,", function()
  if not inside.built then return pending("needs the probes: `make test`") end

  local test, probe, leave

  setup(function() test, probe, leave = inside.enter() end)
  teardown(function() leave() end)

  -- Half of what was there is free, in a heap with a limit.
  local function mixed_heap(limit)
    local align = 8 << math.max(0, random(-9, 9))
    local heap = assert(test.open { limit = limit, align = align })
    local blocks = pool.new(heap)
    for _ = 1, 4000 do
      local size = random(4) == 1 and random(20000) or random(500)
      local block = heap:malloc(size)
      if not block then break end
      blocks:put(block, size)
    end
    for _ = 1, #blocks // 2 do blocks:drop() end
    return heap, blocks
  end

  it("stats tell the largest block that there is room for", function()
    for _, limit in ipairs { 4096, 8192, 40960, 1 << 17, 1 << 20, 1 << 23 } do
      for _ = 1, 10 do
        local heap, blocks = mixed_heap(limit)
        for _ = 1, 20 do
          local largest = probe.largest(heap)
          if largest > 0 then
            blocks:put(assert(heap:malloc(largest)), largest)
          end
          for _ = 1, math.min(#blocks, random(4)) do blocks:drop() end
          assert.is_true(heap:check())
        end
        heap:close()
      end
    end
  end)

  it("stats count what a heap may grow to in the largest block", function()
    for _, limit in ipairs { 4096, 40960, 1 << 20, 1 << 30 } do
      local heap <close> = assert(test.open { limit = limit })
      assert.equal(limit, probe.largest(heap))
      heap:malloc(1000)
      assert.is_true(probe.largest(heap) >= limit - 4096)
      if limit > 1 << 20 then
        local block = heap:malloc(limit // 2)
        assert.is_true(probe.largest(heap) >= limit // 2 - (17 << 20))
        heap:free(block)
        assert.is_true(probe.largest(heap) >= limit - 4096)
      end
    end
  end)

  it("memory goes back by itself, whatever the sizes #limits", function()
    local bytes = 48 << 20
    for _, size in ipairs { 300, 1024, 4096, 20000, 100000, 3 << 20 } do
      for _, order in ipairs { "up", "down", "random" } do
        local heap <close> = assert(test.open())
        local blocks, count = {}, bytes // size
        for i = 1, count do
          blocks[i] = heap:malloc(size)
          heap:fill(blocks[i], 1, size)
        end
        for i = count, 2, -1 do
          local j = order == "random" and random(i) or i
          blocks[i], blocks[j] = blocks[j], blocks[i]
        end
        for i = 1, count - 1 do
          heap:free(blocks[order == "down" and count + 1 - i or i])
        end
        local most = probe.IDLE_LEAST + (4 << 20)
        assert.is_true(probe.resident(heap) <= most)
        heap:trim()
        assert.is_true(probe.resident(heap) <= size + 65536)
        assert.is_true(heap:check())
      end
    end
  end)

  it("memory goes back where blocks are filled, or of many sizes #limits",
    function()
      for low, options in pairs { [300] = { fill = true }, [4000] = {} } do
        local heap <close> = assert(test.open(options))
        local blocks, bytes = {}, 0
        while bytes < 96 << 20 do
          local size = low == 300 and low or random(low, 60000)
          blocks[#blocks + 1] = heap:malloc(size)
          heap:fill(blocks[#blocks], 1, size)
          bytes = bytes + size
        end
        for _, block in ipairs(blocks) do heap:free(block) end
        local left = probe.resident(heap)
        assert.is_true(left <= probe.IDLE_LEAST + (6 << 20), left)
      end
    end)

  it("a large block goes back at once, others bit by bit #limits", function()
    local heap <close> = assert(test.open())
    local block, wall = heap:malloc(64 << 20), heap:malloc(100000)
    heap:fill(block, 1, 64 << 20)
    heap:free(block)
    assert.is_true(probe.resident(heap) < 1 << 20)
    local blocks = {}
    for i = 1, 400 do
      blocks[i] = heap:malloc(100000)
      heap:fill(blocks[i], 1, 100000)
    end
    local before = probe.resident(heap)
    for i = 1, 400 do
      heap:free(blocks[i])
      local now = probe.resident(heap)
      assert.is_true(before - now <= probe.IDLE_STEP + (1 << 16))
      before = now
    end
    heap:free(wall)
  end)

  it("refusals of plain and of aligned blocks are remembered both", function()
    local heap <close> = assert(test.open { limit = 1 << 16 })
    heap:malloc(100) -- nothing else can be at a multiple of 64 KiB
    local block = heap:malloc(5000)
    while heap:malloc(100) do end
    heap:free(block)
    assert.is_nil((heap:malloc(6000)))
    local plain = probe.field(heap, "hopeless")
    assert.is_true(plain > 625 and plain <= 6000 // 8)
    assert.is_nil((heap:malloc(1000, 1 << 16)))
    assert.equal(125, probe.field(heap, "aligned"))
    assert.equal(plain, probe.field(heap, "hopeless"))
    assert.is_truthy(heap:malloc(5000))
    assert.is_true(heap:check())
  end)

  it("a block that nobody reached has nothing to give back #limits", function()
    local heap <close> = assert(test.open())
    local size = 1 << 20
    local function idle() return probe.field(heap, "idle_pages") end
    local block, wall = heap:malloc(size), heap:malloc(300)
    heap:free(block)
    local before = idle()
    block = heap:malloc(size)
    heap:free(block)
    assert.equal(before, idle())
    block = heap:malloc(size)
    heap:poke_u8(block, 7)
    heap:free(block)
    assert.is_true(idle() >= before + 255)
    -- what is free below it is given back while it lives
    block = heap:malloc(size)
    assert.is_true(idle() >= before + 254)
    heap:trim()
    assert.equal(0, idle())
    assert.equal(0, heap:peek_u8(block))
    heap:fill(block, 7, size)
    heap:trim()
    assert.is_nil(heap:find(block, size, "\0"))
    block = heap:realloc(block, 2 * size)
    assert.is_nil(heap:find(block, size, "\0"))
    heap:free(wall)
    assert.is_true(heap:check())
  end)

  it("zeros are had without a touch, also the second time", function()
    local heap <close> = assert(test.open())
    local size = 64 << 20
    for _ = 1, 3 do
      local block = assert(heap:calloc(size, 1))
      assert.is_true(probe.resident(heap) < 1 << 20)
      heap:free(block)
    end
    local block = heap:malloc(size)
    heap:fill(block, 0xff, size)
    heap:free(block)
    block = assert(heap:calloc(1, size))
    assert.is_true(probe.resident(heap) < 1 << 20)
    assert.is_nil(heap:find(block, size, "\xff"))
    -- what was written in part, and freed in parts
    heap:fill(block, 0xff, size)
    assert.is_truthy(heap:realloc(block, size // 2))
    local other = assert(heap:calloc(1, size // 2))
    assert.is_nil(heap:find(other, size // 2, "\xff"))
  end)

  -- Can the OS make huge pages at once?
  local function has_huge()
    local major, minor = shell.read("/proc/sys/kernel/osrelease")
      :match("^(%d+)%.(%d+)")
    local path = "/sys/kernel/mm/transparent_hugepage/enabled"
    return major * 1000 + minor >= 6001 and shell.exists(path) and
      not shell.read(path):find("[never]", 1, true)
  end

  -- What the C function gives, and whether the heap's error is that.
  local function expect(heap, addr, size)
    return probe.expect(heap, test.tointeger(addr), size)
  end

  it("what is about to be written comes at once, and no more", function()
    local heap <close> = assert(test.open())
    local size = 16 << 20
    -- What is in memory once every 2 MiB of a new block was touched.
    local function touched()
      local block = heap:calloc(1, size)
      for offset = 0, size - 1, 2 << 20 do heap:poke_u8(block, 1, offset) end
      local there = probe.resident(heap)
      heap:free(block)
      return there
    end
    local before = touched()
    local block = heap:calloc(1, size)
    assert.equal(0, (expect(heap, block, size)))
    local come = probe.resident(heap)
    assert.is_true(come <= size + (64 << 10))
    assert.equal(0, heap:peek_u8(block))
    assert.equal(0, heap:compare(block, test.add(block, 1), size - 1))
    heap:free(block)
    assert.is_true(touched() <= before + (64 << 10)) -- as if it had not been
    if not has_huge() then return pending("no huge pages at once") end
    assert.is_true(come >= size - (4 << 20))
  end)

  it("what is expected to be written is what it was until then", function()
    local heap <close> = assert(test.open())
    local size, mark = 9 << 20, ("7"):rep(99)
    local block = heap:calloc(1, size)
    for offset = 12345, size - 1, 3 << 20 do
      heap:writestring(block, mark, offset)
    end
    for _ = 1, 2 do
      local rest = test.add(block, 1000)
      assert.equal(0, (expect(heap, rest, size - 1000)))
      for offset = 12345, size - 1, 3 << 20 do
        assert.equal("\0" .. mark .. "\0",
                     heap:readstring(block, 101, offset - 1))
      end
    end
    assert.is_true(heap:check())
  end)

  it("only what is inside a block may be expected", function()
    local heap <close> = assert(test.open())
    local size = 5 << 20
    local block = heap:malloc(size)
    local function told(...) return { expect(heap, ...) } end
    assert.same({ test.ERANGE, true }, told(block, size + 1))
    assert.same({ test.EFOREIGN, true }, told(test.toaddress(8), size))
    assert.equal(0, told(test.add(block, size), 0)[1])
    heap:free(block)
    assert.same({ test.EFREED, true }, told(block, size))
  end)

  it("zeros are zeros, whatever was there", function()
    local heap <close> = assert(test.open { limit = 64 << 20 })
    local blocks = pool.new(heap)
    for i = 1, shell.scaled(3000) do
      local size = 1 + math.floor(math.exp(random() * math.log(3 << 20)))
      local block = heap:calloc(1, size)
      if block then
        assert(heap:peek_u8(block) == 0 and
               heap:compare(block, mems.add(block, 1), size - 1) == 0)
        heap:fill(block, 0xff, size)
        blocks:put(block, size)
      end
      while #blocks > 0 and blocks.live > 24 << 20 do blocks:drop() end
      if i % 500 == 0 then heap:trim() end
    end
    assert.is_true(heap:check())
  end)
end)

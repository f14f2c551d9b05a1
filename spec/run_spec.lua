-- Runs: many blocks of one size keep every promise that the chain gives, with
-- each option; and what C programs have that Lua has not: a heap is emptied at
-- once, blocks are aligned to 2 MiB, pages are larger than 4096 bytes.

local inside = require "spec.support.inside"
local shell = require "spec.support.shell"

local random = math.random

describe("in runs,", function()
  if not inside.built then return pending("needs the probes: `make test`") end

  local mems, probe, leave

  setup(function() mems, probe, leave = inside.enter() end)
  teardown(function()
    probe.pages_emulate(0)
    leave()
  end)

  local function fill(heap, size, count)
    local blocks = {}
    for i = 1, count do
      blocks[i] = assert(heap:malloc(size))
      heap:fill(blocks[i], i % 251, size)
    end
    return blocks
  end

  -- How many blocks are in runs.
  local function in_runs(heap)
    local count = 0
    for number = 2, probe.SIZES - 1 do
      count = count + probe.runs.live(heap, number)
    end
    return count
  end

  local function verify(heap, blocks, size)
    for i, block in ipairs(blocks) do
      if block then
        assert(heap:size(block) == size)
        assert(heap:readstring(block, size) ==
               string.char(i % 251):rep(size))
      end
    end
  end

  for shown, options in pairs {
    ["no option"] = {}, ["align = 16"] = { align = 16 },
    ["align = 256"] = { align = 256 }, ["align = 4096"] = { align = 4096 },
    ["fill"] = { fill = true }, ["quarantine"] = { quarantine = 20000 },
    ["fill and quarantine"] = { fill = true, quarantine = 20000 },
  } do
    it("blocks are as anywhere else: " .. shown, function()
      local align = options.align or 8
      for _, size in ipairs { 1, 24, 40, 100, 1000, 4000 } do
        local heap <close> = assert(mems.open(options))
        local count = math.max(400, 20000 // math.max(size, 16))
        local blocks = fill(heap, size, count)
        -- slots that are far too long are not worth it
        assert.is_true(in_runs(heap) > 100 or align > 2 * size)
        assert.is_true(heap:check())
        verify(heap, blocks, size)
        for i, block in ipairs(blocks) do
          assert(mems.tointeger(heap:get(block)) % align == 0)
          if i % 3 == 0 then
            heap:free(block)
            blocks[i] = false
            assert(mems.EFREED == probe.free_code(heap,
              mems.tointeger(block)))
          end
        end
        assert.is_true(heap:check())
        verify(heap, blocks, size)
        for i = 3, #blocks, 3 do
          blocks[i] = assert(heap:malloc(size))
          if options.fill then
            assert.equal(("\xAA"):rep(size), heap:readstring(blocks[i], size))
          end
          heap:fill(blocks[i], i % 251, size)
        end
        verify(heap, blocks, size)
        for _, block in ipairs(blocks) do heap:free(block) end
        assert.equal(0, heap:stats().processes)
        assert.is_true(heap:check())
      end
    end)
  end

  it("a block that waits keeps its slot, and then goes back to it", function()
    local heap <close> = assert(mems.open { quarantine = 10400 })
    local blocks = fill(heap, 100, 300)
    for i = 200, 299 do heap:free(blocks[i]) end
    assert.equal(10400, heap:stats().quarantined)
    assert.is_true(heap:check())
    for _ = 1, 50 do
      local at = assert(heap:malloc(100))
      for i = 200, 299 do assert.not_equal(blocks[i], at) end
    end
    heap:free(blocks[1]) -- the oldest one goes
    assert.equal(blocks[200], heap:malloc(100))
  end)

  it("a request for an alignment costs no page each", function()
    local heap <close> = assert(mems.open())
    for _ = 1, 1000 do
      local block = assert(heap:malloc(40, 64))
      assert.equal(0, mems.tointeger(heap:get(block)) % 64)
      assert.equal(40, heap:size(block))
    end
    assert.is_true(in_runs(heap) > 500)
    assert.is_true(heap:stats().mapped < 200000)
  end)

  it("realloc keeps the alignment that was asked for, at any size", function()
    local heap <close> = assert(mems.open())
    for shift = 4, 12 do
      local align = 1 << shift
      for _, first in ipairs { 1, 100, 700, 9000, 70000 } do
        local block = assert(heap:malloc(first, align))
        for _ = 1, 20 do
          local size = math.floor(math.exp(random() * math.log(100000)))
          block = assert(heap:realloc(block, size))
          assert.equal(0, mems.tointeger(heap:get(block)) % align)
          assert.equal(size, heap:size(block))
        end
      end
    end
    assert.is_true(heap:check())
  end)

  it("a block may be aligned to 2 MiB, and stays so", function()
    local heap <close> = assert(mems.open { base = 1000 })
    for shift = 13, 21 do
      local align = 1 << shift
      for _, size in ipairs { 1, 1000, 5000, 3 << 20 } do
        local addr = probe.aligned(heap, size, align)
        assert.equal(0, mems.tointeger(heap:get(addr)) % align)
        heap:fill(addr, 7, size)
        addr = assert(heap:realloc(addr, 2 * size + 100000))
        assert.equal(0, mems.tointeger(heap:get(addr)) % align)
        assert.equal(7, heap:peek_u8(addr, size - 1))
      end
    end
    assert.is_true(heap:check())
    assert.same({ 0, mems.EINVAL }, { probe.aligned(heap, 8, 1 << 22) })
    for _, align in ipairs { 0, 3, 12, -8 } do
      assert.same({ 0, mems.EINVAL }, { probe.aligned(heap, 8, align) })
    end
  end)

  it("blocks behind the first 32 GiB are not, but work", function()
    local heap <close> = assert(mems.open())
    local far = heap:malloc(33 << 30)
    if not far then return pending("no room for 33 GiB here") end
    local behind = heap:stats().base + (33 << 30)
    local blocks = {}
    for i = 1, 300 do
      blocks[i] = mems.tointeger(assert(heap:malloc(100)))
      assert.is_true(blocks[i] >= behind)
      heap:fill(blocks[i], i % 251, 100)
    end
    assert.equal(0, in_runs(heap))
    verify(heap, blocks, 100)
    for _, block in ipairs(blocks) do heap:free(block) end
    assert.equal(1, heap:stats().processes)
  end)

  it("to free nothing is no mistake, and does nothing", function()
    local heap <close> = assert(mems.open())
    local blocks = fill(heap, 40, 100)
    local before = heap:stats()
    assert.equal(0, probe.free_code(heap, 0))
    assert.same(before, heap:stats())
    verify(heap, blocks, 40)
  end)

  it("a heap that has its base at 0 frees nothing by 0 either", function()
    local heap <close> = assert(mems.open { base = 8 })
    local block = heap:malloc(40)
    assert.equal(8, mems.tointeger(block))
    assert.equal(0, probe.free_code(heap, 0))
    assert.equal(40, heap:size(block))
  end)

  for shown, options in pairs {
    ["no option"] = {}, quarantine = { quarantine = 1 << 16 },
    ["fill and align"] = { fill = true, align = 64 },
    ["a limit"] = { limit = 1 << 20 },
  } do
    it("reset frees all at once and keeps the pages: " .. shown, function()
      local heap <close> = assert(mems.open(options))
      local base
      for _ = 1, 5 do
        local blocks = {}
        for i = 1, 500 do
          local size = random(8) == 1 and random(9000) or random(200)
          blocks[i] = heap:malloc(size)
        end
        base = base or blocks[1]
        for i = 1, 500, 3 do
          if blocks[i] then heap:free(blocks[i]) end
        end
        local before = heap:stats()
        probe.reset(heap)
        assert.is_true(heap:check())
        local stats = heap:stats()
        assert.equal(0, stats.processes)
        assert.equal(0, stats.used)
        assert.equal(0, stats.quarantined)
        assert.equal(before.mapped, stats.mapped)
        assert.equal(before.nodes, stats.nodes)
        assert.equal(stats.nodes, stats.holes)
        assert.equal(before.mallocs, stats.mallocs)
        assert.equal(stats.mallocs, stats.frees)
        assert.is_nil((heap:get(base)))
        assert.equal(mems.EFREED, probe.free_code(heap, mems.tointeger(base)))
      end
      assert.is_truthy(heap:malloc(100))
      heap:trim()
    end)
  end

  it("reset of an empty heap does nothing", function()
    local heap <close> = assert(mems.open())
    probe.reset(heap)
    assert.is_true(heap:check())
    assert.equal(0, heap:stats().mapped)
  end)

  it("a call lets a bounded number of blocks out of the quarantine", function()
    local heap <close> = assert(mems.open { quarantine = 1 << 20 })
    local small = fill(heap, 16, 1 << 16)
    local large = assert(heap:malloc(1 << 20))
    for _, block in ipairs(small) do heap:free(block) end
    assert.equal(1 << 20, heap:stats().quarantined)
    heap:free(large)
    local left = heap:stats().quarantined
    assert.is_true(left >= (2 << 20) - 64 * 16 and left < 2 << 20)
    -- each of the next ones lets some go, until there are as many as may be
    local calls = 0
    repeat
      heap:free(heap:malloc(16))
      local now = heap:stats().quarantined
      local gone = left + 16 - now
      if gone >= 1 << 20 then gone = gone - (1 << 20) end -- the large one too
      assert.is_true(gone <= 64 * 16)
      left, calls = now, calls + 1
    until left <= 1 << 20
    assert.is_true(calls <= (1 << 20) // (60 * 16))
    assert.is_true(heap:check())
  end)

  describe("on a kernel with pages of", function()
    after_each(function() probe.pages_emulate(0) end)

    for _, unit in ipairs { 16384, 65536 } do
      it(unit .. " bytes heaps open and work", function()
        probe.pages_emulate(unit)
        for _, options in ipairs {
          {}, { limit = unit }, { limit = 10 * unit, align = 64 },
          { page = 4096 }, { quarantine = 1 << 16, fill = true },
          { limit = 1 << 24, page = 1 << 20 }, { limit = 100000 },
        } do
          local heap <close> = assert(mems.open(options))
          local live = {}
          for step = 1, shell.scaled(3000) do
            if #live < 50 or random(2) == 1 then
              local size = math.floor(math.exp(random() * math.log(40000)))
              local block = heap:malloc(size)
              if block then
                heap:fill(block, size % 251, size)
                live[#live + 1] = { block, size }
              elseif #live > 0 then
                heap:free(table.remove(live)[1])
              end
            else
              local block, size = table.unpack(table.remove(live,
                                                            random(#live)))
              assert.equal(size % 251, heap:peek_u8(block, size - 1))
              heap:free(block)
            end
            if step % 500 == 0 then
              assert.is_true(heap:check())
              for _, size in heap:nodes() do assert.equal(0, size % unit) end
              heap:trim()
              assert.is_true(heap:check())
            end
          end
          assert.equal(0, heap:stats().mapped % unit)
          for _, one in ipairs(live) do heap:free(one[1]) end
          probe.reset(heap)
          heap:trim()
          assert.equal(0, heap:stats().mapped)
        end
      end)

      it(unit .. " bytes a heap takes no less than one", function()
        probe.pages_emulate(unit)
        local heap <close> = assert(mems.open { limit = 4096 })
        assert(heap:malloc(100))
        assert.equal(unit, heap:stats().mapped)
        assert.is_nil((heap:malloc(unit)))
        assert.equal(4096, heap:stats().page_size)
      end)
    end
  end)
end)

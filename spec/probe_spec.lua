-- Bits, chain, bins and dictionary from inside: each inner verb gives what a
-- plain walk over bits or a plain table gives.

local inside = require "spec.support.inside"
local shell = require "spec.support.shell"

local random = math.random

describe("inside,", function()
  if not inside.built then return pending("needs the probes: `make test`") end

  local mems, probe, leave

  setup(function() mems, probe, leave = inside.enter() end)
  teardown(function() leave() end)

  describe("bits", function()
    local function bit(word, i) return word >> i & 1 end

    -- Words with one bit, with many, with bits at the ends.
    local words <const> = { 1, 1 << 63, -1, 0x8000000000000001, 0x10 }
    for i = 6, 6 + shell.scaled(50) do
      words[i] = random(0) & random(0)
      if words[i] == 0 then words[i] = 1 end
    end

    local function each(verb)
      for _, word in ipairs(words) do verb(word, probe.bits) end
    end

    it("are found from either end, and counted", function()
      each(function(word, bits)
        local first, last, count = nil, nil, 0
        for i = 0, 63 do
          if bit(word, i) == 1 then
            first, last, count = first or i, i, count + 1
          end
        end
        assert.equal(first, bits.first(word))
        assert.equal(last, bits.last(word))
        assert.equal(count, bits.count(word))
      end)
    end)

    it("are kept on one side of a number", function()
      local keeps <const> = {
        above = function(i, n) return i > n end,
        from = function(i, n) return i >= n end,
        upto = function(i, n) return i <= n end,
        below = function(i, n) return i < n end,
      }
      each(function(word, bits)
        for name, keep in pairs(keeps) do
          for n = 0, 63 do
            local expected = 0
            for i = 0, 63 do
              if keep(i, n) then expected = expected | bit(word, i) << i end
            end
            assert.equal(expected, bits[name](word, n))
          end
        end
      end)
    end)

    -- Bit i of three words of which bit 0 is the first of the second.
    local function of(map, i) return bit(map[i // 64 + 2], i % 64) end

    local function a_map()
      return { words[random(#words)], words[random(#words)],
               words[random(#words)] }
    end

    it("are seen through a window and a field, up and down", function()
      each(function(_, bits)
        local map = a_map()
        for i = 0, 63 do
          local window = bits.window(map[1], map[2], map[3], i)
          local field = bits.field(map[1], map[2], map[3], i)
          local before = bits.before(map[1], map[2], map[3], i)
          local same = true
          for k = 0, probe.WINDOW - 1 do
            same = same and of(map, i + k) == bit(window, k)
              and of(map, i - k) == bit(before, 63 - k)
          end
          for k = 0, probe.FIELD - 1 do
            same = same and of(map, i + k) == bit(field, k)
          end
          assert.is_true(same)
        end
      end)
    end)

    -- Bit k of the map is wanted(bit k of it before) if the word has it, as
    -- seen from bit i on, else as before.
    local function changes(change, wanted)
      each(function(word)
        local map, mask = a_map(), word & ((1 << probe.FIELD) - 1)
        for i = 0, 63 do
          local new = { change(map[1], map[2], map[3], i, mask) }
          local same = true
          for k = -64, 127 do
            local old = of(map, k)
            local chosen = k >= i and k < i + probe.FIELD
              and bit(mask, k - i) == 1
            same = same and of(new, k) == (chosen and wanted(old) or old)
          end
          assert.is_true(same)
        end
      end)
    end

    it("are flipped in a field, and no others", function()
      changes(probe.bits.flip, function(old) return 1 - old end)
    end)

    it("are set in a field, and no others", function()
      changes(probe.bits.set, function() return 1 end)
    end)
  end)

  -- A heap of some MiB: crowded words, empty ones, segments over many words.
  local function crowded()
    local heap = assert(mems.open { limit = 1 << 36, base = 1000 })
    local blocks = {}
    for i = 1, 500 + shell.scaled(1500) do
      local size = random(8) == 1 and random(60000) or random(200)
      blocks[i] = assert(heap:malloc(size))
    end
    assert(heap:malloc(5 << 19)) -- beyond what two summaries see at once
    for i = 1, #blocks do
      if random(2) == 1 then heap:free(blocks[i]) end
    end
    assert(heap:malloc(100))
    return heap
  end

  -- Calls verb(start, next start) for each segment, by its bits alone.
  local function each_segment(heap, verb)
    local last = probe.field(heap, "end")
    local start = 0
    for g = 1, last do
      if probe.start(heap, g) then
        verb(start, g)
        start = g
      end
    end
    assert.equal(last, start)
  end

  describe("the chain", function()
    local heap
    before_each(function() heap = crowded() end)
    after_each(function() heap:close() end)

    it("finds the next start and the one before", function()
      local chain = probe.chain
      each_segment(heap, function(start, behind)
        for _, g in ipairs { start, random(start, behind - 1), behind - 1 } do
          assert.equal(behind, chain.next(heap, g))
          assert.equal(start, chain.prev(heap, g))
        end
      end)
    end)

    it("finds them in other words through the summaries", function()
      local chain, far = probe.chain, 0
      each_segment(heap, function(start, behind)
        if start // 64 ~= behind // 64 then
          far = far + 1
          assert.equal(behind, chain.next_far(heap, start))
          if behind - 1 >= start // 64 * 64 + 64 then
            assert.equal(start, chain.prev_far(heap, behind - 1))
          end
        end
      end)
      assert.is_true(far > 50)
    end)

    it("tells PROCESS and HOLE, as the walk does", function()
      local chain, parked = probe.chain, 0
      each_segment(heap, function(start)
        assert.equal(probe.used(heap, start), chain.is_process(heap, start))
        assert.equal(not probe.used(heap, start), chain.is_hole(heap, start))
        if chain.is_parked(heap, start) then parked = parked + 1 end
      end)
      assert.is_true(parked > 10)
      local at = 0
      heap:trim() -- merges all
      for kind, addr, size in heap:segments() do
        local g = (mems.tointeger(addr) - 1000) // 8
        assert.equal(at, g)
        assert.equal(kind == "PROCESS", chain.is_process(heap, g))
        assert.is_false(chain.is_parked(heap, g))
        at = g + size // 8
      end
      assert.equal(probe.field(heap, "end"), at)
    end)

    it("finds the node of a granule and its end", function()
      local chain, count = probe.chain, 0
      for node, size in heap:nodes() do
        local first = (mems.tointeger(node) - 1000) // 8
        local behind = first + size // 8
        for _, g in ipairs { first, random(first, behind - 1), behind - 1 } do
          assert.equal(first, chain.node(heap, g))
          assert.equal(behind, chain.node_end(heap, g))
        end
        assert.is_true(chain.is_node(heap, first))
        count = count + 1
      end
      assert.equal(probe.field(heap, "nodes"), count)
    end)

    it("finds the first HOLE of a stretch", function()
      local last = probe.field(heap, "end")
      for _ = 1, shell.scaled(300) do
        local from = random(0, last - 1)
        local till, expected = math.min(last, from + random(3000)), nil
        for g = from, till - 1 do
          if probe.start(heap, g) and not probe.used(heap, g) then
            expected = g
            break
          end
        end
        assert.equal(expected, probe.chain.hole(heap, from, till))
      end
    end)
  end)

  describe("a row of the chain", function()
    -- In a heap of one HOLE: the same bits again and again, and no others.
    local function each_row(verb)
      for _ = 1, shell.scaled(150) do
        local heap <close> = assert(mems.open { page = 4096, base = 1000 })
        heap:free(heap:malloc(4000))
        local last = probe.field(heap, "end")
        for g = 0, last - 1 do
          probe.used(heap, g, random(2) == 1)
          if g > 0 then probe.start(heap, g, false) end
        end
        local n = random(2, 32)
        local at = random(0, last - 1 - n)
        local row = { at = at, n = n, count = random((last - 1 - at) // n) }
        row.behind = at + n * row.count
        row.useds = random(0) & (1 << math.min(n, 20)) - 1
        probe.start(heap, at, true)
        probe.start(heap, row.behind, true)
        verb(heap, row, last)
      end
    end

    local function split(heap, row)
      probe.chain.split_row(heap, row.at, row.n, row.count, row.useds)
    end

    it("is split off with its pattern, and nothing around it", function()
      each_row(function(heap, row, last)
        local before, segments = {}, probe.field(heap, "segments")
        for g = 0, last - 1 do
          before[g] = { probe.start(heap, g), probe.used(heap, g) }
        end
        split(heap, row)
        for g = 0, last - 1 do
          local start, used = table.unpack(before[g])
          local k = (g - row.at) % row.n
          if g >= row.at and g < row.behind then
            start, used = k == 0, row.useds >> k & 1 == 1
          end
          assert.equal(start, probe.start(heap, g))
          assert.equal(used, probe.used(heap, g))
        end
        assert.equal(segments + row.count - 1, probe.field(heap, "segments"))
      end)
    end)

    it("is one unless a bit differs that counts", function()
      each_row(function(heap, row)
        local mask = random(0) & (1 << math.min(row.n, 20)) - 1
        local function agrees()
          return probe.chain.is_row(heap, row.at, row.n, row.count,
                                    row.useds, mask)
        end
        split(heap, row)
        assert.is_true(agrees())
        for _ = 1, 20 do
          local g = random(row.at, row.behind)
          probe.start(heap, g, not probe.start(heap, g))
          assert.is_false(agrees())
          probe.start(heap, g, not probe.start(heap, g))
          g = random(row.at, row.behind - 1)
          probe.used(heap, g, not probe.used(heap, g))
          assert.equal(mask >> (g - row.at) % row.n & 1 == 0, agrees())
          probe.used(heap, g, not probe.used(heap, g))
        end
      end)
    end)
  end)

  describe("size classes", function()
    it("go up with the size, and every size has one", function()
      local before, upwards = 0, true
      for n = 1, 20000 do
        local class = probe.bins.class_of(n)
        upwards = upwards and (class == before or class == before + 1)
        before = class
      end
      assert.is_true(upwards)
      for e = 15, 50 do
        local class = probe.bins.class_of(1 << e)
        assert.is_true(class >= before and class < probe.CLASSES)
        before = class
      end
    end)

    it("are sure to do from class_for on, and from none before", function()
      local least = {} -- of each class
      for n = 20000, 1, -1 do least[probe.bins.class_of(n)] = n end
      local sure, first = true, true
      for n = 1, 16000 do
        local class = probe.bins.class_for(n)
        sure = sure and least[class] >= n
        first = first and (class == 0 or least[class - 1] < n)
      end
      assert.is_true(sure)
      assert.is_true(first)
    end)
  end)

  describe("the sets of regions", function()
    it("agree with a plain table", function()
      local heap <close> = assert(mems.open { limit = 1 << 36, base = 1000 })
      local granules = 1 << 28
      assert.is_true(probe.bins.reach(heap, granules))
      local members, regions = {}, granules // probe.REGION
      for _ = 1, 300 + shell.scaled(2700) do
        local class = random(4)
        local region = random(5) == 1 and random(0, 100)
          or random(0, regions - 1)
        members[class] = members[class] or {}
        if random(3) > 1 then
          probe.bins.note(heap, region * probe.REGION + random(0, 511),
                          class + 1)
          members[class][region] = true
        else
          probe.bins.exclude(heap, region, class)
          members[class][region] = nil
        end
      end
      for class = 1, 4 do
        local sorted = {}
        for region in pairs(members[class]) do sorted[#sorted + 1] = region end
        table.sort(sorted)
        local from = 0
        for _, region in ipairs(sorted) do
          assert.equal(region, probe.bins.find(heap, from, class))
          from = region + 1
        end
        assert.is_nil(probe.bins.find(heap, from, class))
        assert.equal(#sorted > 0 and class, probe.bins.class(heap, class))
      end
    end)

    it("forget what lies behind the end", function()
      local heap <close> = assert(mems.open { limit = 1 << 30, base = 1000 })
      probe.bins.reach(heap, 1 << 26)
      for region = 0, 100000, 7 do
        probe.bins.note(heap, region * probe.REGION, 9)
      end
      local class = probe.bins.class_of(9)
      probe.bins.retreat(heap, 50 * probe.REGION)
      assert.equal(49, probe.bins.find(heap, 43, class))
      assert.is_nil(probe.bins.find(heap, 50, class))
      probe.bins.retreat(heap, 0)
      assert.equal(probe.CLASSES, probe.bins.class(heap, 0))
    end)
  end)

  describe("sizes", function()
    it("are numbered one by one, and rounded up to the next", function()
      local sizes, number = probe.sizes, 0
      for n = 1, 1 << 13 do
        local rounded = sizes.rounded(n)
        if sizes.number(n) ~= number then
          number = number + 1
          assert.equal(number, sizes.number(n))
        end
        assert.equal(sizes.granules(number), rounded)
        assert.is_true(rounded >= n and rounded - n < math.max(1, n / 8))
      end
      assert.is_true(number < probe.NUMBERS)
      assert.equal(1 << 13, sizes.granules(number))
    end)

    it("go on by quarters, and then by 16 MiB without numbers", function()
      local octave, sizes = 1 << 13, probe.sizes
      while octave < 1 << 43 do
        local step = math.min(octave // 4, 1 << 21)
        for _ = 1, 20 do
          local n = random(octave + 1, 2 * octave)
          local rounded = (n + step - 1) // step * step
          assert.equal(rounded, sizes.rounded(n))
          if octave < 1 << 24 then
            assert.equal(rounded, sizes.granules(sizes.number(n)))
            assert.is_true(sizes.number(n) < 256)
          end
        end
        octave = 2 * octave
      end
    end)

    it("are exact as far as a field shows the next start", function()
      for n = 1, probe.NEAR do
        assert.equal(n, probe.sizes.rounded(n))
      end
    end)
  end)

  describe("a quick list", function()
    it("keeps what it has while a hole fits that rounding spoils", function()
      local limit = 8 << 20
      local heap <close> = assert(mems.open { limit = limit, base = 1000 })
      local waiting, size = heap:malloc(100), limit - 4096
      local block = heap:malloc(size)
      while not block do
        size = size - 4096
        block = heap:malloc(size)
      end
      heap:free(block)
      heap:free(waiting)
      local g = (mems.tointeger(waiting) - 1000) // 8
      assert.is_true(probe.chain.is_parked(heap, g))
      assert.equal(block, heap:malloc(size))
      assert.is_true(probe.chain.is_parked(heap, g))
    end)

    it("gives back the last that was put in, as many as it holds", function()
      local heap <close> = assert(mems.open { base = 1000 })
      local quick = probe.quick
      for number = 2, probe.sizes.number(probe.QUICK_MOST) do
        local first, behind = quick.slots(heap, number)
        assert.is_true(behind > first)
        for i = first, behind - 1 do
          assert.is_true(quick.push(heap, number, number * 1000 + i))
        end
        assert.is_false(quick.push(heap, number, 7))
        for i = behind - 1, first, -1 do
          assert.equal(number * 1000 + i, quick.pop(heap, number))
        end
        assert.is_nil(quick.pop(heap, number))
      end
    end)

    it("lies beside the others", function()
      local heap <close> = assert(mems.open { base = 1000 })
      local before = 0
      for number = 0, probe.NUMBERS - 1 do
        local first, behind = probe.quick.slots(heap, number)
        assert.is_true(first >= before and behind >= first)
        before = behind
      end
    end)

    it("is not there for a size that no block has", function()
      local heap <close> = assert(mems.open { base = 1000 })
      local last = probe.sizes.number(probe.QUICK_MOST)
      for _, number in ipairs { 0, probe.NONE, last + 1, probe.NUMBERS - 1 } do
        local first, behind = probe.quick.slots(heap, number)
        assert.equal(first, behind)
        assert.is_false(probe.quick.push(heap, number, 7))
      end
    end)
  end)

  describe("the dictionary", function()
    it("takes whole granules, two at least", function()
      for size = 1, 200 do
        assert.equal(math.max(2, (size + 7) // 8),
                     probe.dict.granules(size))
      end
    end)

    it("finds every byte of a block and none beside", function()
      local heap <close> = assert(mems.open { base = 1000 })
      local blocks = {}
      for size = 1, 80 do
        blocks[size] = mems.tointeger(heap:malloc(size))
      end
      for size, addr in ipairs(blocks) do
        local at = (addr - 1000) // 8
        for offset = 0, size - 1 do
          assert.same({ at, probe.dict.granules(size), size },
                      { probe.dict.search(heap, addr + offset) })
        end
        assert.is_nil(probe.dict.search(heap, addr + size <
          (blocks[size + 1] or 0) and addr + size or 999))
        assert.equal(size == 1 and 0 or mems.EINSIDE,
                     probe.dict.mistake(heap, addr + size - 1))
        heap:free(addr)
        assert.is_nil(probe.dict.search(heap, addr))
        assert.equal(mems.EFREED, probe.dict.mistake(heap, addr))
      end
      assert.equal(mems.EFOREIGN, probe.dict.mistake(heap, 999))
      assert.equal(mems.EFOREIGN, probe.dict.mistake(heap, -1))
    end)
  end)

  describe("an address behind the last block", function()
    it("was never allocated, though small blocks are cut one by one",
      function()
        local heap <close> = assert(mems.open { base = 1000 })
        local last = 0
        for _ = 1, 1000 do
          last = math.max(last, mems.tointeger(heap:malloc(1000)))
        end
        for ahead = 2048, 32768, 1024 do
          assert.equal(mems.EFOREIGN, probe.free_code(heap, last + ahead))
        end
        assert.equal(0, probe.free_code(heap, last))
        assert.equal(mems.EFREED, probe.free_code(heap, last))
        local zeros = assert(heap:calloc(1, 1000))
        assert.equal(("\0"):rep(1000), heap:readstring(zeros, 1000))
      end)
  end)

  describe("requests to the OS", function()
    after_each(function() probe.pages_fail(0) end)

    it("are counted, and the one that is named fails once", function()
      local heap <close> = assert(mems.open { limit = 1 << 24, base = 1000 })
      probe.pages_fail(0)
      assert(heap:malloc(100))
      assert.equal(1, probe.pages_fail(2))
      assert(heap:malloc(8192))
      assert.is_nil((heap:malloc(1 << 20)))
      assert(heap:malloc(1 << 20))
    end)

    it("give back what was ready when one of them is refused", function()
      local heap <close> = assert(mems.open { base = 1000 })
      assert(heap:malloc(100))
      local before, n = heap:stats(), 0
      local block
      repeat
        n = n + 1
        probe.pages_fail(n)
        block = heap:malloc(256 << 20)
        probe.pages_fail(0)
        if not block then assert.same(before, heap:stats()) end
        assert.is_true(heap:check())
      until block
      assert.is_true(n > 4)
    end)

    it("are not made by a heap that has what it needs", function()
      local heap <close> = assert(mems.open { base = 1000 })
      local block = heap:malloc(100)
      probe.pages_fail(0)
      for _ = 1, 1000 do
        heap:free(block)
        block = heap:malloc(100)
      end
      assert.equal(0, probe.pages_fail(0))
    end)
  end)
end)

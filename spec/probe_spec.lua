-- Bits, chain, bins, sizes, entries, runs, idle pages and dictionary from
-- inside: each inner verb gives what a plain walk over bits, a plain table or
-- a plain division gives.

local inside = require "spec.support.inside"
local shell = require "spec.support.shell"

local random = math.random

-- As assert.equal, which costs much in long loops.
local function equal(wanted, seen)
  if wanted ~= seen then assert.equal(wanted, seen) end
end

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

    it("are put into a field, and no others", function()
      each(function(word)
        local map, mask = a_map(), word & ((1 << probe.FIELD) - 1)
        local value = random(0) & mask
        for i = 0, 63 do
          local new = { probe.bits.put(map[1], map[2], map[3], i, mask, value) }
          local same = true
          for k = -64, 127 do
            local chosen = k >= i and k < i + probe.FIELD
              and bit(mask, k - i) == 1
            local wanted = chosen and bit(value, k - i) or of(map, k)
            same = same and of(new, k) == wanted
          end
          assert.is_true(same)
        end
      end)
    end)

    it("are told that lie between two numbers", function()
      for _ = 1, 300 do
        local from = random(0, 300)
        local to = random(from, 300)
        for word = from // 64, to // 64 do
          local mask = probe.bits.between(word, from, to)
          for i = 0, 63 do
            local k = 64 * word + i
            equal(k >= from and k < to, bit(mask, i) == 1)
          end
        end
      end
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
          equal(behind, chain.next(heap, g))
          equal(start, chain.prev(heap, g))
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
      local chain, at = probe.chain, 0
      each_segment(heap, function(start)
        assert.equal(probe.used(heap, start), chain.is_process(heap, start))
        assert.equal(not probe.used(heap, start), chain.is_hole(heap, start))
      end)
      for kind, addr, size in heap:segments() do
        local g = (mems.tointeger(addr) - 1000) // 8
        assert.equal(at, g)
        assert.equal(kind == "PROCESS", chain.is_process(heap, g))
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

  -- Start and used bits of all granules up to the end, as one string.
  local function picture(heap)
    local out = {}
    for g = 0, probe.field(heap, "end") do
      out[g + 1] = (probe.start(heap, g) and 2 or 0) ..
        (probe.used(heap, g) and 1 or 0)
    end
    return table.concat(out)
  end

  describe("the chain of a heap of some pages", function()
    local heap
    before_each(function()
      heap = assert(mems.open { base = 1000 })
      for _ = 1, 60 do assert(heap:malloc(random(400))) end
    end)
    after_each(function() heap:close() end)

    it("merges all segments between two granules", function()
      local last = probe.field(heap, "end")
      for _ = 1, 20 do
        local from = random(0, last - 1)
        local to = random(from, last)
        local wanted = {}
        for g = 0, last do
          wanted[g] = probe.start(heap, g) and not (g > from and g < to)
        end
        probe.chain.drop_all(heap, from, to)
        for g = 0, last do
          equal(wanted[g], probe.start(heap, g))
        end
        each_segment(heap, function(start, behind)
          assert.equal(behind, probe.chain.next(heap, start))
          assert.equal(start, probe.chain.prev(heap, behind - 1))
        end)
        if random(2) == 1 then probe.start(heap, to, probe.start(heap, to)) end
      end
    end)

    it("clears the used bits of some granules, and knows it", function()
      local last = probe.field(heap, "end")
      for _ = 1, 50 do
        for g = 0, last - 1 do probe.used(heap, g, random(20) == 1) end
        local from = random(0, last // 64 - 1) * 64
        local n = random(1, (last - from) // 64) * 64
        local clear = true
        for g = from, from + n - 1 do
          clear = clear and not probe.used(heap, g)
        end
        assert.equal(clear, probe.chain.is_clear(heap, from, n))
        from = random(0, last - 1)
        n = random(1, last - from)
        local wanted = {}
        for g = 0, last do
          wanted[g] = probe.used(heap, g) and (g < from or g >= from + n)
        end
        probe.chain.clear(heap, from, n)
        for g = 0, last do equal(wanted[g], probe.used(heap, g)) end
        assert.is_true(n < 64 or probe.chain.is_clear(heap,
          (from + 63) // 64 * 64, (n - 63) // 64 * 64))
      end
    end)

    it("grows by a HOLE, and by a node that is one", function()
      for _, node in ipairs { false, true, true, false, false } do
        local before, last = picture(heap), probe.field(heap, "end")
        local nodes = probe.field(heap, "nodes")
        local first = probe.chain.node(heap, last - 1)
        local n = 512 * random(5)
        assert.is_true(probe.chain.grow(heap, n, node))
        assert.equal(last + n, probe.field(heap, "end"))
        assert.equal(nodes + (node and 1 or 0), probe.field(heap, "nodes"))
        assert.equal(node, probe.chain.is_node(heap, last))
        assert.equal(node and last or first,
                     probe.chain.node(heap, last + n - 1))
        assert.equal(last + n, probe.chain.node_end(heap, last))
        assert.is_true(probe.chain.is_hole(heap, last))
        assert.equal(last + n, probe.chain.next(heap, last))
        -- all before is as it was, but that the sentinel is a HOLE now
        assert.equal(before:sub(1, -2) .. "0",
                     picture(heap):sub(1, #before))
      end
    end)

    it("shrinks within its last HOLE, and by a whole node", function()
      local last, nodes = probe.field(heap, "end"), probe.field(heap, "nodes")
      local before = picture(heap)
      assert.is_true(probe.chain.grow(heap, 20 * 512, true))
      for _, pages in ipairs { 13, 12, 3, 1 } do
        assert.is_true(probe.chain.shrink(heap, last + pages * 512))
        assert.equal(last + pages * 512, probe.field(heap, "end"))
        assert.equal(nodes + 1, probe.field(heap, "nodes"))
        assert.equal(last + pages * 512, probe.chain.next(heap, last))
        assert.is_true(probe.chain.is_process(heap, last + pages * 512))
      end
      assert.is_true(probe.chain.shrink(heap, last))
      assert.equal(nodes, probe.field(heap, "nodes"))
      assert.equal(before, picture(heap))
      assert.is_false(probe.chain.is_node(heap, last))
      assert.is_true(heap:check())
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

  for _, which in ipairs { "holes", "runs" } do
    describe("the sets of " .. which, function()
      it("agree with a plain table", function()
        local heap <close> = assert(mems.open { limit = 1 << 36, base = 1000 })
        local granules = 1 << 28
        assert.is_true(probe.bins.reach(heap, which, granules))
        local members, regions = {}, granules // probe.REGION
        for _ = 1, 300 + shell.scaled(2700) do
          local class = random(4)
          local region = random(5) == 1 and random(0, 100)
            or random(0, regions - 1)
          local verb = random(3) > 1 and "include" or "exclude"
          members[class] = members[class] or {}
          probe.bins[verb](heap, which, region, class)
          members[class][region] = verb == "include" or nil
        end
        for class = 1, 4 do
          local sorted = {}
          for region in pairs(members[class]) do
            sorted[#sorted + 1] = region
          end
          table.sort(sorted)
          local from = 0
          for _, region in ipairs(sorted) do
            assert.equal(region, probe.bins.find(heap, which, from, class))
            from = region + 1
          end
          assert.is_nil(probe.bins.find(heap, which, from, class))
          assert.equal(#sorted > 0 and class,
                       probe.bins.class(heap, which, class))
        end
      end)

      it("forget what lies behind the end", function()
        local heap <close> = assert(mems.open { limit = 1 << 30, base = 1000 })
        probe.bins.reach(heap, which, 1 << 26)
        for region = 0, 100000, 7 do
          probe.bins.include(heap, which, region, 9)
        end
        probe.bins.retreat(heap, which, 50 * probe.REGION)
        assert.equal(49, probe.bins.find(heap, which, 43, 9))
        assert.is_nil(probe.bins.find(heap, which, 50, 9))
        probe.bins.retreat(heap, which, 0)
        assert.equal(probe.CLASSES, probe.bins.class(heap, which, 0))
      end)
    end)
  end

  describe("sizes", function()
    it("have one class after the other, at most an eighth longer", function()
      local sizes, number = probe.sizes, 1
      for n = 2, probe.SLOT_MOST do
        local class = sizes.class(n)
        local granules = sizes.granules(class)
        if class ~= number then
          number = number + 1
          assert.equal(number, class)
          assert.is_true(number == 2 or sizes.granules(number - 1) == n - 1)
        end
        assert.is_true(granules >= n and granules - n < math.max(1, n / 8))
      end
      assert.equal(probe.SIZES - 1, number)
      assert.equal(probe.SLOT_MOST, sizes.granules(number))
    end)

    it("have an aligned class that is the least one of its kind", function()
      local sizes = probe.sizes
      for shift = 0, 12 do
        local align = 1 << shift
        for _ = 1, 200 do
          local n, wanted = random(1 << random(0, 14)), 0
          for class = probe.SIZES - 1, 2, -1 do
            local granules = sizes.granules(class)
            if granules >= n and granules % align == 0 then wanted = class end
          end
          if align > probe.PAGE_GRANULES then wanted = 0 end
          assert.equal(wanted, sizes.aligned(n, align))
        end
      end
    end)
  end)

  describe("an entry", function()
    -- Lengths that blocks have: all small ones, classes, some large ones.
    local function each_length(verb)
      for n = 2, 300 do verb(n) end
      for class = 2, probe.SIZES - 1 do verb(probe.sizes.granules(class)) end
      for shift = 13, 40 do verb((1 << shift) + random(0, 7)) end
    end

    it("fits the used bits of its block and a field", function()
      each_length(function(n)
        local slack, mark, mask = probe.entry.bits(n)
        assert.is_true(1 + slack + mark <= math.min(n, probe.FIELD))
        assert.equal((1 << 1 + slack + mark) - 1, mask)
      end)
    end)

    it("tells each slack, or that the table has it", function()
      each_length(function(n)
        local bits, _, _, brim = probe.entry.bits(n)
        local same = true
        for slack = 0, math.min(8 * n, 1 << 16) - 1, n <= 300 and 1 or 97 do
          local entry = 1 | math.min(slack, brim) << 1
          same = same and math.min(slack, brim) < 1 << bits
            and probe.entry.read(n, entry) == math.min(slack, brim)
            and (slack < brim or n <= 6)
        end
        assert.is_true(same)
      end)
    end)

    it("tells the alignment that was asked for beside each slack", function()
      each_length(function(n)
        local slack_bits, _, mask = probe.entry.bits(n)
        for shift = 0, n >= 8 and 18 or 0 do
          for _, slack in ipairs { 0, 1, (1 << slack_bits) - 1 } do
            local mark = n >= 8 and probe.entry.mark(n, 1 << shift) or 0
            local entry = 1 | slack << 1 | mark
            equal(entry, entry & mask)
            -- what lies behind the entry does not matter
            local read, align = probe.entry.read(n, entry | ~mask)
            equal(slack, read)
            equal(n >= 24 and 1 << shift or shift > 0 and n & -n or 1, align)
          end
        end
      end)
    end)

    it("needs whole granules, two at least", function()
      for size = 1, 200 do
        assert.equal(math.max(2, (size + 7) // 8), probe.entry.granules(size))
      end
    end)
  end)

  describe("a run", function()
    it("has slots where a division says so", function()
      local longest = probe.RUN_MOST * probe.PAGE_GRANULES
      for class = 2, probe.SIZES - 1 do
        local n = probe.sizes.granules(class)
        assert.same({ (longest + n - 1) // n, true },
                    { probe.runs.slots(class) })
        for _ = 1, 20 do
          local offset = random(0, longest - 1)
          assert.equal(offset % n == 0, probe.runs.is_slot(class, offset))
          assert.equal(offset % n, probe.runs.inside(class, offset))
        end
      end
    end)

    it("has none in a class that is none", function()
      assert.equal(0, (probe.runs.slots(0)))
      assert.equal(0, (probe.runs.slots(1)))
    end)

    it("is made where there are many blocks of a size", function()
      local heap <close> = assert(mems.open { base = 1000 })
      local used = 0
      for _ = 1, 2000 do
        assert(heap:malloc(100))
        used = used + 104
      end
      local class = probe.sizes.class(13)
      assert.is_true(probe.runs.live(heap, class) > 1500)
      assert.equal(used, heap:stats().used)
      assert.equal(2000, probe.runs.live(heap, class)
                   + probe.class(heap, class, "chained"))
    end)
  end)

  it("the stacks lie beside each other", function()
    local heap <close> = assert(mems.open { base = 1000 })
    local before = 0
    for number = 2, probe.SIZES - 1 do
      local first = probe.class(heap, number, "first")
      local last = probe.class(heap, number, "last")
      local bytes = 8 * probe.sizes.granules(number) * (last - first)
      assert.is_true(first >= before and last >= first + 2)
      assert.is_true(last - first == 2 or bytes <= probe.STACK_BYTES)
      before = last
    end
    assert.is_true(before <= probe.STACKS)
  end)

  describe("the pages", function()
    local heap, pages
    local idle, gone, count

    before_each(function()
      heap = assert(mems.open { base = 1000 })
      assert(heap:malloc(4 << 20))
      pages = probe.field(heap, "end") // probe.PAGE_GRANULES
      idle, gone = {}, {}
      for page = 0, pages - 1 do
        idle[page], gone[page] = probe.idle(heap, page), probe.gone(heap, page)
      end
    end)
    after_each(function() heap:close() end)

    local function change(verb)
      local from = random(0, pages - 1)
      local to = random(from, math.min(pages, from + random(200)))
      probe.pages[verb](heap, from, to)
      for page = from, to - 1 do
        if verb == "add" then
          idle[page] = not gone[page]
        else
          idle[page], gone[page] = false, verb == "go"
        end
      end
    end

    -- The first page from `from` on that `has` something, and the first one
    -- behind it that has not.
    local function stretch(has, from, value)
      while from < pages and has[from] ~= value do from = from + 1 end
      local to = from
      while to < pages and has[to] == value do to = to + 1 end
      return from, to
    end

    it("are idle, gone or neither as a plain table says", function()
      local verbs <const> = { "add", "touch", "go" }
      for _ = 1, 200 do
        change(verbs[random(3)])
        count = 0
        for page = 0, pages - 1 do
          assert(idle[page] == probe.idle(heap, page))
          assert(gone[page] == probe.gone(heap, page))
          if idle[page] then count = count + 1 end
        end
        assert.equal(count, probe.field(heap, "idle_pages"))
        local at = random(0, pages - 1)
        local from, to = stretch(idle, at, true)
        if from == pages then to = 0 end
        assert.same({ from, to }, { probe.pages.next(heap, at, pages) })
        for _, value in ipairs { true, false } do
          local first, behind = stretch(gone, at, value)
          if first > at then behind = at end
          equal(behind - at, probe.pages.like(heap, at, pages, value))
        end
      end
    end)
  end)

  describe("the dictionary", function()
    it("finds every byte of a block and none beside", function()
      local heap <close> = assert(mems.open { base = 1000 })
      local blocks = {}
      for size = 1, 80 do
        blocks[size] = mems.tointeger(heap:malloc(size))
      end
      for size, addr in ipairs(blocks) do
        local at = (addr - 1000) // 8
        for offset = 0, size - 1 do
          assert.same({ at, probe.entry.granules(size), size },
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

  it("every byte of a slot is found, and none beside", function()
    local heap <close> = assert(mems.open { base = 1000 })
    assert(heap:malloc(20000))
    local checked = 0
    for _, size in ipairs { 1, 9, 17, 20, 24, 25, 41, 100, 130, 290, 700 } do
      for _ = 1, 60 do
        local addr = mems.tointeger(assert(heap:malloc(size)))
        local g = (addr - 1000) // 8
        if probe.map(heap, g // probe.PAGE_GRANULES) ~= 0 then
          local n = probe.sizes.granules(
            probe.sizes.class(probe.entry.granules(size)))
          for offset = 0, size - 1 do
            local at, granules, bytes = probe.dict.search(heap, addr + offset)
            equal(g, at)
            equal(n, granules)
            equal(size, bytes)
          end
          for offset = size, 8 * n - 1 do
            equal(nil, probe.dict.search(heap, addr + offset))
            equal(mems.ERANGE, probe.dict.mistake(heap, addr + offset))
          end
          checked = checked + 1
        end
      end
    end
    assert.is_true(checked > 300)
  end)

  describe("an address behind the last block", function()
    it("was never allocated, unless a run is there", function()
      local heap <close> = assert(mems.open { base = 1000 })
      local last = 0
      for _ = 1, 1000 do
        last = math.max(last, mems.tointeger(heap:malloc(1000)))
      end
      local pages = probe.field(heap, "end") // probe.PAGE_GRANULES
      while pages > 0 and probe.map(heap, pages - 1) == 0 do
        pages = pages - 1
      end
      local behind = math.max(last + 1024, 1000 + 4096 * pages)
      for ahead = 0, 32768, 1024 do
        assert.equal(mems.EFOREIGN, probe.free_code(heap, behind + ahead))
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
      assert(heap:malloc(100))
      probe.pages_fail(0)
      assert(heap:malloc(8192))
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

-- The checker is checked: heaps are broken on purpose, one number or one bit
-- at a time, and check() has to name what is wrong. What only helps to find
-- holes may be wrong in any way: no call crashes or hands out live memory.

local inside = require "spec.support.inside"
local shell = require "spec.support.shell"

local PAGE_GRANULES <const> = 512

describe("check", function()
  if not inside.built then return pending("needs the probes: `make test`") end

  local mems, probe, leave, heap

  setup(function() mems, probe, leave = inside.enter() end)
  teardown(function() leave() end)

  -- The heap that is broken: five nodes and more; blocks of 2, 3 and more
  -- granules with and without slack; holes merged, parked, and the slice.
  before_each(function()
    heap = assert(mems.open { limit = 64 << 20, base = 1000 })
    local blocks = {}
    for i = 1, 300 do blocks[i] = assert(heap:malloc(i % 90 + 1)) end
    for i = 1, 300, 3 do heap:free(blocks[i]) end
    assert(heap:malloc(40000))
    local large = assert(heap:malloc(100000)) -- more than a list takes
    local odd = {}
    for size = 100, 190, 10 do
      odd[#odd + 1] = assert(heap:malloc(size))
      assert(heap:malloc(8))
    end
    heap:trim() -- merges all
    heap:free(large)
    for i = 2, 300, 6 do heap:free(blocks[i]) end
    for _, block in ipairs(odd) do heap:free(block) end
    assert.is_true(heap:check())
    assert.is_true(probe.field(heap, "nodes") >= 5)
  end)
  after_each(function() heap:close() end)

  local function length(g)
    return probe.chain.next(heap, g) - g
  end

  -- The first segment that `is` what is wanted and has `least` granules.
  local function find(is, least)
    local g, last = 0, probe.field(heap, "end")
    while g < last do
      if is(heap, g) and length(g) >= (least or 1) then return g end
      g = g + length(g)
    end
    error("the heap has no such segment")
  end

  -- Would a HOLE of n granules at g be found by its set, if it were one?
  local function is_noted(h, g, n)
    return probe.set(h, 0, probe.bins.class_of(n), g // probe.REGION)
  end

  local function is_loose(h, g)
    return probe.chain.is_hole(h, g) and not probe.chain.is_parked(h, g)
      and probe.field(h, "slice") ~= g
  end

  -- A page that no node starts at, and one that some does, not the first.
  local function page(marked)
    local number = 1
    while probe.mark(heap, number) ~= marked do number = number + 1 end
    return number
  end

  local function assert_names(message)
    local ok, found = pcall(heap.check, heap)
    assert.is_false(ok, "nothing was found")
    assert.equal("the heap is damaged: " .. message, found)
  end

  -- Each breaks one thing, given a probe and its arguments, all but the last
  -- one, the new value; it is mended then, and all has to hold again.
  local function names(message, verb, ...)
    local arguments = table.pack(...)
    local old = probe[verb](heap, table.unpack(arguments, 1, arguments.n))
    assert.not_equal(arguments[arguments.n], old)
    assert_names(message)
    arguments[arguments.n] = old
    probe[verb](heap, table.unpack(arguments, 1, arguments.n))
    assert.is_true(heap:check())
  end

  local function names_field(message, name, change)
    names(message, "field", name, probe.field(heap, name) + change)
  end

  describe("names a wrong bit:", function()
    it("a start inside a PROCESS", function()
      local g = find(function(h, at)
        return at % 64 < 50 and probe.chain.is_process(h, at)
      end, 8)
      probe.used(heap, g + 1, false)
      probe.used(heap, g + 2, true)
      probe.start(heap, g + 2, true)
      assert_names("the count of segments is wrong")
    end)

    it("a start inside a HOLE", function()
      local g = find(function(h, at)
        return at % 64 < 50 and is_loose(h, at) and not is_noted(h, at, 3)
      end, 8)
      probe.used(heap, g + 3, false)
      names("a HOLE is in no index", "start", g + 3, true)
    end)

    it("a start that is missing", function()
      local g = find(is_loose, 2)
      names("the count of segments is wrong", "start", g + length(g), false)
    end)

    it("a start that is the last of its word", function()
      -- the sentinel stands alone in its word, but for segments behind it
      local last = probe.field(heap, "end")
      assert.equal(0, last % 64)
      names("the sentinel is missing", "start", last, false)
      names("a segment starts behind the end", "start", last + 1, true)
    end)

    it("used, where a HOLE is", function()
      local g = find(is_loose, 4)
      probe.used(heap, g + 1, false)
      probe.used(heap, g + 2, false)
      probe.used(heap, g + 3, false)
      names("the count of processes is wrong", "used", g, true)
    end)

    it("not used, where a PROCESS is", function()
      local g = find(probe.chain.is_process, 60)
      probe.used(heap, g + 1, false)
      names("a HOLE is in no index", "used", g, false)
    end)

    it("the sentinel's", function()
      names("the sentinel is missing", "used", probe.field(heap, "end"),
            false)
    end)

    it("parked, where a HOLE is not", function()
      names("a parked HOLE is in no quick list", "used",
            find(is_loose, 2) + 1, true)
    end)

    it("not parked, where a HOLE is", function()
      local class, region
      local function is_like_it(h, g)
        return is_loose(h, g) and g // probe.REGION == region
          and probe.bins.class_of(length(g)) == class
      end
      local parked = find(function(h, g)
        class, region = probe.bins.class_of(length(g)), g // probe.REGION
        return probe.chain.is_parked(h, g) and not pcall(find, is_like_it)
      end)
      probe.bins.exclude(heap, region, class)
      names("a HOLE is in no index", "used", parked + 1, false)
    end)

    it("the slack of a PROCESS", function()
      local g = find(probe.chain.is_process, 4)
      names("the count of slack bytes is wrong", "used", g + 1,
            not probe.used(heap, g + 1))
    end)

    it("the slack of a large PROCESS", function()
      local large = assert(heap:malloc((1 << 20) + 1))
      local g = (mems.tointeger(large) - 1000) // 8
      names("the count of slack bytes is wrong", "used", g + 22,
            not probe.used(heap, g + 22))
      names("the slack of a PROCESS does not fit its segment", "used", g + 32,
            not probe.used(heap, g + 32))
    end)

    it("a HOLE that looks parked but has no list", function()
      local large = assert(heap:malloc(16 << 20))
      assert(heap:malloc(32 << 20)) -- behind it
      heap:free(large)
      local g = find(is_loose, 1 << 21)
      names("a parked HOLE is in no quick list", "used", g + 1, true)
    end)

    it("a parked HOLE without its pattern", function()
      local g = find(probe.chain.is_parked, 4)
      names("a parked HOLE is in no quick list", "used", g + 2, false)
    end)

    it("each level of the summaries", function()
      local message = "a summary bit differs from the word it stands for"
      for level = 1, probe.field(heap, "top") do
        names(message, "summary", level, 0, false)
      end
      -- behind what is in use, but in the same word
      local words = probe.field(heap, "end") // 64
      names(message, "summary", 1, words + 1, true)
      names(message, "summary", 1, words | 63, true)
      names(message, "summary", 2, 63, true)
    end)

    it("two HOLEs side by side", function()
      local g = find(function(h, at)
        return at % 64 < 50 and is_loose(h, at)
      end, 8)
      probe.start(heap, g + 2, true)
      probe.used(heap, g + 2, false)
      probe.used(heap, g + 3, false)
      probe.bins.note(heap, g, 2)
      probe.bins.note(heap, g + 2, length(g + 2))
      assert_names("two neighbouring HOLEs are not merged")
    end)

    it("the mark of a node", function()
      names("no node starts at the base", "mark", 0, false)
      names("the count of nodes is wrong", "mark", page(true), false)
      local last = probe.field(heap, "end") // PAGE_GRANULES
      names("a node starts behind the end", "mark", last, true)
    end)

    it("the mark of a node where no segment starts", function()
      local number = page(false)
      while probe.start(heap, number * PAGE_GRANULES) do number = number + 1 end
      names("no segment starts where a node does", "mark", number, true)
    end)
  end)

  describe("names a wrong number:", function()
    it("the end", function()
      names("the end is behind the limit", "field", "end",
            probe.field(heap, "limit") + PAGE_GRANULES)
      names_field("the end is not the end of a page", "end", 8)
      names_field("the sentinel is missing", "end", -PAGE_GRANULES)
    end)

    it("each counter", function()
      for name, message in pairs {
        nodes = "the count of nodes is wrong",
        segments = "the count of segments is wrong",
        room = "the count of used granules is wrong",
        slack = "the count of slack bytes is wrong",
        mallocs = "the count of processes is wrong",
        frees = "the count of processes is wrong",
      } do
        names_field(message, name, 1)
        names_field(message, name, -1)
      end
      names("the peak is below what is used", "field", "peak",
            probe.field(heap, "room") - 1)
      names("a HOLE is parked where all were merged", "field", "flushed",
            probe.field(heap, "frees"))
    end)

    it("the block that was found last", function()
      local g = find(probe.chain.is_process, 20)
      heap:fill(1000 + 8 * g, 1, 8) -- it is found
      names_field("the block found last is none", "last", 8)
      names_field("the block found last is none", "length", 8)
      heap:free(1000 + 8 * g)
      names("the block found last is none", "field", "length", 8)
    end)

    it("the end of what quick lists may name", function()
      names_field("the end of what quick lists may name is wrong",
                  "quick_end", 8)
    end)

    it("where memory is fresh", function()
      names("a PROCESS lies in fresh memory", "field", "fresh", 100)
    end)

    it("the slice", function()
      names("the slice is nowhere", "field", "slice_end", 1)
      local g = find(is_loose, 2)
      probe.field(heap, "slice", g)
      probe.field(heap, "slice_end", g)
      names("the slice runs past the end of its HOLE", "field",
            "slice_end", 1 << 30)
      names("the slice is no HOLE", "field", "slice",
            find(probe.chain.is_process))
      names("the slice is no HOLE", "field", "slice",
            probe.field(heap, "end"))
    end)

    it("the list of the hole that was freed last", function()
      local message = "the hole that was freed last has no quick list"
      names(message, "field", "recent_number", 0)
      names(message, "field", "recent_number", probe.NUMBERS)
    end)
  end)

  -- In a heap that is not small: a slice, and sizes that are rounded up.
  it("names a used bit in the slice", function()
    local big <close> = assert(mems.open())
    for _ = 1, 300 do assert(big:malloc(1000)) end
    local slice = probe.field(big, "slice")
    assert.is_true(slice > 0 and big:check())
    probe.used(big, slice + 1, true)
    local ok, found = pcall(big.check, big)
    assert.is_false(ok)
    assert.equal("the heap is damaged: a granule of the slice is marked used",
                 found)
  end)

  it("names the wrong number of a size", function()
    local block = heap:malloc(4096)
    local g = (mems.tointeger(block) - 1000) // 8
    names("the number of a PROCESS is not that of its size", "used", g + 14,
          not probe.used(heap, g + 14))
    local large = heap:malloc(1 << 20)
    g = (mems.tointeger(large) - 1000) // 8
    names("the number of a PROCESS is not that of its size", "used", g + 21,
          not probe.used(heap, g + 21))
  end)

  describe("names what is wrong in a quick list:", function()
    -- The number of a list and the slot of a HOLE that is parked there.
    local function a_list()
      local recent = probe.field(heap, "recent")
      local g = find(function(h, at)
        return probe.chain.is_parked(h, at) and at ~= recent
      end)
      local number = probe.sizes.number(length(g))
      local slot = probe.quick.slots(heap, number)
      while probe.quick_slot(heap, slot) ~= g do slot = slot + 1 end
      return number, slot
    end

    it("an entry behind the end", function()
      local _, slot = a_list()
      local message = "a quick list names a granule behind the end"
      names(message, "quick_slot", slot, probe.field(heap, "end"))
      names(message, "quick_slot", slot, (1 << 32) - 1)
    end)

    it("an entry that names something else", function()
      local _, slot = a_list()
      local message = "a parked HOLE is in no quick list"
      names(message, "quick_slot", slot, find(probe.chain.is_process))
      names(message, "quick_slot", slot, find(is_loose))
    end)

    it("the hole that was freed last", function()
      names("the hole that was freed last is none of its list", "field",
            "recent", find(probe.chain.is_process))
    end)

    it("its top", function()
      local number = a_list()
      local first, behind = probe.quick.slots(heap, number)
      local outside = "the top of a quick list is outside of it"
      names(outside, "quick_top", number, 0)
      names(outside, "quick_top", number, 65535)
      names(outside, "quick_top", number, behind + 1)
      names("a parked HOLE is in no quick list", "quick_top", number, first)
    end)

    it("what it is made of", function()
      names("a quick list is not that of its size", "quick_pattern", 40, 6)
    end)

    it("which size it serves", function()
      names("the table of quick lists is wrong", "quick_table", 9, 10)
    end)
  end)

  describe("names what is wrong in a set:", function()
    -- Class and region of a HOLE that is found by its set.
    local function a_member()
      local g = find(is_loose)
      return probe.bins.class_of(length(g)), g // probe.REGION
    end

    it("a region that is missing", function()
      local class, region = a_member()
      -- so that its word is not empty without it
      probe.bins.note(heap, (region + 1) * probe.REGION,
                      length(find(is_loose)))
      names("a HOLE is in no index", "set", 0, class, region, false)
    end)

    it("each level of the summaries", function()
      local class = a_member()
      local message = "a summary of a set differs from what it stands for"
      for level = 1, probe.field(heap, "set_top") do
        names(message, "set", level, class, 0, false)
      end
      names(message, "set", 1, class, 1, true)
    end)

    it("a summary that leads out of the set", function()
      local class = a_member()
      names("a summary of a set has a bit behind the last region", "set", 1,
            class, 40, true)
    end)

    it("the classes that are present", function()
      names("the classes present are not those of the sets", "field",
            "present", probe.field(heap, "present") ~ 1 << a_member())
      names("the classes present are not those of the sets", "field",
            "present_above", probe.field(heap, "present_above") | 1 << 62)
    end)
  end)
end)

-- Breaks what finds holes: each takes the heap and a function that draws a
-- granule, be it a start or not, in use or behind the end.
local function list_breakers(probe, breaks)
  local random = math.random

  local function each_list(heap, verb)
    for number = 2, probe.sizes.number(probe.QUICK_MOST) do
      verb(number, probe.quick.slots(heap, number))
    end
  end

  function breaks.entries(heap, draw)
    each_list(heap, function(number, first)
      for slot = first, probe.quick_top(heap, number) - 1 do
        if random(3) == 1 then probe.quick_slot(heap, slot, draw()) end
      end
      if random(20) == 1 then probe.quick.push(heap, number, draw()) end
    end)
  end

  -- Entries for holes of just their size: the slice, or holes of a set.
  function breaks.doubles(heap)
    local g, last = 0, probe.field(heap, "end")
    while g < last do
      local next_one = probe.chain.next(heap, g)
      local n = next_one - g
      if n >= 2 and probe.sizes.rounded(n) == n and n <= probe.QUICK_MOST
        and probe.chain.is_hole(heap, g) then
        probe.quick.push(heap, probe.sizes.number(n), g)
      end
      g = next_one
    end
  end

  -- Entries that name a HOLE of their list which another one names as well,
  -- or the hole that was freed last.
  function breaks.twins(heap)
    local recent = probe.field(heap, "recent")
    local its_number = probe.field(heap, "recent_number")
    each_list(heap, function(number, first)
      local top = probe.quick_top(heap, number)
      for slot = first, top - 1 do
        if random(2) == 1 then
          local other = probe.quick_slot(heap, random(first, top - 1))
          if number == its_number and random(4) == 1 then other = recent end
          probe.quick_slot(heap, slot, other)
        end
      end
    end)
  end

  function breaks.tops(heap)
    each_list(heap, function(number, first, behind)
      if random(3) == 1 then
        probe.quick_top(heap, number, random(first, behind))
      end
    end)
  end

  function breaks.shuffled_tops(heap)
    local last = probe.sizes.number(probe.QUICK_MOST)
    each_list(heap, function(number)
      local other, top = random(2, last), probe.quick_top(heap, number)
      probe.quick_top(heap, number, probe.quick_top(heap, other, top))
    end)
  end
end

-- The same for sets: too many regions, some that are missing, words and
-- summaries that don't agree.
local function set_breakers(probe, breaks)
  local random = math.random

  function breaks.sets(heap)
    local blocks = probe.field(heap, "sets_usable") // (8 * probe.CLASSES)
    local regions = blocks * 64
    for _ = 1, 50 do
      if random(2) == 1 then
        probe.bins.note(heap, random(0, regions * probe.REGION - 1),
                        random(1 << random(20)))
      else
        probe.bins.exclude(heap, random(0, regions - 1),
                           random(0, probe.CLASSES - 1))
      end
    end
  end

  function breaks.set_words(heap)
    local blocks = probe.field(heap, "sets_usable") // (8 * probe.CLASSES)
    local regions = blocks * 64
    for _ = 1, 20 do
      probe.set(heap, 0, random(0, probe.CLASSES - 1), random(0, regions - 1),
                random(2) == 1)
    end
  end

  -- Any bit of any level: summaries lead nowhere, or out of the set.
  function breaks.set_summaries(heap)
    for _ = 1, 10 do
      probe.set(heap, random(0, probe.field(heap, "set_top")),
                random(0, probe.CLASSES - 1), random(0, 63), random(2) == 1)
    end
  end

  function breaks.classes(heap)
    probe.field(heap, "present", random(0))
    probe.field(heap, "present_above", random(0))
  end
end

local function breakers(probe)
  local breaks = {}
  list_breakers(probe, breaks)
  set_breakers(probe, breaks)
  return breaks
end

describe("a heap whose index is wrong", function()
  if not inside.built then return pending("needs the probes: `make test`") end

  local mems, probe, leave
  local random = math.random

  setup(function() mems, probe, leave = inside.enter() end)
  teardown(function() leave() end)

  local function a_size()
    local kind = random(20)
    if kind == 1 then return random(200000) end
    return kind < 5 and random(6000) or random(200)
  end

  local function allocate(heap, live)
    local size = a_size()
    local addr = heap:malloc(size)
    if not addr then return end
    addr = mems.tointeger(addr)
    local bytes = string.pack("i8", #live * 7919 + addr)
    bytes = bytes:rep(size // 8 + 1):sub(1, size)
    heap:writestring(addr, bytes)
    live[#live + 1] = { addr = addr, bytes = bytes }
  end

  local function verify(heap, block)
    assert.equal(#block.bytes, heap:size(block.addr))
    assert.is_true(heap:readstring(block.addr, #block.bytes) == block.bytes,
                   "the bytes of a live block have changed")
  end

  local function resize(heap, live)
    local block, size = live[random(#live)], a_size()
    verify(heap, block)
    local addr = heap:realloc(block.addr, size)
    if not addr then return end
    block.addr = mems.tointeger(addr)
    block.bytes = block.bytes:sub(1, size)
    local fresh = ("r"):rep(size - #block.bytes)
    heap:writestring(addr, fresh, #block.bytes)
    block.bytes = block.bytes .. fresh
  end

  local function release(heap, live)
    local i = random(#live)
    local block = live[i]
    live[i] = live[#live]
    live[#live] = nil
    verify(heap, block)
    heap:free(block.addr)
  end

  local function step(heap, live)
    if #live == 0 or random(100) <= (#live < 200 and 60 or 45) then
      allocate(heap, live)
    elseif random(4) == 1 then
      resize(heap, live)
    else
      release(heap, live)
    end
  end

  -- Draws granules that are likely to be the wrong ones.
  local function drawer(heap, live)
    return function()
      local last, kind = probe.field(heap, "end"), random(6)
      local slice = probe.field(heap, "slice")
      if kind == 1 then return last + random(0, 100) end
      if kind == 2 then return (1 << 32) - random(3) end
      if kind == 3 and #live > 0 then
        return (live[random(#live)].addr - 1000) // 8
      end
      if kind == 4 and slice >= 0 and slice < last then return slice end
      local g = random(0, math.max(0, last - 1))
      return kind == 5 and last > 0 and probe.chain.prev(heap, g) or g
    end
  end

  -- The chain is the truth, and its counter belongs to it.
  local function expect_segments(heap)
    local count, g = 0, 0
    while g < probe.field(heap, "end") do
      g, count = probe.chain.next(heap, g), count + 1
    end
    assert.equal(count, probe.field(heap, "segments"))
  end

  local function survives(break_it, rounds)
    local heap <close> = assert(mems.open { limit = 1 << random(14, 26) })
    local live = {}
    local draw = drawer(heap, live)
    for _ = 1, rounds do
      for _ = 1, 200 do step(heap, live) end
      expect_segments(heap)
      break_it(heap, draw)
    end
    for _, block in ipairs(live) do verify(heap, block) end
    while #live > 0 do release(heap, live) end
  end

  for what, shown in pairs {
    entries = "entries of quick lists", doubles = "holes listed twice",
    twins = "entries of quick lists that stand there twice",
    tops = "tops of quick lists", shuffled_tops = "tops of other lists",
    sets = "members of sets", set_words = "words of sets",
    classes = "classes that are present",
    set_summaries = "summaries of sets",
  } do
    it("never hands out live memory: " .. shown, function()
      local seed = os.time()
      math.randomseed(seed)
      for _ = 1, shell.scaled(8) do
        local ok, message = pcall(survives, breakers(probe)[what], 20)
        if not ok then
          error(("seed %d: %s"):format(seed, tostring(message)), 0)
        end
      end
    end)
  end
end)

-- The checker is checked: heaps are broken on purpose, one number or one bit
-- at a time, and check() has to name what is wrong. What only helps to find
-- holes may be wrong in any way, and a stack may name what is no free slot of
-- its class: no call crashes or hands out live memory.

local inside = require "spec.support.inside"
local shell = require "spec.support.shell"

local PAGE_GRANULES <const> = 512

-- What a spec needs to find its way in a heap whose base is 1000.
local function guide(mems, probe)
  local guided = {}

  function guided.granule(addr)
    return (mems.tointeger(addr) - 1000) // 8
  end

  function guided.length(heap, g)
    return probe.chain.next(heap, g) - g
  end

  -- Does g lie in a run?
  function guided.in_run(heap, g)
    return probe.map(heap, g // PAGE_GRANULES) ~= 0
  end

  -- A HOLE of the chain, a block of the chain.
  function guided.is_loose(heap, g)
    return probe.chain.is_hole(heap, g) and not guided.in_run(heap, g)
  end

  function guided.is_chained(heap, g)
    return probe.chain.is_process(heap, g) and not guided.in_run(heap, g)
  end

  -- Has nobody reached the block at g, a long one?
  function guided.is_fresh(heap, g)
    return probe.used(heap, g + probe.FIELD)
  end

  -- The first segment that `is` what is wanted and has `least` granules.
  function guided.find(heap, is, least)
    local g, last = 0, probe.field(heap, "end")
    while g < last do
      if guided.length(heap, g) >= (least or 1) and is(heap, g) then
        return g
      end
      g = probe.chain.next(heap, g)
    end
    error("the heap has no such segment")
  end

  return guided
end

-- The same for runs.
local function guide_to_runs(probe, guided)
  -- Calls verb(number of the class, its first page, the page behind) for each
  -- run.
  function guided.each_run(heap, verb)
    local page = 0
    while page < probe.field(heap, "end") // PAGE_GRANULES do
      local number = probe.map(heap, page)
      local behind = number == 0 and page + 1 or probe.runs.last(heap, page)
      if number ~= 0 then verb(number, page, behind) end
      page = behind
    end
  end

  -- The first slot that `is` what is wanted, and its class.
  function guided.slot(heap, is)
    local found, class
    guided.each_run(heap, function(number, page, behind)
      local n = probe.sizes.granules(number)
      for g = page * PAGE_GRANULES, behind * PAGE_GRANULES - n, n do
        if not found and is(heap, g, number) then found, class = g, number end
      end
    end)
    return assert(found, "the heap has no such slot"), class
  end

  function guided.is_used(heap, g) return probe.used(heap, g) end

  function guided.is_named(heap, g)
    return not probe.used(heap, g) and probe.used(heap, g + 1)
  end

  function guided.is_spare(heap, g)
    return not probe.used(heap, g) and not probe.used(heap, g + 1)
  end

  return guided
end

describe("check", function()
  if not inside.built then return pending("needs the probes: `make test`") end

  local mems, probe, leave, heap, at
  local find, slot, length

  setup(function()
    mems, probe, leave = inside.enter()
    at = guide_to_runs(probe, guide(mems, probe))
  end)
  teardown(function() leave() end)

  local function fill(size, count)
    local blocks = {}
    for i = 1, count do blocks[i] = assert(heap:malloc(size)) end
    return blocks
  end

  -- The heap that is broken: nodes of a page and a long one; blocks of the
  -- chain of all lengths, HOLEs between them; runs of a page and longer, with
  -- slots in use, in stacks and spare, with and without something left behind
  -- the last slot; a slot that was freed last.
  before_each(function()
    heap = assert(mems.open { limit = 64 << 20, base = 1000 })
    local blocks = {}
    for i = 1, 300 do blocks[i] = assert(heap:malloc(i % 90 + 1)) end
    for i = 1, 300, 3 do heap:free(blocks[i]) end
    local many = { fill(24, 700), fill(1000, 250), fill(1100, 100) }
    for _, list in ipairs(many) do
      for i = 1, #list do
        if i % 8 == 1 or i > 80 and i % 100 > 8 then heap:free(list[i]) end
      end
    end
    local large = {}
    for i = 1, 6 do large[i] = assert(heap:malloc(100000 + 1000 * i)) end
    for i = 1, 5 do heap:poke_u8(large[i], 1) end -- the last one is fresh
    heap:free(large[2])
    heap:free(large[5])
    heap:free(assert(heap:malloc(70)))
    for i = 2, 4 do heap:free(many[1][i]) end
    assert.is_true(heap:check())
    assert.is_true(probe.field(heap, "nodes") >= 5)
    find = function(is, least) return at.find(heap, is, least) end
    slot = function(is) return at.slot(heap, is) end
    length = function(g) return at.length(heap, g) end
  end)
  after_each(function() heap:close() end)

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

  local function names_class(message, number, name, change)
    names(message, "class", number, name,
          probe.class(heap, number, name) + change)
  end

  -- A page that no node starts at, and one that some does, not the first.
  local function page(marked)
    local number = 1
    while probe.mark(heap, number) ~= marked do number = number + 1 end
    return number
  end

  it("has a spec for each thing that it finds", function()
    local checker = shell.read("src/heap/check.c")
      :match("^.*mems_heap_check%(")
    local specs = shell.read("spec/broken_spec.lua") ..
      shell.read("spec/guard_spec.lua")
    local count = 0
    for message in checker:gmatch '"([a-z][^"\n]+ [^"\n]+)"' do
      assert.is_truthy(specs:find('"' .. message .. '"', 1, true), message)
      count = count + 1
    end
    assert.is_true(count > 40)
  end)

  describe("names a wrong bit:", function()
    it("a start inside a PROCESS", function()
      local g
      repeat
        local block = heap:malloc(60000)
        heap:poke_u8(block, 1)
        g = at.granule(block)
      until g % 64 < 24
      probe.used(heap, g + 40, true)
      probe.start(heap, g + 40, true)
      assert_names("the count of processes is wrong")
    end)

    it("a start inside a HOLE", function()
      local g = find(at.is_loose, 512)
      probe.start(heap, g + 3, true)
      probe.used(heap, g + 3, false)
      probe.bins.include(heap, "holes", g // probe.REGION,
                         probe.bins.class_of(3))
      assert_names("two neighbouring HOLEs are not merged")
    end)

    it("a HOLE that is not noted", function()
      local blocks = fill(200000, 3)
      names("a HOLE is in no index", "used", at.granule(blocks[2]), false)
    end)

    it("a start that is missing", function()
      local g = find(function(h, one)
        return at.is_loose(h, one) and at.is_chained(h, one + length(one))
      end, 4)
      local behind = g + length(g)
      -- noted as well, so that the longer HOLE is as good as any
      probe.bins.include(heap, "holes", g // probe.REGION,
        probe.bins.class_of(length(g) + length(behind)))
      probe.start(heap, behind, false)
      assert.is_false((pcall(heap.check, heap)))
    end)

    it("a start that is the last of its word", function()
      -- the sentinel stands alone in its word, but for segments behind it
      local last = probe.field(heap, "end")
      assert.equal(0, last % 64)
      names("the sentinel is missing", "start", last, false)
      names("a segment starts behind the end", "start", last + 1, true)
    end)

    it("used, where a HOLE is", function()
      local g = find(at.is_loose, 512)
      for i = 1, 40 do probe.used(heap, g + i, false) end
      names("a page in use is idle or gone", "used", g, true)
      g = find(function(h, one)
        return at.is_loose(h, one) and length(one) < 64
      end, 3)
      for i = 1, length(g) - 1 do probe.used(heap, g + i, false) end
      names("the count of processes is wrong", "used", g, true)
    end)

    it("the sentinel's", function()
      names("the sentinel is missing", "used", probe.field(heap, "end"),
            false)
    end)

    it("the slack of a PROCESS of the chain", function()
      local g = at.granule(heap:malloc(60001))
      for i = 4, 27 do -- slack of more than a granule
        names("the slack of a PROCESS does not fit its segment", "used", g + i,
              not probe.used(heap, g + i))
      end
    end)

    it("the slack of a slot", function()
      local g, number = slot(function(h, g, number)
        return probe.used(h, g) and number > 20
      end)
      local bits = probe.entry.bits(probe.sizes.granules(number))
      names("the slack of a PROCESS does not fit its segment", "used",
            g + bits, true)
    end)

    it("that a tiny block's slack is in the table, and what is there",
      function()
        local g = at.granule(heap:malloc(1))
        assert.equal(15, probe.tiny(heap, g))
        for _, slack in ipairs { 16, 255 } do
          names("the slack of a PROCESS does not fit its segment", "tiny", g,
                slack)
        end
      end)

    it("that an alignment was asked for", function()
      local small <close> = assert(mems.open { base = 1000 })
      assert(small:malloc(4000))
      local g = at.granule(probe.aligned(small, 8, 256))
      assert.is_true(small:check())
      assert.is_true(at.is_chained(small, g))
      assert.equal(24, at.length(small, g))
      for i = 18, 22 do probe.used(small, g + i, false) end
      assert.error_matches(function() small:check() end,
        "the slack of a PROCESS does not fit its segment")
    end)

    it("the start of a slot, in use or not", function()
      local message = "a slot of a run is not its length"
      for _, is in ipairs { at.is_used, at.is_named, at.is_spare } do
        local g, number = slot(is)
        names(message, "start", g + probe.sizes.granules(number), false)
        names(message, "start", g + 1, true)
      end
    end)

    it("used, where a free slot is", function()
      for _, is in ipairs { at.is_named, at.is_spare } do
        local g = slot(is)
        probe.used(heap, g, true)
        assert.is_false((pcall(heap.check, heap)))
        probe.used(heap, g, false)
        assert.is_true(heap:check())
      end
    end)

    it("not used, where a block is in a slot", function()
      local g = slot(function(h, g, number)
        return probe.used(h, g) and number > 20 -- and so with slack
      end)
      names("a free slot has bits of a block", "used", g, false)
    end)

    it("that a stack names a slot, and that none does", function()
      names("the count of spare slots is wrong", "used", slot(at.is_spare) + 1,
            true)
      names("the slot that was freed last is no free one of its class", "used",
            probe.field(heap, "recent") + 1, false)
      names("a stack names what is no free slot of its class", "used",
            slot(function(h, g)
              return at.is_named(h, g) and g ~= probe.field(h, "recent")
            end) + 1, false)
    end)

    it("in a slot that is free", function()
      local g = slot(function(h, g, number)
        return at.is_spare(h, g) and number > 4
      end)
      names("a free slot has bits of a block", "used", g + 2, true)
    end)

    it("behind the last slot of a run", function()
      local checked = 0
      at.each_run(heap, function(number, first, behind)
        local n = probe.sizes.granules(number)
        local granules = (behind - first) * PAGE_GRANULES
        if granules % n == 0 then return end
        local tail = first * PAGE_GRANULES + granules // n * n
        local message = "what a run leaves behind its last slot is no HOLE"
        names(message, "used", tail, true)
        if granules % n > 1 then names(message, "start", tail + 1, true) end
        checked = checked + 1
      end)
      assert.is_true(checked > 1)
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

    it("the mark of a node", function()
      names("no node starts at the base", "mark", 0, false)
      names("the count of nodes is wrong", "mark", page(true), false)
      local last = probe.field(heap, "end") // PAGE_GRANULES
      names("a node starts behind the end", "mark", last, true)
    end)

    it("the mark of a node where no segment starts", function()
      local number = page(false)
      while probe.start(heap, number * PAGE_GRANULES) do
        number = number + 1
      end
      names("no segment starts where a node does", "mark", number, true)
    end)

    it("a page of a HOLE that is idle and gone, or neither", function()
      local message = "a free page is not either idle or gone"
      local free = (find(at.is_loose, 2048) + 511) // PAGE_GRANULES
      names(message, "idle", free, not probe.idle(heap, free))
      names(message, "gone", free, not probe.gone(heap, free))
    end)

    it("a page of a block that is idle or gone", function()
      local first = find(at.is_chained, 2048) // PAGE_GRANULES
      for number = first, first + 2 do
        names("a page in use is idle or gone", "idle", number, true)
        names("a page in use is idle or gone", "gone", number, true)
      end
    end)

    it("a page of a fresh block that is idle and gone, or neither", function()
      local message = "a page of a fresh block is not either idle or gone"
      local g = find(function(h, one)
        return at.is_chained(h, one) and at.is_fresh(h, one)
      end, 2048)
      local whole = (g + 511) // PAGE_GRANULES
      names(message, "idle", whole, not probe.idle(heap, whole))
      names(message, "gone", whole, not probe.gone(heap, whole))
      names("a page in use is idle or gone", "used", g + probe.FIELD, false)
    end)

    it("a page of a run that is idle or gone, or should be", function()
      local message = "a page of a run is not as idle or gone as it should be"
      local free, taken
      at.each_run(heap, function(_, first, behind)
        for number = first, behind - 1 do
          if probe.idle(heap, number) or probe.gone(heap, number) then
            free = number
          else
            taken = number
          end
        end
      end)
      names(message, "idle", taken, true)
      names(message, "gone", taken, true)
      if not free then return end
      names(message, probe.idle(heap, free) and "idle" or "gone", free, false)
    end)
  end)

  it("names a PROCESS that is not aligned", function()
    local aligned <close> = assert(mems.open { align = 16, base = 1000 })
    local g = at.granule(aligned:malloc(1000))
    probe.used(aligned, g, false)
    probe.used(aligned, g + 1, true)
    probe.start(aligned, g + 1, true)
    assert.error_matches(function() aligned:check() end,
                         "a PROCESS is not aligned")
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
        processes = "the count of processes is wrong",
        used = "the count of processes is wrong",
        idle_pages = "the count of idle pages is wrong",
        taken = "the count of granules in slots is wrong",
        spare = "the count of granules in slots is wrong",
      } do
        if name == "taken" then
          probe.field(heap, "peak", probe.field(heap, "peak") + 1)
        end
        if name == "used" then
          names_field(message, name, 1)
        else
          names_field(message, name, 1)
          names_field(message, name, -1)
        end
      end
      local taken = probe.field(heap, "used") + probe.field(heap, "taken")
      names("the peak is below what is used", "field", "peak", taken - 1)
      local live = heap:stats().processes
      names("more blocks are live than ever were", "field", "mallocs",
            live - 1)
    end)

    it("each counter of a class", function()
      local _, number = slot(at.is_used)
      for name, message in pairs {
        slots = "the count of slots is wrong",
        spare = "the count of spare slots is wrong",
        chained = "the count of a class's blocks in the chain is wrong",
      } do
        probe.field(heap, "mallocs", 1 << 40)
        names_class(message, number, name, 1)
        names_class(message, number, name, -1)
      end
    end)

    it("the block that was found last", function()
      local g = find(at.is_chained, 20)
      heap:fill(1000 + 8 * g, 1, 8) -- it is found
      names_field("the block found last is none", "last", 8)
      names_field("the block found last is none", "length", 8)
      heap:free(1000 + 8 * g)
      names("the block found last is none", "field", "length", 8)
    end)

    it("the end of what may be in a run", function()
      names_field("the end of what may be in a run is wrong", "runs_end", 8)
    end)

    it("the end of what was ever part of a block", function()
      names("a PROCESS lies where none has been", "field", "known", 100)
    end)

    it("the length that no HOLE has", function()
      local g = find(at.is_loose, 2048)
      names("a HOLE is longer than any is said to be", "field", "hopeless",
            length(g))
      probe.field(heap, "hopeless_align", 512)
      probe.field(heap, "aligned", length(g))
      assert.is_true(heap:check()) -- that is about aligned ones
    end)

    it("the class that has the turn", function()
      names("no class has the turn", "field", "turn", probe.SIZES)
    end)

    it("the class of the slot that was freed last", function()
      local message = "the slot that was freed last has no class"
      for _, number in ipairs { 1, probe.SIZES, 1 << 20 } do
        names(message, "field", "recent_class", number)
      end
    end)

    it("what a class is made of", function()
      for _, number in ipairs { 2, 3, 16, 40, probe.SIZES - 1 } do
        for _, name in ipairs { "granules", "share", "inverse", "most", "mask",
                                "brim", "first", "shift" } do
          names_class("a class is not that of its size", number, name, 1)
        end
        names_class("a stack is too deep", number, "last", 300)
      end
      names_class("a class is not that of its size", 1, "most", 7)
    end)

    it("which class serves a length", function()
      for _, n in ipairs { 1, 9, 100, 512 } do
        names("the table of classes is wrong", "number", n,
              probe.number(heap, n) + 1)
      end
    end)
  end)

  describe("names what is wrong in a stack:", function()
    -- Class and entry of a slot that a stack names: the last one named.
    local function an_entry()
      for number = probe.SIZES - 1, 2, -1 do
        local first = probe.class(heap, number, "first")
        local top = probe.class(heap, number, "top")
        if top > first + 1 then return number, first, top end
      end
    end

    it("an entry that names something else", function()
      local number, i = an_entry()
      local n, last = probe.sizes.granules(number), probe.field(heap, "end")
      local named = probe.stack(heap, i)
      local message = "a stack names what is no free slot of its class"
      local other = slot(function(h, g, class)
        return class ~= number and at.is_named(h, g)
      end)
      for _, g in ipairs {
        last, last + n, (1 << 32) - 1, find(at.is_loose), find(at.is_chained),
        slot(at.is_used), slot(at.is_spare), other, named + 1, named + n - 1
      } do
        names(message, "stack", i, g)
      end
    end)

    it("an entry that is there twice", function()
      local _, first = an_entry()
      names("a stack names what is no free slot of its class", "stack", first,
            probe.stack(heap, first + 1))
    end)

    it("an entry that was freed last as well", function()
      local number = probe.field(heap, "recent_class")
      local top = probe.class(heap, number, "top")
      local first = probe.class(heap, number, "first")
      assert.is_true(top > first)
      names("a stack names what is no free slot of its class", "stack",
            top - 1, probe.field(heap, "recent"))
    end)

    it("its top", function()
      local number = an_entry()
      local outside = "the top of a stack is outside of it"
      local first = probe.class(heap, number, "first")
      local last = probe.class(heap, number, "last")
      for _, top in ipairs { 0, first - 1, last + 1, (1 << 32) - 1 } do
        names(outside, "class", number, "top", top)
      end
      probe.field(heap, "mallocs", 1 << 40)
      names_class("the stacks name not just the slots that say so", number,
                  "top", -1)
    end)

    it("the slot that was freed last", function()
      local message = "the slot that was freed last is no free one of its class"
      for _, g in ipairs {
        find(at.is_chained), slot(at.is_used), slot(at.is_spare),
        probe.field(heap, "end"), probe.field(heap, "recent") + 1
      } do
        names(message, "field", "recent", g)
      end
    end)
  end)

  describe("names what is wrong in the page map:", function()
    -- The first and the last page of the first run of `least` pages, and its
    -- class.
    local function a_run(least)
      local run
      at.each_run(heap, function(number, first, behind)
        if not run and behind - first >= least then
          run = { first, behind - 1, number }
        end
      end)
      return table.unpack(run)
    end

    it("a page behind the end", function()
      names("a page of a run is behind the end", "map",
            probe.field(heap, "end") // PAGE_GRANULES, 5)
    end)

    it("a class that is none", function()
      local first = a_run(1)
      for _, number in ipairs { 1, probe.SIZES, 255 } do
        names("a page has no such class", "map", first, number)
      end
    end)

    it("a run where no segment starts", function()
      local number = page(false)
      while probe.start(heap, number * PAGE_GRANULES) do
        number = number + 1
      end
      names("no segment starts where a run does", "map", number, 5)
    end)

    it("a page without a run #limits", function()
      local message = "a page is of no run"
      local first, last, number = a_run(2)
      names(message, "map", first, number | 1 << 8)
      names(message, "map", first, 0)
      names(message, "map", last, number + 1 | (last - first) << 8)
      names(message, "map", last, number | (last - first + 1) << 8)
      names(message, "map", last, number | probe.RUN_MOST << 8)
    end)

    it("a run in two nodes", function()
      local last, number
      at.each_run(heap, function(class, first, behind)
        if probe.mark(heap, behind) and behind == first + 1
          and probe.map(heap, behind) == 0 then
          last, number = behind, class
        end
      end)
      names("a run lies in two nodes", "map", last, number | 1 << 8)
    end)

    it("a run of another class, or of none", function()
      local first, last, number = a_run(1)
      assert.equal(first, last)
      for _, entry in ipairs { number + 1, number - 1, 0 } do
        local old = probe.map(heap, first, entry)
        assert.is_false((pcall(heap.check, heap)))
        probe.map(heap, first, old)
        assert.is_true(heap:check())
      end
    end)

    it("a run that ends too early #limits", function()
      local first, last = a_run(2)
      assert.is_true(last > first)
      local old = probe.map(heap, last, 0)
      assert.is_false((pcall(heap.check, heap)))
      probe.map(heap, last, old)
      assert.is_true(heap:check())
    end)
  end)

  describe("names what is wrong in a set:", function()
    -- Of each of the two: class and region of a member.
    local function members()
      local g = find(at.is_loose, 512)
      local spare, number = slot(at.is_spare)
      local run = spare // PAGE_GRANULES
      run = run - (probe.map(heap, run) >> 8)
      return { holes = { probe.bins.class_of(length(g)), g // probe.REGION },
               runs = { number, run } }
    end

    it("a region that is missing", function()
      local messages = { holes = "a HOLE is in no index",
                         runs = "a run with free slots is in no index" }
      for which, member in pairs(members()) do
        local class, region = table.unpack(member)
        -- so that its word is not empty without it
        probe.bins.include(heap, which, region ~ 1, class)
        names(messages[which], "set", which, 0, class, region, false)
      end
    end)

    it("each level of the summaries", function()
      local message = "a summary of a set differs from what it stands for"
      for which, member in pairs(members()) do
        for level = 1, probe.sets(heap, which, "top") do
          names(message, "set", which, level, member[1], 0, false)
        end
      end
    end)

    it("a summary that leads out of the set", function()
      for which, member in pairs(members()) do
        names("a summary of a set has a bit behind the last region", "set",
              which, 1, member[1], 40, true)
      end
    end)

    it("the classes that are present", function()
      local message = "the classes present are not those of the sets"
      for which, member in pairs(members()) do
        local word = member[1] < 64 and "present" or "present_above"
        names(message, "sets", which, word,
              probe.sets(heap, which, word) ~ 1 << member[1] % 64)
        names(message, "sets", which, "present_above",
              probe.sets(heap, which, "present_above") | 1 << 62)
      end
    end)
  end)
end)

-- Breaks the stacks: each takes the heap and a function that draws a granule
-- which is no free slot of a class, or one that is.
local function stack_breakers(probe, breaks)
  local random = math.random

  local function each_stack(heap, verb)
    for number = 2, probe.SIZES - 1 do
      local first = probe.class(heap, number, "first")
      local top = probe.class(heap, number, "top")
      if top > first then verb(number, first, top) end
    end
  end

  function breaks.entries(heap, draw)
    each_stack(heap, function(number, first, top)
      for i = first, top - 1 do
        if random(3) == 1 then probe.stack(heap, i, draw(number)) end
      end
    end)
  end

  function breaks.recent(heap, draw)
    local number = probe.field(heap, "recent_class")
    if number ~= 0 then probe.field(heap, "recent", draw(number)) end
  end

  -- Entries that another one names as well, or the slot that was freed last.
  function breaks.twins(heap)
    each_stack(heap, function(number, first, top)
      for i = first, top - 1 do
        if random(2) == 1 then
          local other = probe.stack(heap, random(first, top - 1))
          if number == probe.field(heap, "recent_class") and random(4) == 1
          then
            other = probe.field(heap, "recent")
          end
          probe.stack(heap, i, other)
        end
      end
    end)
  end

  function breaks.lost(heap)
    each_stack(heap, function(number, first, top)
      if random(3) == 1 then
        probe.class(heap, number, "top", random(first, top))
      end
    end)
  end

  -- Runs that the page map has forgotten: all there is is the chain's then.
  function breaks.forgotten(heap, _, each_run)
    each_run(heap, function(_, first, behind)
      if random(4) > 1 then return end
      for page = first, behind - 1 do probe.map(heap, page, 0) end
    end)
  end
end

-- The same for the sets of HOLEs, or of runs: too many regions, some that are
-- missing, words and summaries that don't agree.
local function set_breakers(probe, breaks, which)
  local random = math.random

  local function regions(heap)
    return probe.sets(heap, which, "usable") // (8 * probe.CLASSES) * 64
  end

  breaks[which .. " members"] = function(heap)
    for _ = 1, 50 do
      local verb = random(2) == 1 and "include" or "exclude"
      probe.bins[verb](heap, which, random(0, regions(heap) - 1),
                       random(0, probe.CLASSES - 1))
    end
  end

  breaks[which .. " words"] = function(heap)
    for _ = 1, 20 do
      probe.set(heap, which, 0, random(0, probe.CLASSES - 1),
                random(0, regions(heap) - 1), random(2) == 1)
    end
  end

  -- Any bit of any level: summaries lead nowhere, or out of the set.
  breaks[which .. " summaries"] = function(heap)
    for _ = 1, 10 do
      probe.set(heap, which, random(0, probe.sets(heap, which, "top")),
                random(0, probe.CLASSES - 1), random(0, 63), random(2) == 1)
    end
  end

  breaks[which .. " classes"] = function(heap)
    probe.sets(heap, which, "present", random(0))
    probe.sets(heap, which, "present_above", random(0))
  end

  -- Nothing is found any more, or everything everywhere.
  breaks[which .. " all"] = function(heap)
    local on = random(2) == 1
    for class = 0, probe.CLASSES - 1 do
      for i = 0, math.min(63, regions(heap) - 1) do
        probe.set(heap, which, 0, class, i, on)
      end
    end
  end
end

describe("a heap whose index is wrong", function()
  if not inside.built then return pending("needs the probes: `make test`") end

  local mems, probe, leave, at
  local random = math.random

  setup(function()
    mems, probe, leave = inside.enter()
    at = guide_to_runs(probe, guide(mems, probe))
  end)
  teardown(function() leave() end)

  local function a_size()
    local kind = random(20)
    if kind == 1 then return random(200000) end
    return kind < 5 and random(6000) or random(200)
  end

  local function allocate(heap, live)
    local size = a_size()
    local zero = random(5) == 1
    local addr
    if zero then addr = heap:calloc(1, size) else addr = heap:malloc(size) end
    if not addr then return end
    if zero then
      assert.is_nil(heap:readstring(addr, size):find("[^\0]"))
    end
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
    if random(500) == 1 then heap:trim() end
    if #live == 0 or random(100) <= (#live < 200 and 60 or 45) then
      allocate(heap, live)
    elseif random(4) == 1 then
      resize(heap, live)
    else
      release(heap, live)
    end
  end

  -- Draws granules that are likely to be the wrong ones for a stack of a
  -- class, but for one kind: what lies inside a run of that class and is not
  -- a slot's start, which nothing looks at.
  local function drawer(heap, live)
    return function(number)
      local last, kind = probe.field(heap, "end"), random(5)
      if kind == 1 or last == 0 then return last + random(0, 100) end
      if kind == 2 then return (1 << 32) - random(3) end
      if kind == 3 and #live > 0 then
        return (live[random(#live)].addr - 1000) // 8
      end
      local g = random(0, last - 1)
      if kind == 4 then g = probe.chain.prev(heap, g) end
      if probe.map(heap, g // PAGE_GRANULES) & 0xff ~= number then return g end
      g = probe.chain.prev(heap, g)
      local n = probe.sizes.granules(number)
      return at.length(heap, g) == n and g or last
    end
  end

  -- What check may find where a hint was broken.
  local HINTS <const> = {
    ["a summary of a set differs from what it stands for"] = true,
    ["a summary of a set has a bit behind the last region"] = true,
    ["the classes present are not those of the sets"] = true,
    ["a HOLE is in no index"] = true,
    ["a run with free slots is in no index"] = true,
  }

  local function expect_hints(heap)
    local ok, message = pcall(heap.check, heap)
    if ok then return end
    message = message:match("the heap is damaged: (.*)")
    assert.is_true(HINTS[message], message)
  end

  local function survives(break_it, rounds, is_hint)
    local limit = 1 << random(14, 26)
    local heap <close> = assert(mems.open { limit = limit, base = 1000 })
    local live = {}
    local draw = drawer(heap, live)
    for _ = 1, rounds do
      for _ = 1, 200 do step(heap, live) end
      if is_hint then expect_hints(heap) end
      break_it(heap, draw, at.each_run)
    end
    for _, block in ipairs(live) do verify(heap, block) end
    while #live > 0 do release(heap, live) end
  end

  local function never(shown, name, is_hint)
    it("never hands out live memory: " .. shown, function()
      local breaks, seed = {}, os.time()
      stack_breakers(probe, breaks)
      set_breakers(probe, breaks, "holes")
      set_breakers(probe, breaks, "runs")
      math.randomseed(seed)
      for _ = 1, shell.scaled(3) do
        local rounds = math.max(5, shell.scaled(20))
        local ok, message = pcall(survives, breaks[name], rounds, is_hint)
        if not ok then
          error(("seed %d: %s"):format(seed, tostring(message)), 0)
        end
      end
    end)
  end

  for name, shown in pairs {
    entries = "entries of stacks", twins = "entries that stand there twice",
    recent = "the slot that was freed last", lost = "entries that were lost",
    forgotten = "runs that are not in the page map",
  } do
    never(shown, name, false)
  end

  for _, which in ipairs { "holes", "runs" } do
    for name, shown in pairs {
      members = "members of sets", words = "words of sets",
      classes = "classes that are present", summaries = "summaries of sets",
      all = "whole sets",
    } do
      never(shown .. " of " .. which, which .. " " .. name, true)
    end
  end
end)

describe("a page map that is wrong", function()
  if not inside.built then return pending("needs the probes: `make test`") end

  local mems, probe, leave, at, heap
  local SIZE <const>, CLASS <const> = 128, 16
  local blocks

  setup(function()
    mems, probe, leave = inside.enter()
    at = guide_to_runs(probe, guide(mems, probe))
  end)
  teardown(function() leave() end)
  before_each(function()
    heap = assert(mems.open { base = 1000 })
    blocks = {}
    for i = 1, 400 do
      blocks[i] = mems.tointeger(assert(heap:malloc(SIZE)))
    end
  end)
  after_each(function() heap:close() end)

  it("leads malloc to no slot of such a page", function()
    -- one of each page has been freed last
    local last_of = {}
    for _, addr in ipairs(blocks) do
      local page = at.granule(addr) // PAGE_GRANULES
      if probe.map(heap, page) == CLASS then last_of[page] = addr end
    end
    local wrong = {}
    for page, addr in pairs(last_of) do
      heap:free(addr)
      if page % 2 == 0 then wrong[page] = true end
    end
    assert.is_truthy(next(wrong))
    for page in pairs(wrong) do
      probe.map(heap, page, page % 4 == 0 and 0 or CLASS + 1)
    end
    for _ = 1, 100 do
      local g = at.granule(assert(heap:malloc(SIZE)))
      assert.is_nil(wrong[g // PAGE_GRANULES])
    end
  end)

  it("has free refuse what starts no slot of its class", function()
    local refused = 0
    for _, addr in ipairs(blocks) do
      local g = at.granule(addr)
      local page = g // PAGE_GRANULES
      if probe.map(heap, page) == CLASS and g % PAGE_GRANULES % 17 ~= 0 then
        probe.map(heap, page, 17)
        assert.not_equal(0, probe.free_code(heap, addr + 8))
        assert.is_true(probe.used(heap, g))
        probe.map(heap, page, CLASS)
        refused = refused + 1
      end
    end
    assert.is_true(refused > 100 and heap:check())
    for _, addr in ipairs(blocks) do heap:free(addr) end
  end)
end)

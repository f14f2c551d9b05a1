-- Pictures of heaps: every byte of the heap is somewhere in them, and their
-- size is bounded.

local mems = require "mems"
local refused = require "spec.support.misuse".refused
local shell = require "spec.support.shell"

local random = math.random

-- A heap in which blocks come and go.
local function lived(options, count, most, rounds)
  local heap, live = assert(mems.open(options)), {}
  for _ = 1, rounds do
    local i = random(count)
    if live[i] then
      heap:free(live[i])
      live[i] = nil
    else
      live[i] = heap:malloc(random(most))
    end
  end
  return heap
end

describe("extents", function()
  -- All that extents tell, summed up.
  local function sums(heap, unit)
    local s = { size = 0, blocks = 0, live = 0, requested = 0, holes = 0,
                waiting = 0, count = 0 }
    for _, size, blocks, live, requested, holes, waiting in
      heap:extents(unit) do
      s.size, s.blocks, s.live = s.size + size, s.blocks + blocks, s.live + live
      s.requested, s.holes = s.requested + requested, s.holes + holes
      s.waiting, s.count = s.waiting + waiting, s.count + 1
    end
    return s
  end

  it("of each unit are all of the heap", function()
    local heap <close> = lived({ quarantine = 5000 }, 400, 3000, 3000)
    local stats, last = heap:stats(), math.maxinteger
    for _, unit in ipairs { 0, 64, 1000, 20000, math.maxinteger } do
      local s = sums(heap, unit)
      assert.equal(stats.mapped, s.size)
      assert.equal(stats.processes, s.blocks)
      assert.equal(stats.used, s.live)
      assert.equal(stats.requested, s.requested)
      assert.equal(stats.holes, s.holes)
      assert.equal(stats.quarantined, s.waiting)
      assert.is_true(s.count <= last)
      last = s.count
    end
  end)

  it("of unit 0 are the segments", function()
    local heap <close> = lived({ quarantine = 500 }, 100, 500, 1000)
    local next = heap:extents()
    for kind, addr, size, requested in heap:segments() do
      local at, bytes, blocks, live, asked, holes, _, slot = next()
      assert.equal(addr, at)
      assert.equal(size, bytes)
      assert.equal(kind == "PROCESS" and 1 or 0, blocks)
      assert.equal(1 - blocks, holes)
      assert.equal(requested, asked)
      assert.equal(blocks * size, live)
      if slot > 0 and blocks > 0 then assert.equal(slot, size) end
    end
    assert.is_nil(next())
  end)

  it("keep to their unit, to nodes and to slots of one length", function()
    local heap <close> = lived(nil, 300, 200, 2000)
    local nodes, runs = {}, 0
    for addr in heap:nodes() do nodes[heap:tointeger(addr)] = true end
    for addr, size, blocks, _, _, holes, _, slot in heap:extents(600) do
      local from = heap:tointeger(addr)
      assert.is_true(size <= 600 or blocks + holes == 1)
      for at = from + 8, from + size - 8, 8 do assert.is_nil(nodes[at]) end
      if slot > 0 then
        assert.is_true((blocks + holes) * slot >= size) -- a run may have a rest
        runs = runs + 1
      end
    end
    assert.is_true(runs > 3)
  end)

  it("refuse a unit that is none", function()
    local heap <close> = mems.open()
    assert.match("unit has to be at least 0, got %-1",
                 refused(heap.extents, heap, -1))
    assert.match("unit has to be an integer, got \"x\"",
                 refused(heap.extents, heap, "x"))
    assert.match("no such argument", refused(heap.extents, heap, 1, 2))
  end)
end)

describe("a picture", function()
  -- Is it well-formed, as far as its elements go? Gives how many of each.
  local function elements(svg)
    local open, counts = {}, {}
    for close, name, rest in svg:gmatch("<(/?)(%w+)(.-)>") do
      if close == "/" then
        assert.equal(name, table.remove(open))
      else
        counts[name] = (counts[name] or 0) + 1
        if rest:sub(-1) ~= "/" then open[#open + 1] = name end
      end
    end
    assert.same({}, open)
    return counts
  end

  it("shows each block and hole of a small heap", function()
    local heap <close> = mems.open { base = 1000 }
    local p = heap:malloc(100)
    heap:malloc(3000)
    heap:free(p)
    local svg = heap:picture()
    assert.match("^<svg xmlns=", svg)
    assert.match(">1 block: 2.9 KiB asked for", svg)
    assert.match("<title>block 1104 of 3000 bytes, takes 3000</title>", svg)
    assert.match("<title>hole 1000 of 104 bytes</title>", svg)
    assert.match("<title>hole 4104 of 992 bytes</title>", svg)
    assert.match(">1000</text>", svg)
    elements(svg)
  end)

  it("shows what waits, the runs, and where blocks were allocated", function()
    local heap <close> = mems.open { trace = true, quarantine = 1000 }
    local last
    for _ = 1, 2000 do last = heap:malloc(40) end
    heap:free(last)
    local svg = heap:picture()
    assert.match("freed, waits in the quarantine: %d+ of 40 bytes\n\z
                  in a run of slots of 40 bytes", svg)
    assert.match("in the quarantine</text>", svg)
    assert.match("a run of slots", svg)
    assert.match("allocated at spec/picture_spec.lua:%d+</title>",
                 heap:picture(nil, { width = 10000 }))
    assert.match("node %d+ of 4 KiB", svg)
    elements(svg)
  end)

  it("takes neighbours together where there are many", function()
    local heap <close> = lived(nil, 20000, 3000, 60000)
    local svg = heap:picture()
    local counts = elements(svg)
    assert.is_true(#svg < 3 << 20, #svg)
    assert.is_true(counts.g < 16000, counts.g)
    assert.match("%d+ blocks, %d+ bytes each on average", svg)
    assert.match("counted from address %d+", svg)
  end)

  it("of a heap of a gigabyte is not larger", function()
    local heap <close> = mems.open()
    for i = 1, 1000 do heap:malloc(1 << 20 - (i & 3)) end
    for _ = 1, 1000 do heap:malloc(random(500)) end
    local svg = heap:picture()
    assert.is_true(#svg < 1 << 20)
    assert.match(">%+%d+ MiB</text>", svg)
    elements(svg)
  end)

  it("of a heap with nothing in it says so", function()
    local heap <close> = mems.open()
    assert.match("nothing is mapped", heap:picture())
    assert.match("nothing is mapped", heap:map())
  end)

  it("has a title, which may be any text", function()
    local heap <close> = mems.open()
    heap:malloc(1)
    assert.match(">a &lt;b&gt; &amp; &quot;c&quot;</text>",
                 heap:picture(nil, { title = 'a <b> & "c"' }))
  end)

  it("goes to a file, or says why not", function()
    local heap <close> = mems.open()
    heap:malloc(100)
    local path = os.tmpname()
    assert.is_true(heap:picture(path))
    assert.equal(heap:picture(), shell.read(path))
    os.remove(path)
    local none, message, code = heap:picture "/nowhere/x.svg"
    assert.is_nil(none)
    assert.match("/nowhere/x.svg", message)
    assert.equal(2, code)
    none, message = heap:picture "/dev/full"
    assert.is_nil(none)
    assert.is_string(message)
  end)

  it("changes nothing in the heap", function()
    local heap <close> = lived({ quarantine = 3000 }, 100, 500, 1000)
    local before = heap:stats()
    heap:picture()
    heap:map()
    assert.same(before, heap:stats())
    assert.is_true(heap:check())
  end)

  it("refuses arguments that are none", function()
    local heap <close> = mems.open()
    for message, arguments in pairs {
      ["#1 to 'picture' %(a path expected, got 5"] = { 5 },
      ["#2 to 'picture' %(a table of options expected, got true"] =
        { "x", true },
      ["#2 to 'picture' %(unknown option \"size\""] = { "x", { size = 1 } },
      ["option 'width' has to be an integer from 300 to 10000, got 1.5"] =
        { "x", { width = 1.5 } },
      ["option 'title' has to be a string, got a table"] =
        { "x", { title = {} } },
    } do
      assert.match(message, refused(heap.picture, heap,
                                    table.unpack(arguments)))
    end
    assert.match("spec/picture_spec.lua:%d+: bad argument #1 to 'map' \z
                  %(width has to be an integer from 8 to 1000, got 7",
                 refused(function() heap:map(7) end))
    for _, f in ipairs {
      function() heap:picture(5) end, function() heap:picture("x", 5) end,
      function() heap:picture("x", { width = 5 }) end,
    } do
      assert.match("^spec/picture_spec.lua:%d+: bad", refused(f))
    end
    heap:close()
    assert.match("the heap is closed", refused(heap.picture, heap))
  end)
end)

describe("a map", function()
  it("shows how much of each piece is live", function()
    local heap <close> = mems.open { base = 1000, quarantine = 2000 }
    heap:malloc(2048)
    local p = heap:malloc(512)
    heap:free(p)
    assert.equal("1000 ████x···\n512 B a character; ▁ to █: how much is \z
      live, ·: nothing, x: freed and waits", heap:map(8))
  end)

  it("has at most a line for each node, or 24", function()
    for _, rounds in ipairs { 10, 1000, 30000 } do
      local heap <close> = lived(nil, 10000, 3000, rounds)
      local _, lines = heap:map(32):gsub("\n", "\n")
      assert.is_true(lines <= 26, lines)
      for line in heap:map(32):gmatch("[^\n]+") do
        if not line:find "character" then
          assert.is_true(utf8.len(line:match("%S+$")) <= 32, line)
        end
      end
    end
  end)
end)

describe("examples/picture.lua", function()
  it("draws a heap that has lived", function()
    local path = os.tmpname()
    local printed, complained, code = shell.lua("examples/picture.lua", path,
                                                100)
    assert.equal("", complained)
    assert.equal(0, code)
    assert.match("\n%d+ blocks, %d+ holes\n", printed)
    assert.match("A heap that has lived", shell.read(path))
    assert.match("examples/picture.lua:%d+", shell.read(path))
    os.remove(path)
    local _, usage, failed = shell.lua("examples/picture.lua", "x", "y")
    assert.equal(2, failed)
    assert.match("usage", usage)
  end)
end)

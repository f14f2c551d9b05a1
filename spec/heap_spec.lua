-- Heaps and whole blocks, as Lua sees them.

local mems = require "mems"
local shell = require "spec.support.shell"
local refused = require "spec.support.misuse".refused

local function fresh(options)
  pcall(mems.finish)
  assert(mems.init(options))
end

-- The heap as a list of lines such as "PROCESS 1000 1000 1000".
local function chain(heap, node)
  local lines = {}
  local iterator
  if heap then iterator = heap:segments(node)
  else iterator = mems.segments(node) end
  for kind, addr, size, requested in iterator do
    lines[#lines + 1] = string.format("%s %d %d %d", kind,
                                      mems.tointeger(addr), size, requested)
  end
  return lines
end

-- `count` blocks of `size` bytes.
local function fill(heap, size, count)
  local blocks = {}
  for i = 1, count do blocks[i] = assert(heap:malloc(size)) end
  return blocks
end

describe("init", function()
  before_each(function() pcall(mems.finish) end)
  after_each(function() pcall(mems.finish) end)

  it("opens the default heap", function()
    assert.is_true(mems.init())
    assert.equal(mems.toaddress(1000), mems.malloc(1))
  end)

  it("opens it again after finish", function()
    mems.init()
    mems.malloc(8)
    mems.finish()
    assert.is_true(mems.init())
    assert.equal(0, mems.stats().processes)
  end)

  it("takes an empty table, or nil", function()
    assert.is_true(mems.init {})
    mems.finish()
    assert.is_true(mems.init(nil))
  end)

  it("starts at the base it is given", function()
    mems.init { base = 1 << 40 }
    assert.equal(1 << 40, mems.tointeger(mems.malloc(10)))
    assert.equal(1 << 40, mems.stats().base)
  end)

  it("makes no node smaller than a page it is given", function()
    mems.init { page = 65536 }
    mems.malloc(1)
    assert.equal(65536, mems.stats().mapped)
  end)

  it("aligns every block as it is told", function()
    mems.init { align = 256 }
    for _ = 1, 20 do
      local physical = mems.tointeger(mems.get(mems.malloc(33)))
      assert.equal(0, physical % 256)
    end
    assert.equal(256, mems.stats().align)
  end)

  it("keeps to its limit", function()
    mems.init { limit = 65536 }
    assert.equal(65536, mems.stats().limit)
    local addr, message, code = mems.malloc(65537)
    assert.is_nil(addr)
    assert.equal("the limit of the heap would be passed", message)
    assert.equal(mems.ELIMIT, code)
    assert.is_truthy(mems.malloc(65536))
  end)

  it("takes the smallest and the greatest of each option", function()
    for _, options in ipairs {
      { limit = 4096 }, { limit = 1 << 30 }, { base = 8 },
      { base = 1 << 62 }, { page = 4096 }, { page = 1 << 30 }, { align = 8 },
      { align = 4096 }, { quarantine = 0 }, { quarantine = 1 << 20 },
      { fill = false }, { fill = true }
    } do
      local heap <close> = assert(mems.open(options))
      assert.is_true(heap:check())
    end
  end)

  it("fills blocks if it is told to", function()
    mems.init { fill = true }
    local block = mems.malloc(100)
    assert.equal(("\xAA"):rep(100), mems.readstring(block, 100))
    assert.equal(("\0"):rep(50), mems.readstring(mems.calloc(5, 10), 50))
  end)
end)

describe("finish", function()
  it("tells what was still allocated", function()
    fresh()
    assert.same({ 0, 0 }, { mems.finish() })
    mems.init()
    mems.malloc(13)
    mems.free(mems.malloc(100))
    mems.calloc(3, 5)
    assert.same({ 2, 28 }, { mems.finish() })
  end)
end)

describe("malloc", function()
  before_each(function() fresh() end)
  after_each(function() pcall(mems.finish) end)

  it("gives the addresses of the classic session", function()
    local addresses = {}
    for i = 1, 10 do addresses[i] = mems.tointeger(mems.malloc(1000)) end
    assert.same({ 1000, 2000, 3000, 4000, 5096, 6096, 7096, 8096, 9192, 10192 },
                addresses)
  end)

  it("gives a light userdata", function()
    assert.equal("userdata", type(mems.malloc(1)))
    assert.equal(mems.toaddress(1000), mems.toaddress(1000))
  end)

  it("takes whole floats and numerals, as Lua does", function()
    assert.equal(16, mems.size(mems.malloc(16.0)))
    assert.equal(16, mems.size(mems.malloc("16")))
  end)

  it("aligns a block on request", function()
    for shift = 0, 12 do
      mems.malloc(3)
      local block = mems.malloc(10, 1 << shift)
      assert.equal(0, mems.tointeger(mems.get(block)) % (1 << shift))
      assert.equal(10, mems.size(block))
    end
    assert.equal(8, mems.size(mems.malloc(8, nil)))
  end)

  it("gives nil, a message and a code where there is no memory", function()
    for _, size in ipairs { 1 << 62, math.maxinteger, 2.0 ^ 62 } do
      local addr, message, code = mems.malloc(size)
      assert.is_nil(addr)
      assert.equal("the limit of the heap would be passed", message)
      assert.equal(mems.ELIMIT, code)
      assert.is_true(mems.check())
    end
    assert.equal(0, mems.stats().processes)
    assert.is_nil((mems.malloc(1 << 62, 64)))
  end)
end)

describe("calloc", function()
  before_each(function() fresh() end)
  after_each(function() pcall(mems.finish) end)

  it("gives zeros, also where a block was before", function()
    local block = mems.malloc(1000)
    mems.fill(block, 255, 1000)
    mems.free(block)
    block = mems.calloc(100, 10)
    assert.equal(1000, mems.size(block))
    assert.equal(("\0"):rep(1000), mems.readstring(block, 1000))
  end)

  it("gives nil where the product is too much", function()
    for _, count in ipairs { 1 << 31, 1 << 61, math.maxinteger } do
      local addr, message, code = mems.calloc(count, math.maxinteger)
      assert.is_nil(addr)
      assert.equal("the limit of the heap would be passed", message)
      assert.equal(mems.ELIMIT, code)
    end
  end)

  it("takes counts and sizes from 1", function()
    assert.equal("bad argument #1 to 'calloc' (count has to be at least 1, " ..
                 "got 0)", refused(mems.calloc, 0, 8))
    assert.equal("bad argument #2 to 'calloc' (size has to be at least 1, " ..
                 "got -8)", refused(mems.calloc, 8, -8))
    assert.equal("bad argument #2 to 'calloc' (size has to be an integer, " ..
                 "got no value)", refused(mems.calloc, 8))
  end)
end)

describe("realloc", function()
  before_each(function() fresh() end)
  after_each(function() pcall(mems.finish) end)

  it("keeps the contents, whether the block grows or shrinks", function()
    local text = ("0123456789"):rep(20)
    local block = mems.malloc(200)
    mems.writestring(block, text)
    local wall = mems.malloc(8)
    local moved = mems.realloc(block, 5000)
    assert.equal(text, mems.readstring(moved, 200))
    assert.equal(5000, mems.size(moved))
    moved = mems.realloc(moved, 30)
    assert.equal(text:sub(1, 30), mems.readstring(moved, 30))
    assert.equal(30, mems.size(moved))
    mems.free(wall)
    assert.is_true(mems.check())
  end)

  it("makes the old address a dead one when the block moves", function()
    local block = mems.malloc(100)
    mems.malloc(8)
    local moved = mems.realloc(block, 10000)
    assert.not_equal(block, moved)
    assert.equal("bad argument #1 to 'free' (address 1000 is free already)",
                 refused(mems.free, block))
  end)

  it("allocates if there is no block yet", function()
    assert.equal(77, mems.size(mems.realloc(nil, 77)))
  end)

  it("leaves the block whole beyond the limit", function()
    fresh { limit = 65536 }
    local block = mems.malloc(1000)
    mems.fill(block, 7, 1000)
    local addr, message, code = mems.realloc(block, 70000)
    assert.is_nil(addr)
    assert.equal("the limit of the heap would be passed", message)
    assert.equal(mems.ELIMIT, code)
    assert.equal(1000, mems.size(block))
    assert.equal(("\7"):rep(1000), mems.readstring(block, 1000))
    assert.is_true(mems.check())
  end)
end)

describe("free", function()
  before_each(function() fresh() end)
  after_each(function() pcall(mems.finish) end)

  it("returns nothing", function()
    assert.equal(0, select("#", mems.free(mems.malloc(1))))
  end)

  it("takes an integer as well", function()
    mems.malloc(8)
    mems.free(1000)
    assert.equal(0, mems.stats().processes)
  end)

  it("makes a hole that is used again", function()
    local block = mems.malloc(100)
    mems.malloc(100)
    mems.free(block)
    assert.equal(block, mems.malloc(100))
  end)

  it("merges neighbouring holes", function()
    local a, b, c = mems.malloc(16), mems.malloc(16), mems.malloc(16)
    mems.malloc(16)
    mems.free(a)
    mems.free(c)
    mems.free(b)
    assert.same({ "HOLE 1000 48 0", "PROCESS 1048 16 16",
                  "HOLE 1064 4032 0" }, chain())
  end)
end)

describe("a hole", function()
  it("is used merged at once in a heap of up to three pages", function()
    for _, order in ipairs { { 1, 2, 3 }, { 3, 2, 1 }, { 1, 3, 2 } } do
      local heap <close> = assert(mems.open())
      local list = fill(heap, 96, 100)
      assert.equal(12288, heap:stats().mapped)
      for _, i in ipairs(order) do heap:free(list[10 + i]) end
      assert.equal(list[11], heap:malloc(3 * 96))
      assert.is_true(heap:check())
    end
  end)

  it("makes room for a page before a small heap grows", function()
    for _, size in ipairs { 24, 96, 256, 1000 } do
      local heap <close> = assert(mems.open())
      local list = fill(heap, size, 40000 // size)
      local mapped = heap:stats().mapped
      assert.is_true(mapped > 12288 and mapped <= 65536)
      for _, block in ipairs(list) do heap:free(block) end
      assert.is_truthy(heap:malloc(4096))
      assert.equal(mapped, heap:stats().mapped)
      assert.is_true(heap:check())
    end
  end)

  it("is one with its neighbours at once, in whichever order", function()
    for _, order in ipairs { { 1, 2, 3 }, { 3, 2, 1 }, { 1, 3, 2 } } do
      local heap <close> = assert(mems.open())
      local list = fill(heap, 100000, 6)
      for _, i in ipairs(order) do heap:free(list[1 + i]) end
      assert.equal(list[2], heap:malloc(300000))
      assert.is_true(heap:check())
    end
  end)

  it("is one with all that is free, before memory is refused", function()
    local limit = 1 << 20
    for _, size in ipairs { 16, 48, 200, 1000, 1100, 5000, 20000 } do
      local heap <close> = assert(mems.open { limit = limit })
      local list = {}
      while true do
        local block = heap:malloc(size)
        if not block then break end
        list[#list + 1] = block
      end
      assert.is_true(#list * size > limit * 0.8)
      for i = 2, #list do heap:free(list[i]) end
      -- the first 64 KiB are nodes of their own, and one block is left
      assert.is_truthy(heap:malloc(limit - 80000))
      assert.is_true(heap:check())
    end
  end)
end)

describe("a batch", function()
  local orders <const> = {
    ["in order"] = function() end,
    ["in reverse"] = function(blocks)
      table.sort(blocks, function(a, b)
        return mems.tointeger(a) > mems.tointeger(b)
      end)
    end,
    ["at random"] = function(blocks)
      for i = #blocks, 2, -1 do
        local j = math.random(i)
        blocks[i], blocks[j] = blocks[j], blocks[i]
      end
    end,
    ["in two halves at once"] = function(blocks)
      for i = 2, #blocks - 1, 2 do
        local j = #blocks + 1 - i
        blocks[i], blocks[j] = blocks[j], blocks[i]
      end
    end,
  }

  for how, order in pairs(orders) do
    it("freed " .. how .. " leaves nothing but holes", function()
      for _, size in ipairs { 1, 16, 24, 48, 200, 256, 257, 1000, 9000 } do
        local heap <close> = assert(mems.open { limit = 1 << 26 })
        local blocks = fill(heap, size, math.max(300, shell.scaled(3000)))
        assert.is_true(heap:check())
        order(blocks)
        for i, block in ipairs(blocks) do
          heap:free(block)
          if i % 500 == 0 then assert.is_true(heap:check()) end
        end
        assert.equal(0, heap:stats().used)
        heap:trim()
        assert.is_true(heap:check())
        assert.equal(0, heap:stats().mapped)
      end
    end)
  end

  it("of one size comes back to where the last one was", function()
    local heap <close> = assert(mems.open())
    local count = math.max(1000, shell.scaled(5000))
    local first = fill(heap, 128, count)
    local mapped = heap:stats().mapped
    for _ = 1, 5 do
      for i = #first, 1, -1 do heap:free(first[i]) end
      first = fill(heap, 128, count)
      assert.is_true(heap:check())
    end
    assert.equal(mapped, heap:stats().mapped)
  end)
end)

describe("get", function()
  before_each(function() fresh() end)
  after_each(function() pcall(mems.finish) end)

  it("takes any address inside a block", function()
    mems.malloc(1000)
    mems.malloc(1000)
    local first = mems.get(1000)
    assert.equal(mems.add(first, 4), mems.get(1004))
    assert.equal(mems.add(first, 1999), mems.get(2999))
  end)

  it("gives nil, a message and a code for any other address", function()
    local block = mems.malloc(13)
    mems.free(mems.malloc(100))
    assert.same({ nil, "address 500 was never allocated", mems.EFOREIGN },
                { mems.get(500) })
    assert.same({ nil, "address 1013 runs past the end of block 1000 of 13 " ..
                  "bytes", mems.ERANGE }, { mems.get(mems.add(block, 13)) })
    assert.same({ nil, "address 1020 is not allocated: it lies in the hole " ..
                  "1016 of 4080 bytes", mems.EFREED }, { mems.get(1020) })
    assert.same({ nil, "address 0 was never allocated", mems.EFOREIGN },
                { mems.get(0) })
    assert.same({ nil, "address -1 was never allocated", mems.EFOREIGN },
                { mems.get(-1) })
  end)
end)

describe("size", function()
  it("is exact to the byte", function()
    fresh()
    for size = 1, 100 do assert.equal(size, mems.size(mems.malloc(size))) end
    mems.finish()
  end)
end)

describe("an address", function()
  setup(function() pcall(mems.finish) end)

  it("can be added to", function()
    assert.equal(mems.toaddress(1010), mems.add(1000, 10))
    assert.equal(mems.toaddress(990), mems.add(mems.toaddress(1000), -10))
    assert.equal(mems.toaddress(0), mems.add(10, -10))
  end)

  it("never wraps around", function()
    assert.equal("bad argument #2 to 'add' (1000 and -1001 give no address)",
                 refused(mems.add, 1000, -1001))
    assert.equal("bad argument #2 to 'add' (1000 and 9223372036854775807 " ..
                 "give no address)", refused(mems.add, 1000, math.maxinteger))
    assert.equal("bad argument #2 to 'add' (n has to be an integer, got 1.5)",
                 refused(mems.add, 1000, 1.5))
  end)

  it("can be subtracted from another", function()
    assert.equal(-96, mems.diff(5000, mems.toaddress(5096)))
    assert.equal(0, mems.diff(mems.toaddress(7), 7))
  end)

  it("is a light userdata or an integer", function()
    assert.equal(1234, mems.tointeger(mems.toaddress(1234)))
    assert.equal(1234, mems.tointeger(1234))
    assert.equal(mems.toaddress(1234), mems.toaddress(mems.toaddress(1234)))
    assert.equal(1234, mems.tointeger(1234.0))
    for shown, value in pairs { ['"1234"'] = "1234", ["1.5"] = 1.5,
                                ["a table"] = {}, ["true"] = true,
                                ["a function"] = print,
                                ["a FILE*"] = io.stdout } do
      assert.equal("bad argument #1 to 'tointeger' (address expected, got " ..
                   shown .. ")", refused(mems.tointeger, value))
    end
    assert.equal("bad argument #2 to 'diff' (address expected, got no value)",
                 refused(mems.diff, 1))
  end)
end)

describe("stats", function()
  before_each(function() fresh() end)
  after_each(function() pcall(mems.finish) end)

  it("counts what happens", function()
    local a = mems.malloc(1000)
    mems.malloc(13)
    mems.free(a)
    local stats = mems.stats()
    assert.equal(4096, stats.mapped)
    assert.equal(16, stats.used)
    assert.equal(4080, stats.unused)
    assert.equal(13, stats.requested)
    assert.equal(1016, stats.peak)
    assert.equal(1, stats.processes)
    assert.equal(2, stats.holes)
    assert.equal(1, stats.nodes)
    assert.equal(1, stats.pages)
    assert.equal(4096, stats.page_size)
    assert.equal(2, stats.mallocs)
    assert.equal(1, stats.frees)
    assert.equal(1000, stats.base)
    assert.equal(8, stats.align)
    assert.equal(0, stats.quarantined)
    assert.equal(0, stats.owned)
    assert.is_true(stats.overhead > 0)
    assert.is_true(stats.limit > 0)
  end)

  it("has exactly the fields that are documented", function()
    local names = {}
    for name, value in pairs(mems.stats()) do
      names[#names + 1] = name
      assert.equal("integer", math.type(value))
    end
    table.sort(names)
    assert.same({ "align", "base", "frees", "holes", "largest", "limit",
                  "mallocs", "mapped", "nodes", "overhead", "owned",
                  "page_size", "pages", "peak", "processes", "quarantined",
                  "recoveries", "requested", "takeovers", "unused",
                  "used" }, names)
  end)
end)

describe("trim", function()
  before_each(function() fresh() end)
  after_each(function() pcall(mems.finish) end)

  it("gives back pages of holes that were written to #limits", function()
    local block = mems.malloc(512 * 1024)
    mems.fill(block, 1, 512 * 1024)
    local wall = mems.malloc(16)
    mems.poke(wall, "u8", 7)
    mems.free(block)
    local given = mems.trim()
    assert.is_true(given > 500 * 1024 and given <= 512 * 1024)
    assert.equal(0, given % 4096)
    assert.equal(7, mems.peek(wall, "u8"))
    assert.is_true(mems.check())
    assert.equal(0, mems.trim())
  end)

  it("has nothing to give back where all is in use", function()
    assert.equal(0, mems.trim())
    mems.fill(mems.malloc(4096), 1, 4096)
    assert.equal(0, mems.trim())
    assert.equal(4096, mems.stats().mapped)
  end)
end)

describe("sizes", function()
  it("are exact to the granule while a heap has three pages", function()
    for _, size in ipairs { 24, 1000, 2040, 4001 } do
      local heap <close> = assert(mems.open())
      for _ = 1, math.min(50, 12288 // size) do heap:malloc(size) end
      for kind, _, bytes in heap:segments() do
        assert.is_true(kind == "HOLE" or bytes == (size + 7) // 8 * 8)
      end
      assert.is_true(heap:stats().mapped <= 12288)
    end
  end)

  it("are exact to the byte in every heap", function()
    local heap <close> = assert(mems.open())
    local sizes = { 1, 7, 17, 24, 25, 256, 257, 1000, 2040, 2049, 65000,
                    65536, 65537, 1 << 20, (1 << 20) + 1, (1 << 26) + 1,
                    (1 << 29) + 1 }
    for _, size in ipairs(sizes) do
      for _ = 1, size < 10000 and 100 or 2 do
        local block = assert(heap:malloc(size))
        assert.equal(size, heap:size(block))
        assert.has_error(function() heap:peek_u8(block, size) end)
        assert.equal("userdata", type(heap:get(mems.add(block, size - 1))))
        assert.is_nil((heap:get(mems.add(block, size))))
      end
    end
    assert.is_true(heap:check())
  end)

  it("of a block cost an eighth more at most where there are many of it",
    function()
      for _, size in ipairs { 100, 257, 1000, 2049, 9000, 20000 } do
        local heap <close> = assert(mems.open())
        fill(heap, size, 1000)
        local used = heap:stats().used
        assert.is_true(used >= 1000 * size and used <= 1125 * (size + 8))
      end
    end)

  it("that a large block had are those of the next one", function()
    for _, size in ipairs { 66000, 1000001, 100000000 } do
      local heap <close> = assert(mems.open())
      local block = assert(heap:malloc(size))
      local mapped = heap:stats().mapped
      heap:free(block)
      assert.equal(block, heap:malloc(size))
      assert.equal(mapped, heap:stats().mapped)
    end
  end)

  it("stay exact while a large block grows and shrinks", function()
    local heap <close> = assert(mems.open())
    local block = assert(heap:malloc(65537))
    local sizes = { (1 << 20) + 1, 9 << 17, 65537, (9 << 20) + 5, 257, 65536,
                    (1 << 20) + 8193, 24, 1 << 20 }
    for i, size in ipairs(sizes) do
      local kept = math.min(size, heap:size(block))
      heap:poke_u8(block, i, kept - 1)
      block = assert(heap:realloc(block, size))
      assert.equal(size, heap:size(block))
      assert.equal(i, heap:peek_u8(block, kept - 1))
      assert.has_error(function() heap:peek_u8(block, size) end)
      assert.is_true(heap:check())
    end
  end)

  it("do not move a block that is resized within its room", function()
    local heap <close> = assert(mems.open())
    heap:malloc(100000)
    local block
    for _ = 1, 100 do block = assert(heap:malloc(1000)) end
    for _, size in ipairs { 1000, 993, 700, 1000 } do
      assert.equal(block, heap:realloc(block, size))
      assert.equal(size, heap:size(block))
    end
    local exact = { assert(heap:malloc(264)), assert(heap:malloc(264)) }
    assert.equal(exact[1], heap:realloc(exact[1], 264))
    assert.equal(exact[2], heap:realloc(exact[2], 258))
    assert.is_true(heap:check())
  end)

  it("that get smaller are never refused", function()
    local heap <close> = assert(mems.open { limit = 1 << 18 })
    local blocks = {}
    for _, size in ipairs { 5000, 700, 100, 47, 33, 24 } do
      while true do
        local block = heap:malloc(size)
        if not block then break end
        blocks[#blocks + 1] = block
      end
    end
    for _, block in ipairs(blocks) do
      local size = heap:size(block)
      for _, smaller in ipairs { size - 1, size // 2, 9, 1 } do
        block = assert(heap:realloc(block, smaller))
        assert.equal(smaller, heap:size(block))
      end
    end
    assert.is_true(heap:check())
  end)
end)

describe("check", function()
  it("is true for a sound heap", function()
    fresh()
    assert.is_true(mems.check())
    for i = 1, 100 do mems.malloc(i) end
    assert.is_true(mems.check())
    mems.finish()
  end)
end)

describe("segments", function()
  before_each(function()
    fresh()
    for _ = 1, 5 do mems.malloc(1000) end
    mems.free(2000)
  end)
  after_each(function() pcall(mems.finish) end)

  it("shows every segment in address order", function()
    assert.same({
      "PROCESS 1000 1000 1000", "HOLE 2000 1000 0", "PROCESS 3000 1000 1000",
      "PROCESS 4000 1000 1000", "HOLE 5000 96 0", "PROCESS 5096 1000 1000",
      "HOLE 6096 3096 0"
    }, chain())
  end)

  it("shows one sub-chain, given any address in its node", function()
    assert.same({ "PROCESS 5096 1000 1000", "HOLE 6096 3096 0" },
                chain(nil, 7777))
    assert.equal("bad argument #1 to 'segments' (no node holds address 9192)",
                 refused(mems.segments, 9192))
  end)

  it("shows nothing of an empty heap", function()
    local heap <close> = mems.open()
    assert.same({}, chain(heap))
  end)

  it("goes on while the loop frees what it is shown", function()
    local freed = 0
    for kind, addr in mems.segments() do
      if kind == "PROCESS" then
        mems.free(addr)
        freed = freed + 1
      end
    end
    assert.equal(4, freed)
    assert.equal(0, mems.stats().processes)
  end)

  it("ends where the heap was closed or trimmed away", function()
    local step = mems.segments()
    step()
    mems.finish()
    assert.equal("mems is not initialised: call mems.init()", refused(step))
    mems.init()
    assert.is_nil(step())
  end)
end)

describe("nodes", function()
  it("are one for each request to the OS up to 64 KiB, then the last grows",
    function()
      local heap <close> = assert(mems.open())
      while heap:stats().mapped < 65536 do assert(heap:malloc(1000)) end
      for _, size in heap:nodes() do assert.equal(4096, size) end
      assert.equal(16, heap:stats().nodes)
      local last
      for addr in heap:nodes() do last = addr end
      for _ = 1, 2000 do assert(heap:malloc(1000)) end
      assert.equal(16, heap:stats().nodes)
      local at, size
      for addr, bytes in heap:nodes() do at, size = addr, bytes end
      assert.equal(last, at)
      assert.equal(heap:stats().mapped - 15 * 4096, size)
      assert.is_true(heap:check())
    end)

  it("shows the main chain", function()
    fresh()
    for _ = 1, 9 do mems.malloc(1000) end
    local seen = {}
    for addr, size, processes, holes in mems.nodes() do
      seen[#seen + 1] = { mems.tointeger(addr), size, processes, holes }
    end
    assert.same({ { 1000, 4096, 4, 1 }, { 5096, 4096, 4, 1 },
                  { 9192, 4096, 1, 1 } }, seen)
    local sum = 0
    for _, size in mems.nodes() do sum = sum + size end
    assert.equal(mems.stats().mapped, sum)
    mems.finish()
  end)
end)

describe("print_stats", function()
  before_each(function() fresh() end)
  after_each(function() pcall(mems.finish) end)

  it("prints the classic format to a file", function()
    mems.malloc(1000)
    local file <close> = io.tmpfile()
    assert.is_true(mems.print_stats(file))
    file:seek("set")
    assert.equal("----- MeMS SYSTEM STATS -----\n" ..
      "MAIN[1000:5095]-> P[1000:1999] <-> H[2000:5095] <-> NULL\n" ..
      "Pages used:\t1\nSpace unused:\t3096\nMain Chain Length:\t1\n" ..
      "Sub-chain Length array: [2, ]\n-----------------------------\n",
      file:read("a"))
  end)

  it("refuses what is no open file", function()
    local file = io.tmpfile()
    file:close()
    assert.equal("bad argument #1 to 'print_stats' (the file is closed)",
                 refused(mems.print_stats, file))
    assert.equal("bad argument #1 to 'print_stats' (a file expected, got " ..
                 '"out")', refused(mems.print_stats, "out"))
  end)

  it("tells of a file that takes no more", function()
    local full = io.open("/dev/full", "w")
    if not full then return pending("no /dev/full here") end
    full:setvbuf("no")
    local printed, message, code = mems.print_stats(full)
    full:close()
    assert.is_nil(printed)
    assert.equal("an argument is out of its range", message)
    assert.equal(mems.EINVAL, code)
  end)
end)

describe("a heap", function()
  it("has every verb of the module as a method", function()
    local heap <close> = mems.open()
    local own = { init = true, open = true, finish = true, restore = true,
                  unlink = true }
    for name, value in pairs(mems) do
      if type(value) == "function" and not own[name] then
        assert.equal("function", type(heap[name]), name)
      end
    end
  end)

  it("lives beside the default heap and others", function()
    fresh()
    local one <close> = mems.open { base = 1000 }
    local two <close> = mems.open { base = 5000 }
    local a, b = one:malloc(10), two:malloc(10)
    assert.equal(mems.toaddress(1000), a)
    assert.equal(mems.toaddress(5000), b)
    one:writestring(a, "one")
    two:writestring(b, "two")
    mems.writestring(mems.malloc(10), "default")
    assert.equal("one", one:readstring(a, 3))
    assert.equal("two", two:readstring(b, 3))
    assert.equal("default", mems.readstring(a, 7))
    assert.equal("bad argument #1 to 'free' (address 5000 is free already)",
                 refused(function() mems.free(b) end):match("bad.*"))
    mems.finish()
    assert.equal("one", one:readstring(a, 3))
  end)

  it("shows what it holds as a string", function()
    local heap = mems.open()
    heap:malloc(13)
    heap:malloc(100)
    assert.equal("mems.heap (blocks: 2, bytes: 113)", tostring(heap))
    heap:close()
    assert.equal("mems.heap (closed)", tostring(heap))
    assert.equal("mems.heap", getmetatable(heap))
  end)

  it("can be closed twice", function()
    local heap = mems.open()
    heap:malloc(13)
    assert.same({ 1, 13 }, { heap:close() })
    assert.same({ 0, 0 }, { heap:close() })
  end)

  it("is closed at the end of a scope", function()
    local outer
    do
      local heap <close> = mems.open()
      heap:malloc(1)
      outer = heap
    end
    assert.equal("the heap is closed", refused(outer.stats, outer))
  end)

  it("counts arguments after itself in messages", function()
    local heap <close> = mems.open()
    local message = "bad argument #1 to 'peek' (address 7+4 was never " ..
      "allocated)"
    assert.equal(message, refused(heap.peek, heap, 7, "i32"))
    assert.equal(message, refused(function() heap:peek(7, "i32") end)
      :match("bad.*"))
  end)

  it("refuses to be anything else", function()
    local heap <close> = mems.open()
    for shown, self in pairs { ["a table"] = {}, ["1000"] = 1000,
                               ["a FILE*"] = io.stdout,
                               ["a light userdata"] = mems.toaddress(1) } do
      assert.equal("calling 'peek' on bad self (mems.heap expected, got " ..
                   shown .. ")", refused(heap.peek, self, 1000, "i32"))
      assert.equal("calling 'close' on bad self (mems.heap expected, got " ..
                   shown .. ")", refused(heap.close, self))
    end
    assert.equal("calling 'peek' on bad self (mems.heap expected, got no " ..
                 "value)", refused(heap.peek))
  end)
end)

describe("the module", function()
  it("has a version", function()
    assert.matches("^mems %d+%.%d+%.%d+$", mems._VERSION)
  end)

  it("has the codes of mems.h", function()
    assert.same({ 1, 2, 3, 4, 5, 6, 7, 8, 9 }, {
      mems.EINVAL, mems.ENOMEM, mems.ELIMIT, mems.EFOREIGN, mems.EFREED,
      mems.EINSIDE, mems.ERANGE, mems.EINIT, mems.EBROKEN
    })
  end)
end)

-- The misuse suite: one kind of misuse each. What must happen is in the title;
-- that the heap is sound afterwards, and that the blocks beside the misused
-- one keep their bytes, is checked after each. More of the same, with every
-- message, is in the specs of the verbs concerned.

local mems = require "mems"
local inside = require "spec.support.inside"
local refused = require "spec.support.misuse".refused

local HUGE <const>, NAN <const> = math.huge, 0 / 0

describe("trust:", function()
  local before, block, behind, scratch

  -- Two blocks that nobody may touch, and one between them to misuse.
  before_each(function()
    pcall(mems.finish)
    assert(mems.init())
    before, block, behind = mems.malloc(64), mems.malloc(64), mems.malloc(64)
    mems.fill(before, 0x11, 64)
    mems.fill(block, 0x22, 64)
    mems.fill(behind, 0x33, 64)
    scratch = mems.malloc(1 << 20)
  end)

  after_each(function()
    if pcall(mems.stats) then
      assert.equal(("\x11"):rep(64), mems.readstring(before, 64))
      assert.equal(("\x33"):rep(64), mems.readstring(behind, 64))
      assert.is_true(mems.check())
      mems.finish()
    end
    collectgarbage("incremental", 200, 100)
  end)

  local function assert_refused(text, f, ...)
    assert.matches(text, refused(f, ...), 1, true)
  end

  -- Reading and writing there are refused, by whatever verb.
  local function assert_no_access(text, addr, size)
    assert_refused(text, mems.readstring, addr, size)
    assert_refused(text, mems.writestring, addr, ("x"):rep(size))
    assert_refused(text, mems.fill, addr, 0, size)
    assert_refused(text, mems.copy, addr, scratch, size)
    assert_refused(text, mems.copy, scratch, addr, size)
    assert_refused(text, mems.compare, addr, scratch, size)
    assert_refused(text, mems.compare, scratch, addr, size)
    assert_refused(text, mems.find, addr, size, "x")
    assert_refused(text, mems.peekarray, addr, "u8", size)
    assert_refused(text, mems.pack, addr, "c" .. size, ("x"):rep(size))
    assert_refused("address", mems.unpack, addr, "c" .. size)
  end

  it("a double free is refused", function()
    mems.free(block)
    assert_refused("free already", mems.free, block)
  end)

  it("a double free is refused also when the hole has grown", function()
    local one, two = mems.malloc(64), mems.malloc(64)
    mems.malloc(8)
    mems.free(two)
    mems.free(one) -- merges the two
    assert_refused("free already", mems.free, two)
  end)

  it("a free inside a block is refused, whichever byte", function()
    for offset = 1, 63 do
      assert_refused("is inside block", mems.free, mems.add(block, offset))
    end
    assert.equal(64, mems.size(block))
  end)

  it("a foreign pointer is refused by free, realloc, size and access",
    function()
      local pointers = { mems.toaddress(0), mems.toaddress(-1),
                         mems.toaddress(1 << 63), mems.toaddress(999) }
      local heap <close> = assert(mems.open { base = 1 << 40 })
      pointers[#pointers + 1] = heap:malloc(100) -- of another heap
      pointers[#pointers + 1] = heap:get((heap:malloc(100)))
      for _, pointer in ipairs(pointers) do
        for _, verb in ipairs { mems.free, mems.size } do
          assert_refused("was never allocated", verb, pointer)
        end
        assert_refused("was never allocated", mems.realloc, pointer, 10)
        assert_no_access("was never allocated", pointer, 8)
        assert.is_nil((mems.get(pointer)))
      end
    end)

  it("a pointer to the stack, to code or to nothing is refused", function()
    if not inside.built then return end
    local foreign = package.loadlib("build/test/mems/core.so",
                                    "luaopen_mems_probe")().foreign
    for _, pointer in ipairs { foreign() } do
      assert_refused("was never allocated", mems.free, pointer)
      assert_no_access("was never allocated", pointer, 8)
    end
  end)

  it("a free after finish is refused", function()
    mems.finish()
    assert_refused("not initialised", mems.free, block)
    mems.init()
    assert_refused("was never allocated", mems.free, block)
    mems.finish()
  end)

  it("a read or write before the start is refused", function()
    assert_no_access("was never allocated", mems.add(before, -8), 8)
    assert_no_access("runs past the end of block 1000 of 64",
                     mems.add(block, -8), 16)
  end)

  it("a read or write past the end is refused, however far", function()
    for _, size in ipairs { 65, 128, 4096, 1 << 20 } do
      assert_no_access("runs past the end of block 1064 of 64", block, size)
    end
    for _, distance in ipairs { 1 << 22, 1 << 30, 1 << 46, 1 << 62 } do
      assert_no_access("address", mems.add(block, distance), 8)
    end
  end)

  it("a read or write after free is refused", function()
    local physical = mems.get(block)
    mems.free(block)
    assert_no_access("is not allocated", block, 8)
    assert_no_access("was never allocated", physical, 8)
  end)

  it("a read or write through a stale slice is refused", function()
    local buffer, array = mems.buffer(100), mems.array("i32", 10)
    local part, elements = buffer:slice(10, 20), array:slice(3, 5)
    buffer:release()
    array:release()
    mems.fill(mems.malloc(100), 0x44, 100) -- likely where the buffer was
    assert_refused("released", part.peek, part, "u8")
    assert_refused("released", part.fill, part, 0)
    assert_refused("released", function() return elements[1] end)
    assert_refused("released", function() elements[1] = 1 end)
  end)

  it("memory of calloc, buffers, arrays and structs reads as 0", function()
    mems.free(block)
    local zeros = ("\0"):rep(64)
    local sources <const> = {
      function() return mems.calloc(8, 8) end,
      function() return mems.buffer(64) end,
      function() return mems.array("f64", 8) end,
      function() return mems.struct({ { "a", "u8", 64 } }):new() end,
    }
    for _, source in ipairs(sources) do
      local dirty = mems.malloc(64)
      mems.fill(dirty, 0xFF, 64)
      mems.free(dirty)
      assert.equal(zeros, mems.readstring(source(), 64))
    end
  end)

  it("a size that overflows is refused, not wrapped", function()
    local limit = { nil, "the limit of the heap would be passed", mems.ELIMIT }
    local half = 1 << 32
    assert.same(limit, { mems.calloc(half, half) })
    assert.same(limit, { mems.calloc(math.maxinteger, math.maxinteger) })
    assert.same(limit, { mems.malloc(math.maxinteger) })
    assert.same(limit, { mems.realloc(block, math.maxinteger) })
    assert.is_nil((mems.array("f64", math.maxinteger // 8 + 2)))
    assert.is_nil((mems.array("f64", math.maxinteger)))
    local row = mems.struct { { "a", "f64", 1 << 20 } }
    assert.is_nil((row:array(1 << 45)))
    refused(mems.struct, { { "a", "f64", math.maxinteger } })
    refused(mems.struct, { { "a", "f64", 1 << 31, 1 << 31, 1 << 31 } })
    assert.equal(64, mems.size(block))
  end)

  it("an offset near 2^63 is refused", function()
    for _, offset in ipairs { math.maxinteger, math.maxinteger - 7,
                              (1 << 62) + 1 } do
      assert_refused("runs past the end", mems.peek, block, "i64", offset)
      assert_refused("runs past the end", mems.poke, block, "i64", 0, offset)
      assert_refused("runs past the end", mems.readstring, block, 8, offset)
      assert_refused("address", mems.peekarray, block, "i64", offset)
      assert_refused("address", mems.readstring, block, offset)
    end
    for _, offset in ipairs { math.mininteger, -8 } do
      assert_refused("at least 0", mems.peek, block, "i64", offset)
      assert_refused("at least 0", mems.poke, block, "i64", 0, offset)
    end
    assert_refused("no address", mems.add, block, math.maxinteger)
  end)

  it("access at any alignment gives the right value", function()
    for offset = 0, 56 do
      mems.poke(block, "i64", -12345678901, offset)
      assert.equal(-12345678901, mems.peek(block, "i64", offset))
      mems.poke(block, "f64", 0.1, offset)
      assert.equal(0.1, mems.peek(block, "f64", offset))
    end
  end)

  it("a NaN or an infinity is refused by every integer type", function()
    for name, type in pairs(mems.types) do
      if name:find("^[iu]") then
        for _, value in ipairs { NAN, HUGE, -HUGE, 2.0 ^ 64, -2.0 ^ 64 } do
          assert_refused("does not fit", mems.poke, block, name, value)
          assert_refused("does not fit", mems.pokearray, block, name,
                         { 1, value })
          local array = mems.array(name, 2)
          assert_refused("does not fit", function() array[1] = value end)
          refused(array.fill, array, value)
          assert.equal(0, array:sum())
          array:release()
        end
        assert.is_true(type.size > 0)
      end
    end
    assert.equal(("\x22"):rep(64), mems.readstring(block, 64))
  end)

  it("a finalizer that allocates, frees or closes harms no call", function()
    collectgarbage("generational")
    for i = 1, 300 do
      setmetatable({}, { __gc = function()
        local other = mems.malloc(i)
        if other and i % 2 == 0 then mems.free(other) end
      end })
      mems.writestring(block, tostring(i):rep(10))
      assert.equal(tostring(i):rep(10),
                   mems.readstring(block, 10 * #tostring(i)))
      assert.equal(64, #mems.peekarray(block, "u8", 64))
    end
    collectgarbage()
  end)

  it("an error in map leaves the array as far as it came", function()
    local array = mems.array("i32", { 1, 2, 3, 4 })
    assert_refused("enough", array.map, array, function(value, i)
      if i == 3 then error("enough", 0) end
      return value * 10
    end)
    assert.same({ 10, 20, 3, 4 }, array:totable())
    array:release()
  end)

  it("a coroutine that yields in a scope keeps what it holds", function()
    local processes = mems.stats().processes
    local resume = coroutine.wrap(function()
      mems.scope(function(s)
        local held = s:malloc(100)
        mems.fill(held, 0x55, 100)
        coroutine.yield(held)
        assert.equal(("\x55"):rep(100), mems.readstring(held, 100))
      end)
      return "end"
    end)
    local held = resume()
    mems.scope(function(s) mems.fill(s:malloc(100), 0x66, 100) end)
    assert.equal(("\x55"):rep(100), mems.readstring(held, 100))
    assert.equal("end", resume())
    assert.equal(processes, mems.stats().processes)
  end)

  it("a coroutine that dies in a scope and is closed leaves nothing",
    function()
      local processes = mems.stats().processes
      local thread = coroutine.create(function()
        mems.scope(function(s)
          s:malloc(100)
          s:buffer(100)
          coroutine.yield()
        end)
      end)
      coroutine.resume(thread)
      assert.equal(processes + 2, mems.stats().processes)
      assert.is_true(coroutine.close(thread))
      assert.equal(processes, mems.stats().processes)
    end)

  it("a huge string is stored whole or not at all", function()
    local huge = ("huge"):rep(4 << 20)
    assert_refused("runs past the end", mems.writestring, block, huge)
    assert_refused("runs past the end", mems.pack, block, "s8", huge)
    assert_refused("unknown type", mems.peek, block, huge)
    assert_refused("address expected", mems.free, huge)
    assert.equal(("\x22"):rep(64), mems.readstring(block, 64))
    local room = mems.malloc(#huge)
    mems.writestring(room, huge)
    assert.is_true(mems.readstring(room, #huge) == huge)
  end)

  it("writing through a physical address of a live block is checked",
    function()
      local physical = mems.get(block)
      assert_refused("runs past the end", mems.fill, physical, 0, 65)
      mems.fill(physical, 0x77, 64)
      assert.equal(("\x77"):rep(64), mems.readstring(block, 64))
    end)
end)

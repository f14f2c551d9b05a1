-- Many bytes or many values in one call.

local mems = require "mems"
local refused = require "spec.support.misuse".refused

local block

local function before()
  pcall(mems.finish)
  mems.init()
  block = mems.malloc(64)
  mems.fill(block, 0xEE, 64)
end

local function after() pcall(mems.finish) end

-- Asserts that the block is as `before` made it.
local function untouched()
  assert.equal(("\xEE"):rep(64), mems.readstring(block, 64))
end

describe("peekarray and pokearray", function()
  before_each(before)
  after_each(after)

  it("agree with peek and poke for every type", function()
    for name, info in pairs(mems.types) do
      local values = info.min and { info.min, info.max, info.min // 2, 1 }
        or name:find("bool") and { true, false, false, true }
        or { mems.toaddress(1000), false, mems.toaddress(7), block }
      if name:find("f32") then values[3] = -0.5 end
      local addr = mems.malloc(5 * info.size)
      assert.equal(4, mems.pokearray(addr, name, values, info.size))
      assert.same(values, mems.peekarray(addr, name, 4, info.size))
      for i, value in ipairs(values) do
        assert.equal(value, mems.peek(addr, name, i * info.size) or false)
      end
      mems.free(addr)
    end
  end)

  it("take and give no values at all", function()
    assert.equal(0, mems.pokearray(block, "i32", {}))
    assert.same({}, mems.peekarray(block, "i32", 0))
    assert.same({}, mems.peekarray(block, "i32", 0, 64))
    untouched()
  end)

  it("take and give as many values as a block has", function()
    local count <const> = 100000
    local values = {}
    for i = 1, count do values[i] = i * 0.5 end
    local addr = mems.malloc(8 * count)
    assert.equal(count, mems.pokearray(addr, "f64", values))
    assert.same(values, mems.peekarray(addr, "f64", count))
  end)

  it("look at the elements of the table itself only", function()
    local values = setmetatable({ 1, 2, n = 7, [0] = 5, [-1] = 6 }, {
      __index = function() return 3 end, __len = function() return 9 end
    })
    assert.equal(2, mems.pokearray(block, "u8", values))
    assert.equal("\1\2\xEE", mems.readstring(block, 3))
  end)

  it("show no address as false, so that there is no hole", function()
    mems.fill(block, 0, 64)
    assert.same({ false, false, false }, mems.peekarray(block, "ptr", 3))
    mems.fill(block, 1, 64)
    assert.equal(2, mems.pokearray(block, "ptr", { false, 0 }))
    assert.equal(("\0"):rep(16) .. "\1", mems.readstring(block, 17))
  end)

  it("refuse an element that does not fit, and write nothing", function()
    local values = {}
    for i = 1, 40 do values[i] = i end
    for _, i in ipairs { 1, 2, 16, 17, 39, 40 } do
      local good = values[i]
      values[i] = 256
      assert.equal("bad argument #3 to 'pokearray' (element " .. i ..
                   ": value 256 does not fit u8)",
                   refused(mems.pokearray, block, "u8", values))
      values[i] = good
      untouched()
    end
    assert.equal("bad argument #3 to 'pokearray' (element 2: value \"x\" " ..
                 "does not fit f64)",
                 refused(mems.pokearray, block, "f64", { 1, "x" }))
    untouched()
  end)

  it("refuse a hole in the table, and write nothing", function()
    assert.equal("bad argument #3 to 'pokearray' (element 2: value nil does " ..
                 "not fit i32)",
                 refused(mems.pokearray, block, "i32", { 1, nil, 3 }))
    assert.equal("bad argument #3 to 'pokearray' (element 2: value nil does " ..
                 "not fit ptr)",
                 refused(mems.pokearray, block, "ptr", { 1, nil, 3 }))
    local values = {}
    values[3], values[1] = 3, 1
    assert.equal("bad argument #3 to 'pokearray' (the table has no element " ..
                 "2, but one 3)",
                 refused(mems.pokearray, block, "i32", values))
    assert.equal("bad argument #3 to 'pokearray' (the table has no element " ..
                 "1, but one 2)",
                 refused(mems.pokearray, block, "i32", { [2] = 2 }))
    untouched()
    local addr = mems.calloc(1000, 4)
    values = {}
    for i = 1, 1000 do values[i] = i end
    values[500] = nil
    assert.matches("^bad argument #3 to 'pokearray' %(.* 500",
                   refused(mems.pokearray, addr, "i32", values))
    values[500], values[2000] = 500, 2000
    assert.equal("bad argument #3 to 'pokearray' (the table has no element " ..
                 "1001, but one 2000)",
                 refused(mems.pokearray, addr, "i32", values))
    assert.equal(("\0"):rep(4000), mems.readstring(addr, 4000))
  end)

  it("refuse more elements than fit", function()
    assert.equal("bad argument #1 to 'pokearray' (address 1000+66 runs past " ..
                 "the end of block 1000 of 64 bytes)",
                 refused(mems.pokearray, block, "u16", table.pack(
                   ("x"):rep(33):byte(1, 33))))
    assert.equal("bad argument #1 to 'pokearray' (address 1060+8 runs past " ..
                 "the end of block 1000 of 64 bytes)",
                 refused(mems.pokearray, block, "i32", { 1, 2 }, 60))
    untouched()
    assert.equal("bad argument #1 to 'peekarray' (address 1000+68 runs past " ..
                 "the end of block 1000 of 64 bytes)",
                 refused(mems.peekarray, block, "i32", 17))
    for _, count in ipairs { 1 << 40, 1 << 61, math.maxinteger } do
      assert.matches("^bad argument #1 to 'peekarray' %(address 1000%+%d+ " ..
                     "runs past the end",
                     refused(mems.peekarray, block, "i64", count))
    end
  end)

  it("refuse what is no table, count or offset", function()
    assert.equal("bad argument #3 to 'pokearray' (a table expected, got " ..
                 '"abc")', refused(mems.pokearray, block, "u8", "abc"))
    assert.equal("bad argument #3 to 'peekarray' (count has to be at least " ..
                 "0, got -1)", refused(mems.peekarray, block, "u8", -1))
    assert.equal("bad argument #3 to 'peekarray' (count has to be an " ..
                 "integer, got no value)", refused(mems.peekarray, block, "u8"))
    assert.equal("bad argument #4 to 'peekarray' (offset has to be at least " ..
                 "0, got -1)", refused(mems.peekarray, block, "u8", 1, -1))
    assert.equal("bad argument #2 to 'pokearray' (unknown type \"x\")",
                 refused(mems.pokearray, block, "x", {}))
  end)
end)

describe("readstring and writestring", function()
  before_each(before)
  after_each(after)

  it("carry any bytes", function()
    local all = {}
    for byte = 0, 255 do all[#all + 1] = string.char(byte) end
    local text = table.concat(all)
    local addr = mems.malloc(256)
    mems.writestring(addr, text)
    assert.equal(text, mems.readstring(addr, 256))
  end)

  it("touch nothing before and after", function()
    assert.equal(0, select("#", mems.writestring(block, "a\0c", 5)))
    assert.equal("\xEEa\0c\xEE", mems.readstring(block, 5, 4))
    mems.writestring(block, "", 64)
    mems.writestring(block, "z", 63)
    assert.equal("z", mems.readstring(block, 1, 63))
    assert.equal("", mems.readstring(block, 0, 64))
  end)

  it("read all of an object, or from an offset on", function()
    local b = mems.buffer("abc")
    assert.equal("abc", b:readstring())
    assert.equal("bc", b:readstring(nil, 1))
    assert.equal("", b:readstring(nil, 3))
    assert.equal("abc", mems.readstring(b))
    assert.match("offset 4 run past", refused(b.readstring, b, nil, 4))
    assert.equal("bad argument #3 to 'readstring' (no such argument, got 0)",
                 refused(b.readstring, b, 1, 0, 0))
  end)

  it("take a number as its text, as Lua does", function()
    mems.writestring(block, 12.5)
    assert.equal("12.5", mems.readstring(block, 4))
  end)

  it("refuse to go past the end", function()
    assert.equal("bad argument #1 to 'readstring' (address 1000+65 runs " ..
                 "past the end of block 1000 of 64 bytes)",
                 refused(mems.readstring, block, 65))
    assert.equal("bad argument #1 to 'readstring' (address 1000+" ..
                 "9223372036854775807 runs past the end of block 1000 of " ..
                 "64 bytes)",
                 refused(mems.readstring, block, math.maxinteger))
    assert.equal("bad argument #1 to 'writestring' (address 1062+3 runs " ..
                 "past the end of block 1000 of 64 bytes)",
                 refused(mems.writestring, block, "abc", 62))
    assert.equal("bad argument #1 to 'writestring' (address 1065 runs " ..
                 "past the end of block 1000 of 64 bytes)",
                 refused(mems.writestring, block, "", 65))
    untouched()
  end)

  it("refuse what is no string or size", function()
    assert.equal("bad argument #2 to 'writestring' (s has to be a string, " ..
                 "got nil)", refused(mems.writestring, block, nil))
    assert.equal("bad argument #2 to 'readstring' (n has to be at least 0, " ..
                 "got -1)", refused(mems.readstring, block, -1))
    assert.equal("bad argument #2 to 'readstring' (n has to be an integer, " ..
                 "got no value)", refused(mems.readstring, block))
  end)
end)

describe("cstring", function()
  before_each(before)
  after_each(after)

  it("reads up to a byte 0", function()
    mems.writestring(block, "word\0rest")
    assert.equal("word", mems.cstring(block))
    assert.equal("ord", mems.cstring(mems.add(block, 1)))
    assert.equal("", mems.cstring(mems.add(block, 4)))
    assert.equal("word", mems.cstring(mems.get(block)))
  end)

  it("reads at most as many bytes as it is told", function()
    mems.writestring(block, "word\0rest")
    assert.equal("wor", mems.cstring(block, 3))
    assert.equal("word", mems.cstring(block, 4))
    assert.equal("word", mems.cstring(block, 64))
    assert.equal("", mems.cstring(block, 0))
    assert.equal("rd", mems.cstring(block, nil, 2))
    assert.equal("r", mems.cstring(block, 1, 2))
    assert.equal("rest", mems.cstring(block, 4, 5))
  end)

  it("refuses a block without a byte 0", function()
    assert.equal("bad argument #1 to 'cstring' (no byte 0 in the 60 bytes " ..
                 "from address 1004 to the end of its block)",
                 refused(mems.cstring, 1004))
    mems.poke(mems.malloc(8), "u64", 0)
    assert.equal("bad argument #1 to 'cstring' (no byte 0 in the 64 bytes " ..
                 "from address 1000 to the end of its block)",
                 refused(mems.cstring, block))
  end)

  it("refuses a bound past the end", function()
    assert.equal("bad argument #1 to 'cstring' (address 1000+65 runs past " ..
                 "the end of block 1000 of 64 bytes)",
                 refused(mems.cstring, block, 65))
    assert.equal("bad argument #2 to 'cstring' (max has to be at least 0, " ..
                 "got -1)", refused(mems.cstring, block, -1))
    assert.equal("bad argument #1 to 'cstring' (address 7 was never " ..
                 "allocated)", refused(mems.cstring, 7))
  end)
end)

describe("pack and unpack", function()
  before_each(before)
  after_each(after)

  it("speak the formats of string.pack", function()
    local format <const> = "<i4 z s2 !8 d b >I8"
    local values <const> = { -5, "word", "by\0tes", 1.5, -1, 77 }
    local bytes = string.pack(format, table.unpack(values))
    assert.equal(mems.add(block, #bytes),
                 mems.pack(block, format, table.unpack(values)))
    assert.equal(bytes .. "\xEE", mems.readstring(block, #bytes + 1))
    values[#values + 1] = mems.add(block, #bytes)
    assert.same(values, { mems.unpack(block, format) })
  end)

  it("give the address after what was read or written", function()
    local after_first = mems.pack(block, "i2", 1)
    local after_second = mems.pack(after_first, "z", "two")
    assert.equal(mems.add(block, 6), after_second)
    local one, next_one = mems.unpack(block, "i2")
    local two, last = mems.unpack(next_one, "z")
    assert.same({ 1, "two", after_second }, { one, two, last })
    assert.equal(block, mems.pack(block, ""))
    assert.equal(block, mems.unpack(block, ""))
    assert.equal(mems.add(block, 9), mems.pack(block, "i4", 7, 5))
    assert.same({ 7, mems.add(block, 9) }, { mems.unpack(block, "i4", 5) })
    assert.equal("bad argument #5 to 'pack' (no such argument, got 1)",
                 refused(mems.pack, block, "i4", 7, 5, 1))
  end)

  it("give offsets in objects", function()
    local b = mems.buffer(32)
    local at = b:pack("z s1 I2", "one", "two", 3)
    assert.equal(10, at)
    assert.equal(12, b:pack("I2", 4, at))
    assert.same({ "one", "two", 3, 10 }, { b:unpack("z s1 I2") })
    assert.same({ 4, 12 }, { b:unpack("I2", 10) })
    assert.equal(12, mems.pack(b, "I2", 4, at))
    assert.equal(3, mems.unpack(b:slice(2), "", 3))
    assert.match("more than the 2 bytes from offset 30 to the end of the buf",
                 refused(b.unpack, b, "i4", 30))
    assert.match("'pack': 4 bytes at offset 30 run past",
                 refused(b.pack, b, "i4", 1, 30))
  end)

  it("align from the offset on", function()
    local b = mems.buffer(32)
    assert.equal(11, b:pack("!4 B i4", 1, 2, 3))
    assert.equal(string.pack("!4 B i4", 1, 2), b:readstring(8, 3))
    assert.same({ 1, 2, 11 }, { b:unpack("!4 B i4", 3) })
    assert.equal(8, b:pack("!8 B Xi8", 1, 0))
  end)

  it("take nothing at the very end, where a format takes none", function()
    for size = 20, 28 do
      local addr = mems.malloc(size)
      assert.equal(mems.add(addr, size), mems.unpack(addr, "", size))
      if size % 8 > 0 then
        local last = mems.add(addr, size)
        assert.equal(last, mems.unpack(last, ""))
      end
    end
    local last = mems.add(mems.malloc(4000), 4000) -- a hole is behind it
    assert.equal(last, mems.unpack(last, ""))
    assert.match("more than the 0 bytes", refused(mems.unpack, last, "B"))
    local b = mems.buffer(3)
    assert.equal(3, b:unpack("", 3))
    assert.match("offset 4 run past", refused(b.unpack, b, "", 4))
  end)

  it("read what is longer than a first look, in a huge block", function()
    for _, length in ipairs { 200, 254, 255, 256, 300, 2047, 2048, 50000 } do
      local addr = mems.malloc(length + 9)
      mems.pack(addr, "zi8", ("x"):rep(length), 42)
      local text, number = mems.unpack(addr, "zi8")
      assert.equal(length, #text)
      assert.equal(42, number)
      mems.free(addr)
    end
  end)

  it("take and give many values", function()
    local count <const> = 200
    local values = {}
    for i = 1, count do values[i] = i end
    local addr = mems.malloc(count)
    mems.pack(addr, ("B"):rep(count), table.unpack(values))
    values[count + 1] = mems.add(addr, count)
    assert.same(values, { mems.unpack(addr, ("B"):rep(count)) })
  end)

  it("refuse to go past the end, and write nothing", function()
    assert.equal("bad argument #1 to 'pack' (address 1060+8 runs past the " ..
                 "end of block 1000 of 64 bytes)",
                 refused(mems.pack, 1060, "i8", 1))
    untouched()
    assert.equal("bad argument #1 to 'unpack' (the format takes more than " ..
                 "the 4 bytes from address 1060 to the end of its block)",
                 refused(mems.unpack, 1060, "i8"))
    assert.equal("bad argument #1 to 'unpack' (the format takes more than " ..
                 "the 64 bytes from address 1000 to the end of its block)",
                 refused(mems.unpack, block, "z"))
    mems.fill(block, 0xFF, 64)
    assert.equal("bad argument #1 to 'unpack' (the format takes more than " ..
                 "the 64 bytes from address 1000 to the end of its block)",
                 refused(mems.unpack, block, "s8"))
    assert.equal("bad argument #1 to 'unpack' (address 7 was never " ..
                 "allocated)", refused(mems.unpack, 7, "b"))
  end)

  it("blame the argument that string.pack blames", function()
    assert.equal("bad argument #3 to 'pack' (number expected, got string)",
                 refused(mems.pack, block, "i4", "x"))
    assert.matches("^bad argument #4 to 'pack' %(number expected, got n.*%)$",
                   refused(mems.pack, block, "i4i4", 1))
    assert.equal("bad argument #3 to 'pack' (integer overflow)",
                 refused(mems.pack, block, "b", 1000))
    assert.equal("bad argument #2 to 'pack' (invalid format option 'y')",
                 refused(mems.pack, block, "y", 1))
    assert.equal("bad argument #2 to 'unpack' (invalid format option 'y')",
                 refused(mems.unpack, block, "i4y"))
    assert.equal("bad argument #2 to 'pack' (fmt has to be a string, got nil)",
                 refused(mems.pack, block, nil))
    assert.equal("bad argument #2 to 'unpack' (fmt has to be a string, got " ..
                 "a table)", refused(mems.unpack, block, {}))
    untouched()
  end)
end)

describe("fill", function()
  before_each(before)
  after_each(after)

  it("sets bytes and nothing before and after", function()
    assert.equal(0, select("#", mems.fill(mems.add(block, 1), 65, 62)))
    assert.equal("\xEE" .. ("A"):rep(62) .. "\xEE", mems.readstring(block, 64))
    mems.fill(block, 0, 0)
    mems.fill(mems.add(block, 64), 0, 0)
    mems.fill(block, 255, 64)
    assert.equal(("\xFF"):rep(64), mems.readstring(block, 64))
  end)

  it("refuses to go past the end", function()
    assert.equal("bad argument #1 to 'fill' (address 1001+64 runs past the " ..
                 "end of block 1000 of 64 bytes)", refused(mems.fill, 1001, 0,
                                                           64))
    untouched()
  end)

  it("refuses what is no byte or size", function()
    assert.equal("bad argument #2 to 'fill' (byte has to be from 0 to 255, " ..
                 "got 256)", refused(mems.fill, block, 256, 1))
    assert.equal("bad argument #2 to 'fill' (byte has to be from 0 to 255, " ..
                 "got -1)", refused(mems.fill, block, -1, 1))
    assert.equal("bad argument #2 to 'fill' (byte has to be an integer, " ..
                 'got "x")', refused(mems.fill, block, "x", 1))
    assert.equal("bad argument #3 to 'fill' (n has to be at least 0, got -1)",
                 refused(mems.fill, block, 0, -1))
    assert.equal("bad argument #3 to 'fill' (n has to be an integer, got no " ..
                 "value)", refused(mems.fill, block, 0))
    untouched()
  end)
end)

describe("copy", function()
  before_each(before)
  after_each(after)

  it("copies from block to block", function()
    local other = mems.malloc(64)
    mems.writestring(other, "source")
    mems.copy(mems.add(block, 1), other, 6)
    assert.equal("\xEEsource\xEE", mems.readstring(block, 8))
    mems.copy(block, other, 0)
    assert.equal(0, select("#", mems.copy(block, other, 64)))
    assert.equal(0, mems.compare(block, other, 64))
  end)

  it("gives the right bytes where the ranges overlap", function()
    mems.writestring(block, "0123456789")
    mems.copy(mems.add(block, 2), block, 8)
    assert.equal("0101234567", mems.readstring(block, 10))
    mems.writestring(block, "0123456789")
    mems.copy(block, mems.add(block, 2), 8)
    assert.equal("2345678989", mems.readstring(block, 10))
    mems.copy(block, block, 64)
    assert.equal("2345678989", mems.readstring(block, 10))
  end)

  it("copies from strings and objects, each from an offset to another",
    function()
      mems.copy(block, "0123456789")
      mems.copy(block, "abcdef", 2, 1, 3)
      assert.equal("0de3456789\xEE", mems.readstring(block, 11))
      local b = mems.buffer("uvwxyz")
      mems.copy(block, b, nil, 8, 3)
      assert.equal("0de34567xyz\xEE", mems.readstring(block, 12))
      b:copy(block, 2, 4, 1)
      assert.equal("uvwxde", b:readstring())
      b:copy(b, 3, 1)
      assert.equal("uuvwde", b:readstring())
      mems.copy(block, "", 0, 64)
    end)

  it("copies from objects of another heap", function()
    local heap <close> = mems.open()
    local b = heap:buffer("far")
    mems.copy(block, b)
    assert.equal("far\xEE", mems.readstring(block, 4))
    assert.equal(0, mems.compare(block, b))
    heap:copy(b, mems.buffer("was"), 2, 1)
    assert.equal("fwa", b:readstring())
    assert.match("another heap", refused(mems.copy, b, block, 1))
  end)

  it("takes physical addresses", function()
    local other = mems.calloc(64, 1)
    mems.copy(mems.get(block), mems.get(other), 64)
    assert.equal(("\0"):rep(64), mems.readstring(block, 64))
  end)

  it("refuses to go past either end, and copies nothing", function()
    local short = mems.calloc(10, 1)
    assert.equal("bad argument #2 to 'copy' (address 1064+11 runs past the " ..
                 "end of block 1064 of 10 bytes)",
                 refused(mems.copy, block, short, 11))
    assert.equal("bad argument #1 to 'copy' (address 1064+11 runs past the " ..
                 "end of block 1064 of 10 bytes)",
                 refused(mems.copy, short, block, 11))
    assert.equal("bad argument #3 to 'copy' (n has to be at least 0, got -1)",
                 refused(mems.copy, block, short, -1))
    assert.equal("bad argument #2 to 'copy' (address expected, got a table)",
                 refused(mems.copy, block, {}, 3))
    assert.equal("bad argument #3 to 'copy' (n has to be an integer, got no " ..
                 "value)", refused(mems.copy, block, short))
    assert.equal("bad argument #2 to 'copy' (3 bytes at offset 1 run past " ..
                 "the end of the string, 3 bytes)",
                 refused(mems.copy, block, "abc", 3, 0, 1))
    refused(mems.copy, block, "abc", nil, 0, 4)
    refused(mems.copy, block, "abc", math.maxinteger, 0, 1)
    refused(mems.copy, block, "abc", 3, 62)
    assert.equal("bad argument #6 to 'copy' (no such argument, got 7)",
                 refused(mems.copy, block, short, 1, 0, 0, 7))
    untouched()
    assert.equal(("\0"):rep(10), mems.readstring(short, 10))
  end)
end)

describe("compare", function()
  before_each(before)
  after_each(after)

  it("is -1, 0 or 1", function()
    local a, b = mems.malloc(8), mems.malloc(8)
    mems.writestring(a, "abcd\0xyz")
    mems.writestring(b, "abcd\0xy\xFF")
    assert.equal(0, mems.compare(a, b, 7))
    assert.equal(-1, mems.compare(a, b, 8))
    assert.equal(1, mems.compare(b, a, 8))
    assert.equal(0, mems.compare(b, a, 0))
    assert.equal(0, mems.compare(a, a, 8))
    assert.equal(-1, mems.compare(a, b, 1, 7, 7))
    assert.equal(0, mems.compare(a, b, 2, 5, 5))
    assert.equal(0, mems.compare(a, "abcd\0xyz"))
    assert.equal(1, mems.compare(a, "abca"))
    assert.equal(0, mems.compare(a, "--xyz", nil, 5, 2))
  end)

  it("refuses to go past either end", function()
    local short = mems.malloc(10)
    assert.equal("bad argument #2 to 'compare' (address 1064+11 runs past " ..
                 "the end of block 1064 of 10 bytes)",
                 refused(mems.compare, block, short, 11))
    assert.equal("bad argument #1 to 'compare' (address 1064+11 runs past " ..
                 "the end of block 1064 of 10 bytes)",
                 refused(mems.compare, short, block, 11))
  end)
end)

describe("find", function()
  before_each(before)
  after_each(after)

  it("gives where the first match begins", function()
    mems.writestring(block, "one two\0two")
    assert.equal(mems.add(block, 4), mems.find(block, 64, "two"))
    assert.equal(mems.add(block, 8), mems.find(1005, 59, "two"))
    assert.equal(mems.add(block, 7), mems.find(block, 64, "\0"))
    assert.equal(block, mems.find(block, 64, ""))
    assert.equal(block, mems.find(block, 3, "one"))
    assert.equal(mems.add(block, 8), mems.find(block, 20, "two", 5))
    assert.is_nil(mems.find(block, 3, "two", 5))
    assert.equal(4, mems.find(mems.buffer("..two.two"), 7, "o.", 2))
    assert.equal(mems.add(mems.get(block), 4),
                 mems.find(mems.get(block), 64, "two"))
  end)

  it("gives nil where there is none", function()
    mems.writestring(block, "one two")
    assert.is_nil(mems.find(block, 64, "three"))
    assert.is_nil(mems.find(block, 6, "two"))
    assert.is_nil(mems.find(block, 0, "o"))
    assert.is_nil(mems.find(block, 64, ("x"):rep(100)))
  end)

  it("refuses to go past the end", function()
    assert.equal("bad argument #1 to 'find' (address 1000+65 runs past the " ..
                 "end of block 1000 of 64 bytes)",
                 refused(mems.find, block, 65, "x"))
    assert.equal("bad argument #2 to 'find' (n has to be at least 0, got -1)",
                 refused(mems.find, block, -1, "x"))
    assert.equal("bad argument #3 to 'find' (s has to be a string, got nil)",
                 refused(mems.find, block, 1, nil))
  end)
end)

-- Values of all types at one address.

local mems = require "mems"
local refused = require "spec.support.misuse".refused

local NAN <const> = 0 / 0

-- For each type its format in string.pack and values at its limits.
local TYPES <const> = {
  i8 = { "b", -128, -1, 0, 1, 127 },
  u8 = { "B", 0, 1, 127, 128, 255 },
  i16 = { "i2", -32768, -1, 0, 258, 32767 },
  u16 = { "I2", 0, 258, 32768, 65535 },
  i24 = { "i3", -1 << 23, -1, 0, 0x010203, (1 << 23) - 1 },
  u24 = { "I3", 0, 0x010203, 1 << 23, (1 << 24) - 1 },
  i32 = { "i4", -1 << 31, -1, 0, 0x01020304, (1 << 31) - 1 },
  u32 = { "I4", 0, 0x01020304, 1 << 31, (1 << 32) - 1 },
  i64 = { "i8", math.mininteger, -1, 0, 0x0102030405060708, math.maxinteger },
  u64 = { "i8", math.mininteger, -1, 0, 0x0102030405060708, math.maxinteger },
  f32 = { "f", -math.huge, -1.5, 0.0, 0.25, 0x1.fffffep+127, math.huge },
  f64 = { "d", -math.huge, -1.1, 0.0, 5e-324, 1.7976931348623157e308,
          math.huge },
}
local ORDERS <const> = { [""] = "=", le = "<", be = ">" }

-- Calls verb(name, format, value) for each number type, order and value.
local function each_number(verb)
  for type, values in pairs(TYPES) do
    for suffix, order in pairs(ORDERS) do
      for i = 2, #values do
        verb(type .. suffix, order .. values[1], values[i])
      end
    end
  end
end

local block

local function before()
  pcall(mems.finish)
  mems.init()
  block = mems.malloc(64)
  mems.fill(block, 0xEE, 64)
end

describe("peek and poke", function()
  before_each(before)
  after_each(function() pcall(mems.finish) end)

  it("agree with string.pack for every type and order", function()
    each_number(function(name, format, value)
      local bytes = string.pack(format, value)
      mems.fill(block, 0xEE, 64)
      mems.poke(block, name, value)
      assert.equal(bytes, mems.readstring(block, #bytes), name)
      assert.equal("\xEE", mems.readstring(block, 1, #bytes), name)
      local back = mems.peek(block, name)
      assert.equal(value, back, name)
      assert.equal(math.type(value), math.type(back), name)
      assert.equal(#bytes, mems.types[name].size)
    end)
  end)

  it("work at any alignment, from the first byte to the last", function()
    local inner = mems.malloc(13)
    mems.poke(inner, "f64be", 1.5, 5)
    assert.equal(1.5, mems.peek(inner, "f64be", 5))
    assert.equal(1.5, mems.peek(mems.add(inner, 5), "f64be"))
    assert.equal(1.5, mems.peek(mems.add(inner, 2), "f64be", 3))
    assert.equal(mems.peek(inner, "u8", 12),
                 mems.readstring(inner, 13):byte(13))
  end)

  it("take an address as an integer", function()
    mems.poke(1000, "i32", 77)
    assert.equal(77, mems.peek(1000, "i32"))
    assert.equal(77, mems.peek(block, "i32"))
    assert.equal(77, mems.peek(1000.0, "i32"))
  end)

  it("take a physical address of a live block", function()
    local physical = mems.get(block)
    mems.poke(physical, "i32", -5, 4)
    assert.equal(-5, mems.peek(block, "i32", 4))
    assert.equal(-5, mems.peek(mems.tointeger(physical), "i32", 4))
    assert.equal("bad argument #1 to 'peek' (address 1061+4 runs past the " ..
                 "end of block 1000 of 64 bytes)",
                 refused(mems.peek, physical, "i32", 61))
  end)

  it("keep true and false in one byte", function()
    for suffix in pairs(ORDERS) do
      mems.poke(block, "bool" .. suffix, true)
      assert.equal("\1\xEE", mems.readstring(block, 2))
      assert.is_true(mems.peek(block, "bool" .. suffix))
      mems.poke(block, "bool" .. suffix, false)
      assert.equal("\0\xEE", mems.readstring(block, 2))
      assert.is_false(mems.peek(block, "bool" .. suffix))
    end
    mems.poke(block, "u8", 2)
    assert.is_true(mems.peek(block, "bool"))
  end)

  it("keep addresses", function()
    for suffix, order in pairs(ORDERS) do
      local name = "ptr" .. suffix
      mems.poke(block, name, block)
      assert.equal(string.pack(order .. "i8", 1000), mems.readstring(block, 8))
      assert.equal(block, mems.peek(block, name))
      mems.poke(block, name, 5096)
      assert.equal(mems.toaddress(5096), mems.peek(block, name))
    end
  end)

  it("keep no address as 0, and show it as nil", function()
    for _, none in ipairs { 0, false, mems.toaddress(0), 0.0 } do
      mems.poke(block, "ptr", block)
      mems.poke(block, "ptr", none)
      assert.is_nil(mems.peek(block, "ptr"))
      assert.equal(0, mems.peek(block, "u64"))
    end
    mems.poke(block, "ptr", block)
    mems.poke(block, "ptr", nil)
    assert.is_nil(mems.peek(block, "ptr"))
  end)

  it("take not-a-number and infinity as floats", function()
    for _, name in ipairs { "f32", "f64", "f32be", "f64le" } do
      mems.poke(block, name, NAN)
      local back = mems.peek(block, name)
      assert.is_true(back ~= back)
      mems.poke(block, name, -math.huge)
      assert.equal(-math.huge, mems.peek(block, name))
    end
  end)

  it("round to the nearest f32", function()
    mems.poke(block, "f32", 0.1)
    assert.equal(string.unpack("f", string.pack("f", 0.1)),
                 mems.peek(block, "f32"))
  end)

  it("take whole floats as integers, and numerals as numbers", function()
    mems.poke(block, "i32", 3.0)
    assert.equal(3, mems.peek(block, "i32"))
    mems.poke(block, "i32", "-12")
    assert.equal(-12, mems.peek(block, "i32"))
    mems.poke(block, "f64", " 0x10 ")
    assert.equal(16.0, mems.peek(block, "f64"))
    mems.poke(block, "f64", 7)
    assert.equal("float", math.type(mems.peek(block, "f64")))
  end)

  it("return one value and none", function()
    assert.equal(1, select("#", mems.peek(block, "ptr")))
    assert.equal(0, select("#", mems.poke(block, "u8", 1)))
  end)

  it("take an offset of nil as none", function()
    mems.poke(block, "u8", 9, nil)
    assert.equal(9, mems.peek(block, "u8", nil))
  end)
end)

describe("peek_TYPE and poke_TYPE", function()
  before_each(before)
  after_each(function() pcall(mems.finish) end)

  it("agree with peek and poke for every type and order", function()
    each_number(function(name, _, value)
      mems["poke_" .. name](block, value, 3)
      assert.equal(value, mems.peek(block, name, 3), name)
      assert.equal(value, mems["peek_" .. name](block, 3), name)
      assert.equal(value, mems["peek_" .. name](mems.add(block, 3)), name)
    end)
    for suffix in pairs(ORDERS) do
      mems["poke_bool" .. suffix](block, true)
      assert.is_true(mems["peek_bool" .. suffix](block))
      mems["poke_ptr" .. suffix](block, block, 8)
      assert.equal(block, mems["peek_ptr" .. suffix](block, 8))
      assert.equal(block, mems.peek(block, "ptr" .. suffix, 8))
    end
  end)

  it("exist for every type", function()
    for name in pairs(mems.types) do
      assert.equal("function", type(mems["peek_" .. name]), name)
      assert.equal("function", type(mems["poke_" .. name]), name)
    end
  end)

  it("name themselves in messages", function()
    assert.equal("bad argument #1 to 'peek_i32le' (address 1062+4 runs past " ..
                 "the end of block 1000 of 64 bytes)",
                 refused(mems.peek_i32le, block, 62))
    assert.equal("bad argument #2 to 'poke_u8' (value 256 does not fit u8)",
                 refused(mems.poke_u8, block, 256))
    assert.equal("bad argument #2 to 'peek_f64' (offset has to be at least " ..
                 "0, got -8)", refused(mems.peek_f64, block, -8))
    assert.equal("bad argument #3 to 'poke_i16be' (offset has to be an " ..
                 'integer, got "two")',
                 refused(mems.poke_i16be, block, 1, "two"))
  end)
end)

describe("types", function()
  it("tells the size of every type, in three orders", function()
    local sizes = { i8 = 1, u8 = 1, i16 = 2, u16 = 2, i32 = 4, u32 = 4,
                    i64 = 8, u64 = 8, f32 = 4, f64 = 8, bool = 1, ptr = 8,
                    i24 = 3, u24 = 3, f16 = 2 }
    local count = 0
    for name, info in pairs(mems.types) do
      count = count + 1
      local base = name:gsub("[lb]e$", "")
      assert.equal(name, info.name)
      assert.equal(sizes[base], info.size, name)
    end
    assert.equal(45, count)
  end)

  it("tells the range of every number type", function()
    before()
    for name, info in pairs(mems.types) do
      if info.min then
        for _, limit in ipairs { info.min, info.max } do
          mems.poke(block, name, limit)
          assert.equal(limit, mems.peek(block, name), name)
        end
      end
    end
    for name, max in pairs { i8 = 127, u8 = 255, i16 = 32767, u16 = 65535,
                             i32 = (1 << 31) - 1, u32 = (1 << 32) - 1,
                             i64 = math.maxinteger, u64 = -1 } do
      assert.equal(max, mems.types[name].max, name)
      local unsigned = name:sub(1, 1) == "u"
      local min = unsigned and 0 or name == "i64" and math.mininteger
        or -max - 1
      assert.equal(min, mems.types[name].min, name)
    end
    assert.is_nil(mems.types.ptr.min)
    assert.is_nil(mems.types.bool.max)
    mems.finish()
  end)
end)

describe("a value that does not fit", function()
  before_each(before)
  after_each(function() pcall(mems.finish) end)

  local function misfit(type, value)
    local message = refused(mems.poke, block, type, value)
    assert.equal(("\xEE"):rep(64), mems.readstring(block, 64))
    return message:match("^bad argument #3 to 'poke' %(value (.*)%)$")
  end

  it("is refused by integers above and below their range", function()
    for name, info in pairs(mems.types) do
      if info.size < 8 and math.type(info.max) == "integer" then
        local shown = (name:gsub("le$", ""))
        assert.equal(info.max + 1 .. " does not fit " .. shown,
                     misfit(name, info.max + 1))
        assert.equal(info.min - 1 .. " does not fit " .. shown,
                     misfit(name, info.min - 1))
      end
    end
    assert.equal("300 does not fit u8", misfit("u8", 300))
    assert.equal("-1 does not fit u8", misfit("u8", -1))
    assert.equal("65536 does not fit u16be", misfit("u16be", 65536))
  end)

  it("is refused by integers if it is not whole", function()
    assert.equal("1.5 does not fit i32", misfit("i32", 1.5))
    assert.equal("inf does not fit i64", misfit("i64", math.huge))
    assert.matches("^%-?nan does not fit u64$", misfit("u64", NAN))
    for _, name in ipairs { "i64", "u64" } do
      assert.equal("9.2233720368548e+18 does not fit " .. name,
                   misfit(name, 2.0 ^ 63))
    end
  end)

  it("is infinite in f32 if it is too great, as string.pack has it", function()
    for _, v in ipairs { 1e40, -1e40, 0x1.fffffefp+127, 0x1.ffffffp+127,
                         math.maxinteger } do
      mems.poke_f32(block, v)
      assert.equal(string.pack("f", v), mems.readstring(block, 4))
      mems.poke_f32be(block, v)
      assert.equal(string.pack(">f", v), mems.readstring(block, 4))
    end
    mems.poke_f32(block, -1e40)
    assert.equal(-math.huge, mems.peek_f32(block))
  end)

  it("is refused by numbers if it is none", function()
    for name, info in pairs(mems.types) do
      if info.min then
        local shown = (name:gsub("le$", ""))
        assert.equal("nil does not fit " .. shown, misfit(name, nil))
        assert.equal('"abc" does not fit ' .. shown, misfit(name, "abc"))
        assert.equal("a table does not fit " .. shown, misfit(name, {}))
        assert.equal("true does not fit " .. shown, misfit(name, true))
        assert.equal("a light userdata does not fit " .. shown,
                     misfit(name, block))
      end
    end
    assert.equal("a string of 1000 bytes does not fit f64",
                 misfit("f64", ("x"):rep(1000)))
  end)

  it("is refused by bool if it is not true or false", function()
    assert.equal("1 does not fit bool", misfit("bool", 1))
    assert.equal("nil does not fit bool", misfit("bool", nil))
  end)

  it("is refused by ptr if it is no address", function()
    assert.equal("true does not fit ptr", misfit("ptr", true))
    assert.equal("1.5 does not fit ptr", misfit("ptr", 1.5))
    assert.equal('"1000" does not fit ptr', misfit("ptr", "1000"))
    assert.equal("a FILE* does not fit ptr", misfit("ptr", io.stdout))
    assert.equal("bad argument #3 to 'poke' (value no value does not fit " ..
                 "ptr)", refused(mems.poke, block, "ptr"))
  end)
end)

describe("a type name", function()
  before_each(before)
  after_each(function() pcall(mems.finish) end)

  it("is refused if there is none such", function()
    for _, name in ipairs {
      "", "i", "i9", "i8l", "i8lx", "i8les", "i40", "u128", "f8", "boo",
      "boolean", "ptrb", "ptrbee", "I32", "i32 ", " i32", "char", "i32be\0",
      "i32\0e"
    } do
      assert.matches("^bad argument #2 to 'peek' %(unknown type \"",
                     refused(mems.peek, block, name))
    end
    assert.equal("bad argument #2 to 'poke' (unknown type \"int\")",
                 refused(mems.poke, block, "int", 1))
    assert.equal("bad argument #2 to 'peek' (type name expected, got nil)",
                 refused(mems.peek, block, nil))
    assert.equal("bad argument #2 to 'peek' (unknown type \"32\"; near it " ..
                 "is 'i32', 'u32', 'f32')",
                 refused(mems.peek, block, 32))
  end)
end)

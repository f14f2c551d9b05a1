-- Halves of a float, and numbers of 24 bits, wherever types are.

local mems = require "mems"
local refused = require "spec.support.misuse".refused

local function before()
  pcall(mems.finish)
  mems.init()
end

local function after() pcall(mems.finish) end

-- What IEEE 754 says that the bits of a half are.
local function half(bits)
  local exponent, mantissa = bits >> 10 & 31, bits & 1023
  local value = (1 + mantissa / 1024) * 2.0 ^ (exponent - 15)
  if exponent == 0 then
    value = mantissa * 2.0 ^ -24
  elseif exponent == 31 then
    value = mantissa == 0 and math.huge or 0 / 0
  end
  return bits >> 15 == 1 and -value or value
end

describe("f16", function()
  before_each(before)
  after_each(after)

  it("reads and writes each of its 65536 values", function()
    local b = mems.buffer(2)
    for bits = 0, 65535 do
      b:poke_u16(bits)
      local value, wanted = b:peek_f16(), half(bits)
      if wanted ~= wanted then
        assert.is_true(value ~= value)
      elseif value ~= wanted or 1 / value ~= 1 / wanted then
        error(("%04x is %s, not %s"):format(bits, value, wanted))
      else
        b:poke_f16be(value)
        if b:peek_u16be() ~= bits then error(("%04x"):format(bits)) end
      end
    end
    b:poke_f16(0 / 0)
    assert.is_true(b:peek_f16() ~= b:peek_f16())
  end)

  it("rounds to the nearest value, in the middle to the even one", function()
    local b = mems.buffer(2)
    for bits = 0, 0x7BFE do
      local middle = (half(bits) + half(bits + 1)) / 2
      for _, step in ipairs { { -2.0 ^ -50, bits }, { 2.0 ^ -50, bits + 1 },
                              { 0, bits + bits % 2 } } do
        b:poke_f16(middle * (1 + step[1]))
        if b:peek_u16() ~= step[2] then error(("%04x"):format(bits)) end
      end
    end
  end)

  it("is infinite where a number is too great when it is rounded", function()
    local b = mems.buffer(2)
    b:poke_f16(65519)
    assert.equal(65504, b:peek_f16())
    b:poke_f16(65520)
    assert.equal(math.huge, b:peek_f16())
    b:poke("f16be", -1e300)
    assert.equal(-math.huge, b:peek_f16be())
    assert.match('value "x" does not fit f16', refused(b.poke_f16, b, "x"))
  end)
end)

describe("arrays of i24, u24 and f16", function()
  before_each(before)
  after_each(after)

  it("find, sum, min, max and sort as others do, in each order", function()
    for _, type in ipairs { "i24", "u24", "f16", "i24be", "u24be", "f16be",
                            "i24le", "u24le", "f16le" } do
      local t, sum = {}, 0
      local low = type:sub(1, 1) == "u" and 0 or -2000
      for i = 1, 700 do
        t[i] = math.random(low, 2000)
        sum = sum + t[i]
      end
      local a = mems.array(type, t)
      assert.same(t, a:totable(), type)
      assert.equal(sum, a:sum(), type)
      assert.equal(a[a:find(t[300])], t[300])
      assert.is_nil(a:find(2001))
      table.sort(t)
      assert.equal(t[1], (a:min()))
      assert.equal(t[700], (a:max()))
      assert.same(t, a:sort():totable(), type)
    end
  end)

  it("compute in place, as far as they have bits", function()
    for _, suffix in ipairs { "", "be", "le" } do
      local a = mems.array("i24" .. suffix, { 1, -2, 8388607 })
      assert.same({ 2, -1, -8388608 }, a:add(1):totable())
      assert.same({ 6, -3, -8388608 }, a:mul(mems.array("i24", { 3, 3, 3 }))
        :totable())
      assert.same({ 3, -2, -4194304 }, a:div(2):totable())
      assert.same({ 3, -2, -10 }, a:clamp(-10, 9):totable())
      assert.equal(9 + 4 + 100, a:dot(a))
      assert.equal(1, a:count(-2))
      assert.same({ 3, 1, -9 }, a:cumsum():totable())
      assert.match("does not fit i24", refused(a.clamp, a, 0, 1 << 23))
      local u = mems.array("u24" .. suffix, { 0, 5 })
      assert.same({ 16777215, 4 }, u:sub(1):totable())
      local f = mems.array("f16" .. suffix, { 1, 2, 60000 })
      assert.same({ 1.5, 3, math.huge }, f:mul(1.5):totable())
      assert.same({ 1, 2 }, f:slice(1, 2):apply("floor"):div(2):add(0.5)
        :slice(1, 2):totable())
      assert.equal(1.5, f:slice(1, 2):mean())
    end
  end)

  it("convert from and to others, if the values fit", function()
    local i = mems.array("i32", { -8388608, 8388607, 5 })
    assert.same(i:totable(), mems.array("i24be", i):totable())
    assert.same(i:totable(), mems.array("f64", mems.array("i24", i)):totable())
    for type, values in pairs { u24 = { 0, 1 << 24 }, i24 = { 0, 1 << 23 },
                                u24be = { 0, -1 }, f16 = { 1, 70000 } } do
      assert.match("element 2: value .* does not fit " .. type,
                   refused(mems.array, type, mems.array("i64", values)))
    end
    assert.same({ 1, 3 }, mems.array("f16le",
      mems.array("u8", { 1, 3 })):totable())
    assert.same({ math.huge },
                mems.array("f16", mems.array("f32", { math.huge })):totable())
  end)

  it("are sorted with a step, downwards, and by a field", function()
    local a = mems.array("i24", { 3, 9, -1, 9, 2, 9 })
    a:slice(1, 6, 2):sort("desc")
    assert.same({ 3, 9, 2, 9, -1, 9 }, a:totable())
    assert.same({ 5, 3, 1, 2, 4, 6 }, a:argsort():totable())
    assert.equal(2, (mems.array("u24", { 1, 7, 9 }):search(7)))
    local S = mems.struct { { "h", "f16" }, { "b", "u8", bits = 3 } }
    local list = S:array { { h = 2 }, { h = -1 }, { h = 0.5 } }
    list:sort("h")
    assert.equal(-1, list[1].h)
    assert.equal(2, list[3].h)
    for i, bits in ipairs { 6, 1, 3 } do list:set(i, "b", bits) end
    list:sort("b")
    assert.same({ 1, 3, 6 }, { list[1].b, list[2].b, list[3].b })
  end)

  it("keep nans behind all numbers", function()
    local a = mems.array("f16", { 0 / 0, 2, -math.huge, 0 / 0, 1 })
    a:sort()
    assert.same({ -math.huge, 1, 2 }, a:totable(1, 3))
    assert.is_true(a[4] ~= a[4] and a[5] ~= a[5])
  end)

  it("take no more than they have room for", function()
    local a = mems.array("u24", 3)
    assert.match("value 16777216 does not fit u24",
                 refused(function() a[1] = 1 << 24 end))
    assert.match("value %-1 does not fit u24",
                 refused(function() a[1] = -1 end))
    local b = mems.array("i24be", 1)
    assert.match("does not fit i24be",
                 refused(function() b[1] = 1 << 23 end))
    assert.equal(9, a:size())
    a:append(0xABCDEF)
    assert.equal(0xABCDEF, a[4])
    assert.same({ 0, 0, 0, 0xABCDEF },
                mems.peekarray(a:address(), "u24", 4))
  end)

  it("are fields of structs: three bytes need no alignment", function()
    local S = mems.struct { { "a", "u8" }, { "b", "u24be" }, { "c", "u8" },
                            { "d", "f16" }, { "e", "i24", 2 } }
    assert.equal(1, S.offsets.b)
    assert.equal(6, S.offsets.d)
    assert.equal(14, S.size)
    local p = S:new { b = 0x010203, d = 1.5, e = { -1, 1 } }
    assert.equal(0x010203, p.b)
    assert.equal(1.5, p.d)
    assert.equal(-1, p.e[1])
    assert.equal("\1\2\3", mems.readstring(mems.add(p:address(), 1), 3))
  end)
end)

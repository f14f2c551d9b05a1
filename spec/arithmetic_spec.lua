-- Arithmetic in place: against the same in Lua, element by element, for each
-- type in each byte order, on arrays and on slices with a step.

local mems = require "mems"
local refused = require "spec.support.misuse".refused

local NAMES <const> = { "i8", "u8", "i16", "u16", "i24", "u24", "i32", "u32",
  "i64", "u64", "f32", "f64" }
local CHUNKED <const> = 1100 -- elements: more than two chunks of the kernels

local function is_float(name) return name:sub(1, 1) == "f" end

-- A value as the type has it: integers wrap around, f32 are rounded.
local function as(name, v)
  if name == "f64" then return v end
  if name == "f32" then return (string.unpack("f", string.pack("f", v))) end
  local bits = mems.types[name].size * 8
  if bits == 64 then return v end
  v = v & (1 << bits) - 1
  if name:sub(1, 1) == "i" and v >= 1 << bits - 1 then v = v - (1 << bits) end
  return v
end

local function random_value(name)
  if is_float(name) then return as(name, math.random() * 100 - 50) end
  return as(name, math.random(0))
end

local function random_values(name, n)
  local t = {}
  for i = 1, n do
    repeat t[i] = random_value(name) until t[i] ~= 0
  end
  return t
end

-- An array with the values: packed, or each third element of a longer one.
local function array_of(name, values, step)
  local whole = mems.array(name, #values * step + 2)
  local a = whole:slice(2, #values * step + 1, step)
  a:copy(values)
  return a, whole
end

local function same(values, a, what)
  assert.equal(#values, #a, what)
  for i = 1, #a do
    if a[i] ~= values[i] then assert.equal(values[i], a[i], what) end
  end
end

-- Calls check(name, type, step, n) for all that there is.
local function each(check)
  for _, name in ipairs(NAMES) do
    for _, order in ipairs { "", "le", "be" } do
      for step = 1, 3, 2 do
        for _, n in ipairs { 0, 1, 7, CHUNKED } do
          check(name, name .. order, step, n)
        end
      end
    end
  end
end

local OPERATIONS <const> = {
  add = function(a, b) return a + b end,
  sub = function(a, b) return a - b end,
  mul = function(a, b) return a * b end,
  div = function(a, b)
    if math.type(a) == "integer" then return a // b end
    return a / b
  end,
}

describe("arithmetic in place", function()
  before_each(function()
    pcall(mems.finish)
    mems.init()
  end)
  after_each(function() pcall(mems.finish) end)

  it("does to each element what Lua does, with an array", function()
    each(function(name, kind, step, n)
      local t, u = random_values(name, n), random_values(name, n)
      local b = array_of(name, u, step)
      for verb, operation in pairs(OPERATIONS) do
        local a, whole = array_of(kind, t, step)
        local expected = {}
        for i = 1, n do expected[i] = as(name, operation(t[i], u[i])) end
        assert.equal(a, a[verb](a, b))
        same(expected, a, kind .. " " .. verb)
        assert.equal(n * step + 2 - n, whole:count(0) - a:count(0),
          "what lies between has changed")
        b:release()
        b = array_of(kind, u, 1)
      end
    end)
  end)

  it("does it with a number", function()
    each(function(name, kind, step, n)
      local t = random_values(name, n)
      for verb, operation in pairs(OPERATIONS) do
        -- any integer that Lua has, whether the type has it or not
        local k = is_float(name) and random_value(name) or math.random(0)
        local a, expected = array_of(kind, t, step), {}
        for i = 1, n do expected[i] = as(name, operation(t[i], k)) end
        a[verb](a, k)
        same(expected, a, kind .. " " .. verb .. " " .. k)
      end
    end)
  end)

  it("axpy adds a multiple, dot sums products, cumsum sums", function()
    each(function(name, kind, step, n)
      local t, u = random_values(name, n), random_values(name, n)
      local a, b = array_of(kind, t, step), array_of(name, u, 4 - step)
      local k = is_float(name) and random_value(name) or math.random(0)
      local expected, dot = {}, is_float(name) and 0.0 or 0
      local sums, sum = {}, dot
      for i = 1, n do
        dot, sum = dot + t[i] * u[i], sum + t[i]
        sums[i] = as(name, sum)
        expected[i] = as(name, t[i] + as(name, k * u[i]))
      end
      if is_float(name) then
        assert.near(dot, a:dot(b), 1e-9 * 2500 * (n + 1))
        assert.equal(a:dot(a), a:dot(a:clone()))
      else
        assert.equal(dot, a:dot(b))
      end
      same(sums, a:clone():cumsum(), kind .. " cumsum")
      same(expected, a:axpy(k, b), kind .. " axpy")
    end)
  end)

  it("with memory that is shared is as if it were copied before", function()
    local t = random_values("i32", CHUNKED)
    for _, shift in ipairs { 0, 1, 2, 600 } do
      local n = CHUNKED - shift
      for _, turned in ipairs { false, true } do
        local a = mems.array("i32", t)
        local x, y = a:slice(1, n), a:slice(1 + shift)
        if turned then x, y = y, x end
        local expected = {}
        for i = 1, n do expected[i] = as("i32", x[i] * y[i]) end
        x:mul(y)
        same(expected, x)
      end
    end
    local a = mems.array("i32", { 1, 2, 3, 4, 5, 6 })
    a:slice(1, 3):add(a:slice(1, 6, 2))
    assert.same({ 2, 5, 8, 4, 5, 6 }, a:totable())
    a:slice(1, 6, 2):sub(a:slice(2, 6, 2))
    assert.same({ -3, 5, 4, 4, -1, 6 }, a:totable())
  end)

  it("clamp keeps elements between two numbers", function()
    local a = mems.array("f32", { -2, 0.5, 3, 0 / 0, -1 / 0 })
    a:clamp(-1, 1)
    assert.same({ -1.0, 0.5, 1.0 }, a:totable(1, 3))
    assert.is_true(a[4] ~= a[4] and a[5] == -1)
    local u = mems.array("u64be", { 1, -1, 5 })
    assert.same({ 2, 9, 5 }, u:clamp(2, 9):totable())
    assert.same({ 2, 9, 5 }, u:clamp(2, -1):totable())
    assert.match("high has to be at least low, 2, got 1",
                 refused(a.clamp, a, 2, 1))
    assert.match("at least low", refused(a.clamp, a, 0 / 0, 1))
    assert.match("at least low", refused(a.clamp, a, 1, 0 / 0))
    assert.match("#1 to 'clamp' %(value no value does not fit f32",
                 refused(a.clamp, a))
    assert.match("#2 to 'clamp' %(value 256 does not fit u8",
                 refused(a.clamp, mems.array("u8", 1), 0, 256))
  end)

  it("apply puts a function in the place of each element", function()
    local functions <const> = { abs = math.abs, sqrt = math.sqrt,
      exp = math.exp, log = math.log, floor = math.floor, ceil = math.ceil,
      sin = math.sin, cos = math.cos, tan = math.tan,
      neg = function(x) return -x end,
      tanh = function(x) return 1 - 2 / (math.exp(2 * x) + 1) end }
    for name, f in pairs(functions) do
      for _, kind in ipairs { "f64", "f64be", "f32" } do
        local t = random_values("f32", CHUNKED)
        for i = 1, #t do t[i] = math.abs(t[i]) end
        local a = array_of(kind, t, 2):apply(name)
        for i = 1, #t do
          local x = f(t[i])
          local off = (kind == "f32" and 1e-5 or 1e-13) *
            math.max(1, math.abs(x), name == "tan" and x * x or 0)
          local by = math.abs(x - a[i])
          if by > off or by ~= by then assert.near(x, a[i], off, name) end
        end
      end
    end
    local i = mems.array("i8", { -128, 5, -3 })
    assert.same({ -128, 5, 3 }, i:apply("abs"):totable())
    assert.same({ -128, -5, -3 }, i:apply("neg"):totable())
    assert.same({ 253 }, mems.array("u8", { 3 }):apply("neg"):totable())
    assert.match('"sqrt" is for floats, the array is one of i8',
                 refused(i.apply, i, "sqrt"))
    assert.match('there is no function "sqr"', refused(i.apply, i, "sqr"))
    assert.match("there is no function no value", refused(i.apply, i))
  end)

  it("mean does not wrap around, count counts what find finds", function()
    assert.is_nil(mems.array("f64", 0):mean())
    assert.equal(127.0, mems.array("u8", { 255, 255, 0, -0, 125 }):mean())
    assert.equal(2.0 ^ 62, mems.array("i64", 1000, 1 << 62):mean())
    assert.equal(2.0 ^ 63, mems.array("u64", 10, 1 << 63):mean())
    local a = mems.array("f32", { 1, 0.0, -0.0, 0 / 0, 1, 2 })
    assert.equal(2, a:count(1))
    assert.equal(2, a:count(0))
    assert.equal(0, a:count(0 / 0))
    assert.equal(1, a:count(1, 2))
    assert.equal(0, a:count("x"))
    assert.equal(1.5, a:mean(5, 6))
    assert.equal(400, mems.array("bool", 1200, true):count(true, 801))
    assert.equal(366, mems.array("i16be", 1100, 7):slice(1, 1098, 3):count(7))
  end)

  it("refuses to divide an integer by 0, and has changed nothing", function()
    local a = mems.array("i32", CHUNKED, 6)
    local b = mems.array("i32be", CHUNKED, 2)
    b[CHUNKED] = 0
    assert.match("#1 to 'div' %(attempt to perform 'n//0'",
                 refused(a.div, a, b))
    assert.match("attempt to perform 'n//0'", refused(a.div, a, 0))
    assert.equal(CHUNKED, a:count(6))
    local f = mems.array("f32", { 1, -1, 0 }):div(0)
    assert.same({ 1 / 0, -1 / 0 }, f:totable(1, 2))
    local least = mems.array("i64", { math.mininteger }):div(-1)
    assert.equal(math.mininteger, least[1])
    assert.same({ 0 }, mems.array("u8", { 200 }):div(300):totable())
  end)

  it("refuses what it does not understand", function()
    local a = mems.array("i32", 3)
    assert.match("#1 to 'add' %(a number or an array expected, got no value",
                 refused(a.add, a))
    assert.match("a number or an array expected, got a table",
                 refused(a.add, a, {}))
    assert.match("value 1.5 does not fit i32", refused(a.add, a, 1.5))
    assert.match('value "x" does not fit i32', refused(a.mul, a, "x"))
    assert.match("value 1.5 does not fit i32", refused(a.div, a, 1.5))
    assert.match("array of i32 expected, got one of f64",
                 refused(a.add, a, mems.array("f64", 3)))
    assert.match("array of 3 elements expected, got one of 4",
                 refused(a.add, a, mems.array("i32", 4)))
    assert.match("#2 to 'axpy' %(an array expected, got 2",
                 refused(a.axpy, a, 1, 2))
    assert.match("value no value does not fit", refused(a.axpy, a))
    assert.match("#1 to 'dot' %(an array expected, got 1",
                 refused(a.dot, a, 1))
    for _, verb in ipairs { "add", "sub", "mul", "div", "axpy", "dot",
      "cumsum", "clamp", "apply", "mean" } do
      local flags = mems.array("bool", 3)
      assert.match(verb == "cumsum" and "no such argument"
                   or "not for elements of bool",
                   refused(flags[verb], flags, 1), verb)
      refused(a[verb], a, 1, 2, 3, 4)
      local gone = mems.array("i32", 3)
      gone:release()
      refused(gone[verb], gone, 1)
    end
  end)

  it("raises where the other array is gone", function()
    local a, gone = mems.array("i32", 3), mems.array("i32", 3)
    gone:release()
    for _, verb in ipairs { "add", "sub", "mul", "div", "dot" } do
      assert.match("released", refused(a[verb], a, gone), verb)
    end
    assert.match("released", refused(a.axpy, a, 1, gone))
  end)

  it("works on the arrays of other heaps, also with each other", function()
    local heap <close> = assert(mems.open())
    local a = heap:array("f64", { 1, 2 })
    local b = mems.array("f64", { 10, 20 })
    assert.same({ 11.0, 22.0 }, a:add(b):totable())
    assert.same({ 21.0, 42.0 }, b:axpy(1, a):totable())
  end)
end)

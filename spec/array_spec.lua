-- Typed arrays: elements, slices, growth, and the verbs on all elements.

local mems = require "mems"
local shell = require "spec.support.shell"
local refused = require "spec.support.misuse".refused

local NAN <const> = 0 / 0
local NUMBERS <const> = { "i8", "u8", "i16", "u16", "i32", "u32", "i64",
  "u64", "f32", "f64" }

-- Calls verb(type) for each number type in each byte order.
local function each_number(verb)
  for _, name in ipairs(NUMBERS) do
    for _, order in ipairs { "", "le", "be" } do verb(name .. order, name) end
  end
end

local function values(a)
  return table.concat(a:totable(), " ")
end

local function before()
  pcall(mems.finish)
  mems.init()
end

local function after()
  pcall(mems.finish)
end

describe("an array", function()
  before_each(before)
  after_each(after)

  it("has zero elements of each type, which keep their values", function()
    each_number(function(name, kind)
      local a = mems.array(name, 3)
      assert.equal(3, #a)
      assert.equal(3 * mems.types[name].size, a:size())
      assert.equal(0, a[1] + a[2] + a[3])
      a[1], a[3] = mems.types[kind].min, mems.types[kind].max
      assert.equal(mems.types[kind].min, a[1], name)
      assert.equal(0, a[2], name)
      assert.equal(mems.types[kind].max, a[3], name)
      assert.equal(a[3], mems.peek(a, name, 2 * mems.types[name].size))
    end)
    local flags, links = mems.array("bool", 2), mems.array("ptr", 2)
    flags[2] = true
    assert.same({ false, true }, { flags[1], flags[2] })
    links[1] = flags:address()
    assert.equal(flags:address(), links[1])
    assert.is_nil(links[2])
  end)

  it("is made from a table", function()
    local a = mems.array("i16", { 5, -6, 7 })
    assert.same({ 5, -6, 7 }, a:totable())
    assert.equal(0, #mems.array("i16", {}))
    assert.match("element 2: value 300 does not fit u8",
                 refused(mems.array, "u8", { 1, 300 }))
    assert.match("has no element 2",
                 refused(mems.array, "u8", { 1, nil, 3 }))
  end)

  it("refuses what is no type or no count", function()
    assert.match("#1 to 'array' %(unknown type \"i31\"",
                 refused(mems.array, "i31", 1))
    assert.match("type name expected, got nil", refused(mems.array))
    assert.match("#2 to 'array' %(count has to be at least 0, got %-1",
                 refused(mems.array, "u8", -1))
    assert.match("count has to be an integer", refused(mems.array, "u8"))
    assert.equal(mems.ELIMIT,
                 select(3, mems.array("f64", math.maxinteger // 4)))
    assert.equal(mems.ELIMIT, select(3, mems.array("f64", 1 << 50)))
  end)

  it("refuses an index out of range, and names it and the length", function()
    local a = mems.array("f64", 10)
    for _, i in ipairs { 0, 11, -1, math.maxinteger, math.mininteger } do
      local text = "index " .. i .. " is out of range: the array has 10 "
      assert.match(text, refused(function() return a[i] end), 1, true)
      assert.match(text, refused(function() a[i] = 1 end), 1, true)
    end
    assert.match("index 1.5 is", refused(function() return a[1.5] end))
    assert.match("index nan is", refused(function() return a[NAN] end)
      :gsub("%-nan", "nan"))
    assert.match("an array has no nil", refused(function() return a[nil] end))
    assert.match("an array has no \"x\"", refused(function() return a.x end))
    assert.match("an array has no \"x\"", refused(function() a.x = 1 end))
    assert.equal(0.0, a[10.0])
    local none = mems.array("f64", 0)
    assert.match("the array has 0", refused(function() return none[1] end))
  end)

  it("refuses a value that does not fit, and stays as it was", function()
    local a = mems.array("u8", { 7 })
    for _, v in ipairs { 256, -1, 1.5, "x", {}, true } do
      assert.match("element 1: value .* does not fit u8",
                   refused(function() a[1] = v end))
    end
    assert.match("value nil", refused(function() a[1] = nil end))
    assert.equal(7, a[1])
    a[1] = "8"
    assert.equal(8, a[1])
    local f = mems.array("f32", 1)
    f[1] = 1e40
    assert.equal(math.huge, f[1])
  end)

  it("is walked by ipairs, and only by it without an error", function()
    local a, seen = mems.array("i32", { 4, 5, 6 }), {}
    for i, v in ipairs(a) do seen[i] = v end
    assert.same({ 4, 5, 6 }, seen)
    for _ in ipairs(mems.array("i32", 0)) do error("none") end
    assert.same({ 4, 5, 6 }, { table.unpack(a, 1, 3) })
    refused(table.unpack, a, 1, 4)
    refused(function() return a[4] end)
  end)

  it("shows its address, length, type and first values", function()
    assert.equal("mems.array (1000, 3 of i16be) {1, -2, 3}",
                 tostring(mems.array("i16be", { 1, -2, 3 })))
    assert.equal(("0, "):rep(16) .. "...",
                 tostring(mems.array("u8", 17)):match("{(.*)}$"))
    assert.match("%(%d+, 0 of u8%) {}$", tostring(mems.array("u8", 0)))
    local a = mems.array("f64", 1)
    a:release()
    assert.equal("mems.array (released)", tostring(a))
  end)

  it("is dead after release, free and finish", function()
    local function dead(a, s)
      for _, use in ipairs {
        function(x) return x[1] end, function(x) x[1] = 1 end,
        function(x) return #x end, function(x) x:fill(1) end,
        function(x) x:sum() end, function(x) x:sort() end,
        function(x) x:totable() end, function(x) x:append(1) end,
        function(x) x:copy({ 1 }) end, function(x) x:find(1) end,
        function(x) x:map(print) end, function(x) x:resize(5) end,
        function(x) x:slice() end, function(x) x:min() end,
        function(x) return mems.array("f64", 2):copy(x) end,
      } do
        assert.match("released", refused(use, a))
        assert.match("released", refused(use, s))
      end
    end
    local a = mems.array("f64", 10)
    local s = a:slice(2, 3)
    a:release()
    dead(a, s)
    a = mems.array("f64", 10)
    s = a:slice(2, 3)
    mems.free(a:address())
    mems.fill(mems.malloc(80), 1, 80)
    dead(a, s)
    a = mems.array("f64", 10)
    s = a:slice(2, 3)
    mems.finish()
    mems.init()
    mems.malloc(80)
    dead(a, s)
  end)

  it("does not mind what other blocks do", function()
    local a = mems.array("i32", { 1, 2, 3 })
    local blocks = {}
    for i = 1, 1000 do blocks[i] = mems.malloc(i) end
    for i = 1, 1000, 2 do mems.free(blocks[i]) end
    mems.trim()
    assert.same({ 1, 2, 3 }, a:totable())
  end)
end)

describe("a slice of an array", function()
  before_each(before)
  after_each(after)

  it("is elements i to j, on the same memory", function()
    local a = mems.array("i32", { 1, 2, 3, 4, 5 })
    local s = a:slice(2, 4)
    assert.same({ 2, 3, 4 }, s:totable())
    s[1] = 20
    assert.equal(20, a[2])
    assert.match("the array has 3", refused(function() return s[4] end))
    assert.equal("3 4", values(s:slice(2)))
    assert.equal(0, #a:slice(6, 5))
    assert.equal(5, #a:slice())
    assert.is_true(a == a:slice())
    assert.match("#1 to 'slice' %(index has to be from 1 to 6, got 7",
                 refused(a.slice, a, 7))
    assert.match("#2 to 'slice' %(index has to be from 1 to 5, got 6",
                 refused(a.slice, a, 2, 6))
    refused(a.slice, a, 0)
  end)

  it("goes along when its parent grows, and raises outside", function()
    local a = mems.array("i32", { 1, 2, 3 })
    local s = a:slice(2, 3)
    mems.malloc(1)
    a:resize(100000)
    assert.equal("2 3", values(s))
    a:resize(2)
    assert.match("shrunk", refused(function() return s[1] end))
    assert.match("shrunk", refused(s.sum, s))
    for i = 3, 1000 do assert.equal(i, a:append(i)) end
    assert.equal("2 3", values(s))
    assert.match("can't be resized", refused(s.append, s, 1))
    assert.match("can't be resized", refused(s.resize, s, 1))
  end)

  it("keeps its parent alive", function()
    local s = mems.array("i32", { 1, 2, 3 }):slice(2):slice(2)
    collectgarbage()
    collectgarbage()
    assert.equal(3, s[1])
  end)
end)

describe("an array that grows", function()
  before_each(before)
  after_each(after)

  it("appends, each as cheaply as the last one", function()
    local a = mems.array("f64", 0)
    for i = 1, 10000 do assert.equal(i, a:append(i / 2)) end
    assert.equal(10000, #a)
    assert.equal(5000.0, a[10000])
    assert.is_true(mems.stats().requested <= 2 * 80000)
    assert.equal(mems.stats().requested, mems.stats().owned)
  end)

  it("is as it was when a value does not fit", function()
    local a = mems.array("u8", { 1 })
    assert.match("element 2: value 256", refused(a.append, a, 256))
    assert.match("element 2: value nil", refused(a.append, a))
    assert.equal(1, #a)
    assert.equal(2, a:append(2))
    assert.same({ 1, 2 }, a:totable())
  end)

  it("resizes with zeros, also over what was there before", function()
    local a = mems.array("u8", { 1, 2, 3 })
    assert.is_true(a:resize(1))
    assert.is_true(a:resize(3))
    assert.same({ 1, 0, 0 }, a:totable())
    assert.is_true(a:resize(0))
    assert.equal(0, #a)
    assert.equal(1, a:append(9))
    assert.match("n has to be at least 0", refused(a.resize, a, -1))
    assert.equal(mems.ELIMIT, select(3, a:resize(math.maxinteger)))
    assert.same({ 9 }, a:totable())
  end)

  it("is nil, message, code over the limit, and as it was", function()
    local heap <close> = mems.open { limit = 1 << 16 }
    local a = heap:array("u64", 0)
    local n, message, code
    repeat
      n, message, code = a:append(1)
    until not n
    assert.equal("string", type(message))
    assert.equal(mems.ELIMIT, code)
    assert.equal(#a, a:sum())
  end)

  it("hands over a block of exactly its elements", function()
    local a = mems.array("u16", 0)
    for i = 1, 100 do a:append(i) end
    local addr = a:disown()
    assert.equal(200, mems.size(addr))
    assert.equal(100, mems.peek(addr, "u16", 198))
  end)
end)

describe("fill and copy", function()
  before_each(before)
  after_each(after)

  it("fill a range of any type", function()
    each_number(function(name)
      local a = mems.array(name, 1000)
      a:fill(5, 2, 999)
      assert.equal(0, a[1])
      assert.equal(5, a[2])
      assert.equal(5, a[999])
      assert.equal(0, a[1000])
      assert.equal(998 * 5, a:sum())
      a:fill(0)
      assert.equal(0, a:sum())
      a:fill(1, 5, 4)
      assert.equal(0, a:sum())
    end)
    local a = mems.array("i32", 3)
    assert.match("does not fit i32", refused(a.fill, a, 1.5))
    assert.match("index", refused(a.fill, a, 1, 1, 4))
    local big = mems.array("f64", 100001)
    big:fill(0.1)
    assert.equal(0.1, big[100001])
    assert.equal(100001, #big)
    assert.is_nil(big:find(0))
  end)

  it("copy from arrays and tables, overlap or not", function()
    local a = mems.array("i32", { 1, 2, 3, 4, 5 })
    a:copy(a:slice(1, 4), 2)
    assert.equal("1 1 2 3 4", values(a))
    a:copy(a:slice(2))
    assert.equal("1 2 3 4 4", values(a))
    a:copy({ 8, 9 }, 4)
    assert.equal("1 2 3 8 9", values(a))
    a:copy({}, 6)
    assert.match("#1 to 'copy' %(2 elements don't fit from 5 on into an " ..
                 "array of 5", refused(a.copy, a, { 1, 2 }, 5))
    assert.match("an array of i32 expected, got one of bool",
                 refused(a.copy, a, mems.array("bool", 1)))
    assert.match("an array or a table expected, got 5",
                 refused(a.copy, a, 5))
    assert.match("index has to be from 1 to 6", refused(a.copy, a, {}, 7))
    assert.match("element 2: value \"x\"", refused(a.copy, a, { 1, "x" }))
  end)

  it("totable gives a range", function()
    local a = mems.array("i32", { 1, 2, 3 })
    assert.same({ 2, 3 }, a:totable(2))
    assert.same({ 1, 2 }, a:totable(1, 2))
    assert.same({}, a:totable(4))
    assert.same({ false, mems.toaddress(8) },
                mems.array("ptr", { false, 8 }):totable())
    assert.match("index", refused(a.totable, a, 1, 4))
  end)
end)

describe("sum, min, max and find", function()
  before_each(before)
  after_each(after)

  it("agree with a loop, for every type and order", function()
    each_number(function(name, kind)
      local a = mems.array(name, 1000)
      local low, high = mems.types[kind].min, mems.types[kind].max
      if kind:find("64") or kind:find("f") then low, high = -1000, 1000 end
      if kind == "u64" then low = 0 end
      local sum, least, most = 0, math.huge, -math.huge
      for i = 1, 1000 do
        local v = math.random(low, high)
        a[i] = v
        sum, least, most = sum + v, math.min(least, v), math.max(most, v)
      end
      assert.equal(sum, a:sum(), name)
      local value, at = a:min()
      assert.equal(least, value, name)
      assert.equal(a:find(least), at, name)
      value, at = a:max()
      assert.equal(most, value, name)
      assert.equal(a:find(most), at, name)
      assert.equal(a[700], a[a:find(a[700])], name)
    end)
  end)

  it("take a range", function()
    local a = mems.array("i32", { 5, 1, 9, 1 })
    assert.equal(10, a:sum(2, 3))
    assert.same({ 9, 3 }, { a:max(3, 4) })
    assert.same({ 1, 4 }, { a:min(3) })
    assert.equal(4, a:find(1, 3))
    assert.is_nil(a:find(5, 2))
    assert.is_nil(a:find(5, 5))
    assert.equal(0, a:sum(5))
    assert.is_nil((a:min(5)))
    assert.match("index", refused(a.sum, a, 0))
    assert.match("index", refused(a.find, a, 1, 6))
  end)

  it("sum: integers wrap around, floats lose little", function()
    local a = mems.array("i64", { math.maxinteger, 1 })
    assert.equal(math.mininteger, a:sum())
    local f = mems.array("f64", 1000000)
    f:fill(0.1)
    assert.is_true(math.abs(f:sum() - 100000) < 1e-8)
    local g = mems.array("f32be", { 0.5, 0.25, -1 })
    assert.equal(-0.25, g:sum())
    assert.equal("float", math.type(mems.array("f32", 0):sum()))
    assert.equal("integer", math.type(mems.array("u8", 0):sum()))
  end)

  it("min and max pass over nan, and know u64 has no sign", function()
    local f = mems.array("f64", { NAN, 3, NAN, -1, 2 })
    assert.same({ -1.0, 4 }, { f:min() })
    assert.same({ 3.0, 2 }, { f:max() })
    assert.is_nil((mems.array("f32", { NAN }):min()))
    local u = mems.array("u64", { 1, -1, 2 })
    assert.same({ -1, 2 }, { u:max() })
    assert.same({ 1, 1 }, { u:min() })
    local h = mems.array("f64", { math.huge, -math.huge })
    assert.same({ math.huge, 1 }, { h:max() })
    assert.same({ -math.huge, 2 }, { h:min() })
    local long = mems.array("i32", 1000)
    long:fill(7)
    long[900] = 6
    assert.same({ 6, 900 }, { long:min() })
    assert.same({ 7, 1 }, { long:max() })
  end)

  it("find: equal as numbers are", function()
    local f = mems.array("f64", { NAN, -0.0 })
    assert.equal(2, f:find(0))
    assert.is_nil(f:find(NAN))
    local u = mems.array("u8", { 1, 2 })
    assert.is_nil(u:find(300))
    assert.is_nil(u:find("x"))
    assert.equal(2, mems.array("bool", { true, false }):find(false))
    assert.equal(2, mems.array("ptr", { 8, 16 }):find(mems.toaddress(16)))
    assert.equal(1, mems.array("f32", { 0.1 }):find(0.1))
  end)

  it("refuse elements that are no numbers", function()
    for _, name in ipairs { "bool", "ptr" } do
      local a = mems.array(name, 1)
      for _, verb in ipairs { "sum", "min", "max" } do
        assert.match("not for elements of " .. name, refused(a[verb], a))
      end
    end
  end)
end)

describe("sort", function()
  before_each(before)
  after_each(after)

  -- Fills the array with random bits and compares with table.sort.
  local function check(name, kind, count)
    local a, t = mems.array(name, count), {}
    local size = mems.types[kind].size
    for i = 1, count do
      local v = math.random(0)
      if kind:find("f") then
        v = (v >> 40) / 64 - 100000
      elseif count % 2 == 0 then
        v = v % 7
      else
        v = string.unpack(({ i8 = "b", u8 = "B", i16 = "i2", u16 = "I2",
          i32 = "i4", u32 = "I4", i64 = "i8", u64 = "i8" })[kind],
          string.pack("i8", v))
      end
      a[i], t[i] = v, v
    end
    table.sort(t, kind == "u64" and math.ult or nil)
    assert.equal(a, a:sort())
    assert.same(t, a:totable(), name .. " " .. count .. " " .. size)
  end

  it("agrees with table.sort for every type, order and length", function()
    each_number(function(name, kind)
      for _, count in ipairs { 0, 1, 2, 3, 10, 48, 49, 50, 301,
                               shell.scaled(3000) } do
        check(name, kind, count)
      end
    end)
    assert.is_true(mems.check())
    collectgarbage()
  end)

  it("puts -0.0 before 0.0, infinities outside, nan at the end", function()
    for _, name in ipairs { "f32", "f64", "f64be", "f32be" } do
      local a = mems.array(name, { 1, NAN, 0.0, -0.0, -NAN, math.huge, -1,
                                   -math.huge })
      a:sort()
      assert.same({ -math.huge, -1.0 }, a:totable(1, 2))
      assert.equal("-0.0", tostring(a[3]))
      assert.equal("0.0", tostring(a[4]))
      assert.same({ 1.0, math.huge }, a:totable(5, 6))
      assert.is_true(a[7] ~= a[7] and a[8] ~= a[8])
    end
    local all = mems.array("f64", 100)
    all:fill(NAN)
    all:sort()
    assert.is_nil((all:min()))
  end)

  it("sorts a range, flags and addresses", function()
    local a = mems.array("i32", { 9, 3, 2, 1, 0 })
    assert.equal("9 1 2 3 0", values(a:sort(2, 4)))
    assert.same({ false, true, true },
                mems.array("bool", { true, false, true }):sort():totable())
    assert.equal(8, mems.tointeger(mems.array("ptr", { 16, 8 }):sort()[1]))
    assert.match("index", refused(a.sort, a, 0))
  end)

  it("does without memory for it", function()
    local heap <close> = mems.open { limit = 1 << 20 }
    for _, kind in ipairs { "u8", "u16", "i32", "f64" } do
      local n = (900 << 10) // mems.types[kind].size
      local a <close> = heap:array(kind, n)
      for i = 1, n, 100 do a[i] = i * 7919 % 128 end
      local sum = a:sum()
      a:sort()
      assert.equal(sum, a:sum())
      local last = a[1]
      for i = 101, n, 100 do
        assert.is_true(last <= a[i])
        last = a[i]
      end
      assert.equal(a[n], (a:max()))
    end
    assert.is_true(heap:check())
  end)

  it("leaves nothing behind", function()
    local a = mems.array("f64", 1000)
    a:sort()
    assert.equal(1, mems.stats().processes)
  end)
end)

describe("map", function()
  before_each(before)
  after_each(after)

  it("puts the results in place, with index", function()
    local a = mems.array("i32", { 1, 2, 3 })
    assert.equal(a, a:map(function(v, i) return v * 10 + i end))
    assert.equal("11 22 33", values(a))
    assert.match("a function expected", refused(a.map, a, 1))
  end)

  it("stops at an error with the array valid", function()
    local a = mems.array("i32", { 1, 2, 3 })
    assert.match("stop", refused(a.map, a, function(v)
      if v == 2 then error("stop") end
      return v + 10
    end))
    assert.equal("11 2 3", values(a))
    assert.match("element 2: value 1.5", refused(a.map, a, function(v)
      return v == 2 and 1.5 or v
    end))
    assert.match("element 1: value nil", refused(a.map, a, print and
      function() end))
    assert.equal("11 2 3", values(a))
  end)

  it("bears a function that releases, shrinks or grows it", function()
    local a = mems.array("i32", 100)
    assert.match("released", refused(a.map, a, function()
      a:release()
      return 1
    end))
    local b = mems.array("i32", 100)
    refused(b.map, b, function(_, i)
      if i == 50 then b:resize(10) end
      return i
    end)
    assert.equal(55, b:sum())
    local c, calls = mems.array("i32", 2), 0
    c:map(function()
      calls = calls + 1
      if calls < 50 then c:append(0) end
      return 1
    end)
    assert.equal(#c, c:sum())
  end)

  it("lets the function yield", function()
    local a = mems.array("i32", { 1, 2, 3 })
    local co = coroutine.wrap(function()
      a:map(function(v) return coroutine.yield(v) end)
      return "end"
    end)
    assert.equal(1, co())
    assert.equal(2, co(10))
    assert.equal(3, co(20))
    assert.equal("end", co(30))
    assert.equal("10 20 30", values(a))
  end)
end)

-- Order: sorting by fields and functions, indices, searching; slices with a
-- step; arrays that are made from others.

local mems = require "mems"
local refused = require "spec.support.misuse".refused
local shell = require "spec.support.shell"

local NUMBERS <const> = { "i8", "u8", "i16", "u16", "i24", "u24", "i32", "u32",
  "i64", "u64", "f16", "f32", "f64" }

local function each_type(check)
  for _, name in ipairs(NUMBERS) do
    for _, order in ipairs { "", "le", "be" } do
      check(name .. order, name == "u64" and math.ult or
        function(a, b) return a < b end)
    end
  end
end

local function random_values(kind, n)
  local range = mems.types[kind]
  local t = {}
  for i = 1, n do
    if kind:sub(1, 1) == "f" then t[i] = math.random(-40, 40) / 4
    elseif i % 9 == 4 then t[i] = range.min
    elseif i % 9 == 8 then t[i] = range.max
    elseif range.size == 8 then t[i] = math.random(0)
    else t[i] = math.random(range.min, range.max) end
  end
  return t
end

local function open()
  pcall(mems.finish)
  mems.init()
end

local function close()
  pcall(mems.finish)
end

describe("the order of numbers", function()
  before_each(open)
  after_each(close)

  it("is that of table.sort, up, down, by a function and by indices", function()
    each_type(function(kind, less)
      for _, n in ipairs { 0, 1, 2, 3, 47, 200 } do
        for step = 1, 2 do
          local t = random_values(kind, n)
          local whole = mems.array(kind, 2 * n + 2)
          local a = whole:slice(2, 1 + n * step, step)
          a:copy(t)
          local indices, down = a:argsort(), a:argsort("desc")
          local gathered, back = a:gather(indices), a:gather(down)
          local first = a:totable()
          table.sort(t, less)
          assert.same(t, gathered:totable(), kind)
          assert.same(t, back:reverse():totable(), kind)
          assert.same(first, a:totable(), kind)
          assert.same(t, a:clone():permute(indices):totable(), kind)
          assert.same(t, a:clone():sort(less):totable(), kind)
          assert.equal(a, a:sort())
          assert.same(t, a:totable(), kind)
          assert.same(t, a:sort("desc"):reverse():totable(), kind)
          for i, v in ipairs(t) do
            local at, there = a:search(v)
            if not (there and at <= i and a[at] == v and
                    (at == 1 or less(a[at - 1], v))) then
              assert.same({ v, i }, { at, there, a[at] }, kind)
            end
          end
          assert.equal(0, whole:slice(1, 1):count(1))
        end
      end
    end)
  end)

  it("has a nan behind all numbers, whichever way", function()
    local nan <const> = 0 / 0
    for _, kind in ipairs { "f32", "f64be" } do
      local a = mems.array(kind, { 1, nan, 1 / 0, -1 / 0, -nan, 0 })
      a:sort("desc")
      assert.same({ 1 / 0, 1.0, 0.0, -1 / 0 }, a:totable(1, 4))
      assert.is_true(a[5] ~= a[5] and a[6] ~= a[6])
      local b = mems.array(kind, { nan, 2, nan, 1 })
      assert.same({ 4, 2, 1, 3 }, b:argsort():totable())
      assert.same({ 2, 4, 1, 3 }, b:argsort("desc"):totable())
      assert.same({ 1, 2, 3 },
                  mems.array(kind, { 0.0, -0.0, 0.0 }):argsort():totable())
    end
  end)

  it("tells where a value belongs that is not there", function()
    local a = mems.array("f64", { 1, 3, 3, 5 })
    local function at(v) return { a:search(v) } end
    assert.same({ 1, false }, at(0))
    assert.same({ 2, false }, at(2))
    assert.same({ 2, true }, at(3))
    assert.same({ 5, false }, at(6))
    assert.same({ 5, false }, at(0 / 0))
    assert.same({ 1, false }, { mems.array("i8", 0):search(1) })
    assert.same({ 1, true }, { mems.array("f64", { -0.0 }):search(0.0) })
    assert.match("value 300 does not fit u8",
                 refused(a.search, mems.array("u8", 1), 300))
  end)

  it("refuses indices that are none, and has changed nothing", function()
    local a = mems.array("i32", { 5, 6, 7 })
    local text = "#1 to '%%w+' %%(element 2: index %s is out of range: " ..
      "the array has 3 elements"
    for _, verb in ipairs { "gather", "permute" } do
      for _, bad in ipairs { 0, 4, -1, math.mininteger, 1.5 } do
        local shown = text:format((tostring(bad):gsub("%-", "%%-")))
        assert.match(shown, refused(a[verb], a, { 1, bad, 3 }))
        assert.match(shown, refused(a[verb], a,
          mems.array(bad == 1.5 and "f64" or "i64", { 1, bad, 3 })))
      end
      assert.match("element 2: index nil", refused(a[verb], a, { 1, nil, 3 }))
      assert.match("table of indices expected, got 1",
                   refused(a[verb], a, 1))
      assert.match("array of integers expected, got one of bool",
                   refused(a[verb], a, mems.array("bool", 3)))
    end
    assert.match("element 3: index 1 comes twice",
                 refused(a.permute, a, { 1, 2, 1 }))
    assert.match("3 indices expected, got 2",
                 refused(a.permute, a, { 1, 2 }))
    assert.same({ 5, 6, 7 }, a:totable())
    assert.same({ 7, 7, 5 }, a:gather({ 3, 3, 1 }):totable())
    assert.same({ 7, 5, 6 }, a:permute({ 3, 1, 2 }):totable())
    assert.same({ 2, 1, 3 }, mems.array("u8", { 2, 1, 3 })
      :permute(mems.array("u8", { 1, 2, 3 })):totable())
    local self_ = mems.array("u16be", { 2, 3, 1 })
    assert.same({ 3, 1, 2 }, self_:permute(self_):totable())
  end)

  it("refuses what decides nothing", function()
    local a = mems.array("i32", 3)
    assert.match('"desc" expected, got "asc"', refused(a.sort, a, "asc"))
    assert.match('"desc" or a function expected, got a table',
                 refused(a.sort, a, {}))
    refused(a.sort, a, "desc", 1)
    refused(a.sort, a, print, 1)
    refused(a.argsort, a, 1, 2)
    refused(a.reverse, a, 1)
  end)
end)

describe("the order of structs", function()
  before_each(open)
  after_each(close)

  local S <const> = mems.struct { { "key", "f64" }, { "name", "char", 5 },
    { "id", "u16" }, { "flag", "bool" }, { "big", "i32be" }, { "m", "u8", 2 } }

  local function make(n)
    local a = S:array(n)
    for i = 1, n do
      a[i] = { key = math.random(-5, 5) / 2, id = i, flag = i % 3 == 0,
               big = math.random(-3, 3), m = { i % 256, 1 },
               name = string.char(96 + math.random(4)):rep(math.random(5)) }
    end
    return a
  end

  -- The ids in the order that a stable sort in Lua gives.
  local function ids(a, field, desc)
    local list = a:totable()
    local function rank(v)
      if type(v) == "boolean" then return v and 1 or 0 end
      return v
    end
    table.sort(list, function(x, y)
      local p, q = rank(x[field]), rank(y[field])
      if p == q then return x.id < y.id end
      if desc then return q < p end
      return p < q
    end)
    for i, s in ipairs(list) do list[i] = s.id end
    return list
  end

  local function got(a)
    local list = {}
    for i = 1, #a do
      list[i] = a:get(i, "id")
      assert.equal(list[i] % 256, a[i].m[1], "the rest came along")
    end
    return list
  end

  it("is that of a field, and those that are equal stay", function()
    for _, n in ipairs { 0, 1, 2, 60, 700 } do
      for _, field in ipairs { "key", "name", "flag", "big", "id" } do
        for _, desc in ipairs { false, "desc" } do
          local a = make(n)
          local expected = ids(a, field, desc)
          assert.same(expected, a:argsort(field, desc or nil):totable())
          assert.same(expected, got(a:sort(field, desc or nil)), field)
        end
      end
    end
  end)

  it("is that of a function, and those that are equal stay", function()
    local a = make(300)
    local expected = ids(a, "key")
    local function less(p, q) return p.key < q.key end
    assert.same(expected, a:argsort(less):totable())
    assert.same(expected, got(a:clone():sort(less)))
    local wide = S:array(600)
    for i = 1, 300 do wide[2 * i] = a[i] end
    local slice = wide:slice(2, 600, 2)
    assert.same(expected, got(slice:clone():sort("key")))
    assert.same(expected, got(slice:sort(less)))
    assert.equal(0, wide[1].id)
  end)

  it("is that of a field of a few bits", function()
    local B <const> = mems.struct { { "a", "i32", bits = 5 },
      { "b", "u32", bits = 20 }, { "c", "bool", bits = 1 }, { "id", "u8" } }
    local a = B:array { { -3, 9, true, 1 }, { 7, 1 << 19, false, 2 },
      { -16, 0, true, 3 }, { 7, 9, false, 4 } }
    assert.same({ 3, 1, 2, 4 }, a:argsort("a"):totable())
    assert.same({ 2, 4, 1, 3 }, a:argsort("a", "desc"):totable())
    assert.same({ 3, 1, 4, 2 }, a:argsort("b"):totable())
    assert.same({ 2, 4, 1, 3 }, a:argsort("c"):totable())
  end)

  it("refuses fields that have none", function()
    local a = make(3)
    assert.match("elements of struct have no order", refused(a.sort, a))
    assert.match("values of u8%[2%] have no order", refused(a.sort, a, "m"))
    assert.match('no field "kee"', refused(a.sort, a, "kee"))
    assert.match('"desc" expected, got "up"', refused(a.sort, a, "key", "up"))
    assert.match("a field or a function expected, got true",
                 refused(a.argsort, a, true))
    assert.match("not for elements of struct", refused(a.search, a, 1))
  end)

  it("is safe from a function that says anything", function()
    for _ = 1, 20 do
      local a = make(50)
      a:sort(function() return math.random(2) == 1 end)
      local seen = {}
      for i = 1, 50 do seen[a[i].id] = true end
      assert.equal(50, #seen)
    end
    assert.match("oops", refused(function()
      make(9):sort(function() error "oops" end)
    end))
  end)

  it("is safe from a function that ends what is sorted", function()
    local ends <const> = {
      function(a) a:release() end,
      function(a) mems.free(a:address()) end,
      function(a) a:resize(2) end,
      function(a) a:resize(5000) end,
      function() mems.finish() end,
    }
    for _, kind in ipairs { "i64", "struct" } do
      for _, finish in ipairs(ends) do
        for _, verb in ipairs { "sort", "argsort" } do
          for when = 1, 40, 13 do
            open()
            local a = make(40)
            if kind == "i64" then a = mems.array("i64", 40, 3) end
            local calls = 0
            local ok, message = pcall(a[verb], a, function(p, q)
              calls = calls + 1
              if calls == when then finish(a) end
              if kind == "i64" then return p < q end
              return p.key < q.key
            end)
            local unharmed = calls < when or verb == "argsort"
            assert.is_true(unharmed or not ok and type(message) == "string")
          end
        end
      end
    end
  end)
end)

describe("a slice with a step", function()
  before_each(open)
  after_each(close)

  it("has each of so many elements, and slices of its own", function()
    local a = mems.array("i32", { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 })
    local odd = a:slice(1, 10, 2)
    assert.same({ 1, 3, 5, 7, 9 }, odd:totable())
    assert.same({ 3, 5 }, odd:totable(2, 3))
    assert.same({ 3, 9 }, odd:slice(2, nil, 3):totable())
    assert.same({ 10 }, a:slice(10, 10, 5):totable())
    assert.same({}, odd:slice(6, 5, 2):totable())
    assert.equal(0, #odd:slice(6))
    odd[2] = 30
    assert.equal(30, a[3])
    for i, v in ipairs(odd) do assert.equal(a[2 * i - 1], v) end
    assert.match("index 6 is out of range: the array has 5 elements",
                 refused(function() return odd[6] end))
    assert.match("step has to be at least 1, got 0",
                 refused(a.slice, a, 1, 2, 0))
    assert.match("step has to be", refused(a.slice, a, 1, 2, "x"))
    refused(a.slice, a, 1, 2, 1, 1)
  end)

  it("has the verbs of arrays", function()
    for _, kind in ipairs { "i32", "f64", "u16be" } do
      local a = mems.array(kind, 60)
      local s = a:slice(2, 60, 3)
      s:fill(7)
      assert.equal(20, a:count(7))
      s:copy({ 5, 1, 9 }, 2)
      assert.equal(7 * 17 + 15, s:sum())
      assert.same({ 1, 3 }, { s:min() })
      assert.same({ 9, 4 }, { s:max() })
      assert.equal(4, s:find(9))
      assert.is_nil(s:find(0))
      s:map(function(v, i) return v + i end)
      assert.same({ 8, 7, 4, 13 }, s:totable(1, 4))
      s:sort(1, 4)
      assert.same({ 4, 7, 8, 13 }, s:totable(1, 4))
      a:slice(1, 60, 3):copy(s)
      assert.same({ 4, 4, 0, 7, 7, 0 }, a:totable(1, 6))
      assert.same(s:totable(), s:clone():totable())
      assert.same(s:totable(), mems.array("f32", s):totable())
    end
  end)

  it("is no memory, but its clone is", function()
    local a = mems.array("u8", { 1, 2, 3, 4 })
    local s = a:slice(1, 4, 2)
    assert.match("bytes lie between the elements of a slice with a step",
                 refused(mems.peek, s, "u8"))
    assert.equal("\1\3", mems.readstring(s:clone(), 2))
    assert.is_false(s == a:slice(1, 3))
    assert.is_true(s == a:slice(1, 3, 2))
    assert.equal(s:address(), a:address())
    assert.match("can't be resized", refused(s.append, s, 1))
  end)

  it("dies with its memory, and follows a resize", function()
    local a = mems.array("i64", 10, 1)
    local s = a:slice(1, 9, 4)
    a:resize(8)
    assert.match("out of its memory", refused(s.sum, s))
    a:resize(5000)
    assert.equal(2, s:sum())
    a:release()
    for _, verb in ipairs { "sum", "reverse", "sort", "clone", "argsort" } do
      assert.match("released", refused(s[verb], s), verb)
    end
  end)

  it("of structs has views that move over it", function()
    local S <const> = mems.struct { { "x", "i32" }, { "v", "i16", 3 } }
    local a = S:array(9)
    for i = 1, 9 do a[i] = { i, { i, 2 * i, 3 * i } } end
    local s = a:slice(2, 9, 3)
    assert.equal(5, s[2].x)
    assert.equal(5, s:get(2, "x"))
    s:set(3, "x", 80)
    assert.equal(80, a[8].x)
    local view = s[1]
    assert.equal(5, view:move(2).x)
    assert.match("index has to be from 1 to 3", refused(view.move, view, 4))
    assert.same({ 4, 8, 12 }, a[4].v:totable())
    assert.same({ 4, 12 }, a[4].v:slice(1, 3, 2):totable())
    local w = mems.array("i16", { 1, 0, 2, 0, 3 })
    a[1].v = w:slice(1, 5, 2)
    assert.same({ 1, 2, 3 }, a[1].v:totable())
  end)
end)

describe("an array from what is there", function()
  before_each(open)
  after_each(close)

  it("has the value so many times", function()
    assert.same({ 7, 7, 7 }, mems.array("i16be", 3, 7):totable())
    assert.same({}, mems.array("i16", 0, 7):totable())
    assert.same({ false }, mems.array("bool", 1, false):totable())
    local S <const> = mems.struct { { "x", "i32" }, { "y", "i32" } }
    assert.same({ { x = 1, y = 2 }, { x = 1, y = 2 } },
                S:array(2, { 1, 2 }):totable())
    assert.same({ { x = 1, y = 0 }, { x = 3, y = 4 } },
                S:array({ { 1 }, { y = 4, x = 3 } }):totable())
    assert.match("value 300 does not fit u8",
                 refused(mems.array, "u8", 3, 300))
    assert.match("#3 to 'array' %(a value goes with a count only, got 1",
                 refused(mems.array, "u8", { 1 }, 1))
  end)

  it("has converted values, each of which fits", function()
    local some = math.max(10, shell.scaled(700))
    each_type(function(kind)
      each_type(function(other)
        local t = {}
        for i = 1, some do t[i] = i % 100 end
        local a = mems.array(other, mems.array(kind, t))
        assert.same(t, a:totable(), kind .. " to " .. other)
        local b = mems.array(other, 2 * some)
        b:slice(1, 2 * some, 2):copy(mems.array(kind, t))
        assert.same(t, b:slice(1, 2 * some, 2):totable())
      end)
    end)
    local cases <const> = {
      { "f64", 1.5, "i32" }, { "f64", 0 / 0, "i64" }, { "f64", 2 ^ 63, "i64" },
      { "f64", 1e300, "f32" }, { "i32", -1, "u8" }, { "i32", 256, "u8" },
      { "i64", -1, "u32be" }, { "u64", 1 << 40, "i32" }, { "f32", 300, "i8" },
    }
    for _, case in ipairs(cases) do
      local from, value, to = table.unpack(case)
      local a = mems.array(from, 700, 1)
      a[600] = value
      local b = mems.array(to, 700, 9)
      assert.match("element 600: value .* does not fit " .. to,
                   refused(mems.array, to, a))
      assert.match("#1 to 'copy' %(element 600: value",
                   refused(b.copy, b, a))
      assert.equal(700, b:count(9))
    end
    assert.same({ 1 / 0 }, mems.array("f32", mems.array("f64", { 1 / 0 }))
      :totable())
    assert.match("array of bool expected, got one of u8",
                 refused(mems.array, "bool", mems.array("u8", 1)))
    assert.same({ true },
                mems.array("bool", mems.array("boolbe", { true })):totable())
  end)

  it("takes a table whole or not at all", function()
    local a = mems.array("u8", 3, 1)
    assert.match('element 3: value "x"', refused(a.copy, a, { 5, 6, "x" }))
    assert.match("the table has no element 2",
                 refused(a.copy, a, { 5, nil, 6 }))
    assert.same({ 1, 1, 1 }, a:totable())
  end)

  it("may come from another heap, as a clone goes to its own", function()
    local heap <close> = assert(mems.open())
    local S <const> = mems.struct { { "x", "i32" } }
    local a = heap:array(S, { { 1 }, { 2 } })
    local b = mems.array(S, a)
    a:copy(b)
    local c = a:slice(2):clone()
    assert.equal(2, c[1].x)
    for _, made in ipairs { c, a:argsort("x"), a:gather({ 1 }) } do
      assert.match("another heap", refused(mems.peek, made, "u8"))
      heap:peek(made, "u8")
    end
    heap:close()
    for _, o in ipairs { a, c } do refused(o.clone, o) end
    assert.equal(2, b[2].x)
  end)

  it("keeps its type of struct alive, and its heap open", function()
    local weak = setmetatable({}, { __mode = "k" })
    local made
    do
      local heap = assert(mems.open())
      local S = mems.struct { { "x", "i32" }, { "in", mems.struct {
        { "y", "u8" } }, 3 } }
      weak[S], weak[heap] = true, true
      local a = heap:array(S, 3, { 5 })
      weak[a] = true
      made = { a:clone(), a:slice(2):gather({ 1 }), a[1]["in"]:clone() }
    end
    collectgarbage()
    collectgarbage()
    assert.equal(5, made[1][3].x)
    assert.equal(5, made[2][1].x)
    assert.equal(0, made[3][3].y)
    made = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(weak))
  end)

  it("is nil with a message where the heap is full", function()
    local heap <close> = assert(mems.open { limit = 1 << 20 })
    local a = heap:array("f64", 90000)
    assert.equal(mems.ELIMIT, select(3, a:clone()))
    assert.equal(mems.ELIMIT, select(3, a:argsort()))
    assert.equal(mems.ELIMIT, select(3, heap:array("f64", a)))
    local list = mems.array("u8", 90000, 1)
    assert.equal(mems.ELIMIT, select(3, a:gather(list)))
    assert.equal(0, a:sort("desc"):sum())
  end)
end)

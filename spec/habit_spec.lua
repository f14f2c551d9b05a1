-- What arrays and structs have of tables, and what they say of names that are
-- none.

local mems = require "mems"
local refused = require "spec.support.misuse".refused

local function before()
  pcall(mems.finish)
  mems.init()
end

local function after() pcall(mems.finish) end

local function collect(...)
  local keys, values = {}, {}
  for key, value in ... do
    keys[#keys + 1], values[#values + 1] = key, value
  end
  return keys, values
end

describe("pairs", function()
  before_each(before)
  after_each(after)

  it("goes over the elements of an array", function()
    local a = mems.array("f32", { 0.5, 1.5, 2.5 })
    local keys, values = collect(pairs(a))
    assert.same({ 1, 2, 3 }, keys)
    assert.same({ 0.5, 1.5, 2.5 }, values)
    keys, values = collect(pairs(a:slice(2)))
    assert.same({ 1, 2 }, keys)
    assert.same({ 1.5, 2.5 }, values)
    assert.same({}, (collect(pairs(mems.array("u8", 0)))))
  end)

  it("goes on behind an address that is none, as ipairs does not", function()
    local a = mems.array("ptr", { false, 8, false })
    assert.same({ 1, 2, 3 }, (collect(pairs(a))))
    assert.same({}, (collect(ipairs(a))))
  end)

  it("ends where an array has shrunk, and raises when it has gone", function()
    local a, count = mems.array("u8", 10), 0
    for _ in pairs(a) do
      count = count + 1
      a:resize(4)
    end
    assert.equal(4, count)
    assert.match("released", refused(function()
      for _ in pairs(a) do a:release() end
    end))
  end)

  it("goes over the fields of a struct in their order", function()
    local S = mems.struct { { "z", "u8" }, { "a", "f64" },
                            { "m", "char", 4 }, { "r", "u8", 2 } }
    local keys, values = collect(pairs(S:new { z = 1, a = 2, m = "x" }))
    assert.same({ "z", "a", "m", "r" }, keys)
    assert.same({ 1, 2.0, "x" }, { values[1], values[2], values[3] })
    assert.equal(2, #values[4])
  end)

  it("gives elements that move", function()
    local S = mems.struct { { "x", "u8" } }
    for _, p in pairs(S:array { { x = 1 }, { x = 2 } }) do
      assert.equal(2, p:move(2).x)
    end
  end)
end)

describe("ipairs", function()
  before_each(before)
  after_each(after)

  it("finds no element in a struct, which has names only", function()
    local p = mems.struct({ { "x", "u8" } }):new()
    assert.same({}, (collect(ipairs(p))))
    assert.match("no field 1", refused(function() return p[1] end))
  end)
end)

describe("an index", function()
  before_each(before)
  after_each(after)

  it("is a number: the same as a string raises", function()
    local a = mems.array("u8", { 7, 8 })
    assert.match('an array has no "1"',
                 refused(function() return a["1"] end))
    assert.match('an array has no "1"',
                 refused(function() a["1"] = 3 end))
    assert.equal(7, a[1.0])
    a[2.0] = 9
    assert.same({ 7, 9 }, a:totable())
    assert.match("1.5 is out of range", refused(function() a[1.5] = 1 end))
  end)
end)

describe("methods of a type of struct", function()
  before_each(before)
  after_each(after)

  local function vectors()
    local methods = {}
    local V = mems.struct({ { "x", "f64" }, { "y", "f64" } }, methods)
    function methods:length() return (self.x ^ 2 + self.y ^ 2) ^ 0.5 end
    function methods:totable() return { self.x, self.y } end
    return V, methods
  end

  it("are found from every object of the type", function()
    local V = vectors()
    local L = mems.struct { { "a", "u8" }, { "v", V }, { "w", V, 2 } }
    local heap = mems.open()
    local l = L:new { v = { x = 3, y = 4 } }
    local three = { x = 3, y = 4 }
    local deep = heap:array(mems.struct { { "l", L, 2 } }, 2)
    deep[2].l[1].v = three
    for _, p in ipairs { V:new(three), V:array { three }[1], l.v, V:at(l.v),
                         L:at(l).v, mems.array(V, { three })[1],
                         heap:array(V, { three }):slice(1)[1],
                         deep[2].l[1].v } do
      assert.equal(5, p:length())
      assert.equal(5, V.length(p))
    end
    assert.equal(0, l.w[2]:length())
    heap:close()
  end)

  it("come behind the fields and before those of all objects", function()
    local V, methods = vectors()
    assert.same({ 1, 2 }, V:new({ x = 1, y = 2 }):totable())
    assert.equal(16, V:new():size())
    assert.match("a field has the name of the method \"x\"",
                 refused(mems.struct, { { "x", "u8" } }, { x = print }))
    methods.x = print
    assert.equal(0, V:new().x)
  end)

  it("may be added later, and inherited", function()
    local V, methods = vectors()
    local p = V:new { x = 2 }
    setmetatable(methods, { __index = { twice = function(v)
      return 2 * v.x
    end } })
    assert.equal(4, p:twice())
    function methods:thrice() return 3 * self.x end
    assert.equal(6, p:thrice())
  end)

  it("don't keep their type from being collected", function()
    local weak = setmetatable({}, { __mode = "k" })
    do
      local methods = {}
      local S = mems.struct({ { "x", "u8" } }, methods)
      function methods.new() return S:new() end
      weak[S] = true
    end
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(weak))
  end)

  it("are a table, and the last argument", function()
    assert.match("#2 to 'struct' %(a table of methods expected, got 5",
                 refused(mems.struct, { { "x", "u8" } }, 5))
    assert.match("#3 to 'struct' %(no such argument",
                 refused(mems.struct, { { "x", "u8" } }, {}, 1))
  end)
end)

describe("a misspelt name", function()
  before_each(before)
  after_each(after)

  it("raises with the near ones", function()
    local S = mems.struct({ { "position", "f32" } }, { jump = print })
    local b, a, p = mems.buffer(8), mems.array("u8", 1), S:new()
    for name, case in pairs {
      peak_u8 = { b, "a buffer has no \"peak_u8\"; near it is 'peek_u8'" },
      apend = { a, "an array has no \"apend\"; near it is 'append'" },
      postion = { p, "no field \"postion\"; near it is 'position'" },
      jmup = { p, "no field \"jmup\"; near it is 'jump'" },
      totabel = { p, "no field \"totabel\"; near it is 'totable'" },
      ofsets = { S, "has no \"ofsets\"; near it is 'offsets'" },
      siez = { S, "has no \"siez\"; near it is 'size'" },
    } do
      local message = refused(function() return case[1][name] end)
      assert.equal(case[2], message:sub(-#case[2]))
      assert.match("habit_spec.lua:%d+: ", message) -- who has misspelt it
    end
    assert.match("a buffer has no \"quux_zz\"$",
                 refused(function() return b.quux_zz end))
    assert.match("a buffer has no 1$", refused(function() return b[1] end))
  end)

  it("of a type does so too", function()
    assert.match("unknown type \"int32\"; near it is 'i32'",
                 refused(mems.array, "int32", 1))
    assert.match("unknown type \"f46\"; near it is 'f64', 'f16'",
                 refused(mems.array, "f46", 1))
    assert.match("field 1: unknown type \"chr\"; near it is 'char'",
                 refused(mems.struct, { { "x", "chr" } }))
    assert.match("unknown type \"double\"%)$",
                 refused(mems.array, "double", 1))
  end)
end)

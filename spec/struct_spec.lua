-- Structs: layouts, fields, views, arrays of them.

local mems = require "mems"
local shell = require "spec.support.shell"
local refused = require "spec.support.misuse".refused

local function before()
  pcall(mems.finish)
  mems.init()
end

local function after()
  pcall(mems.finish)
end

local C_NAMES <const> = { i8 = "int8_t", u8 = "uint8_t", i16 = "int16_t",
  u16 = "uint16_t", i32 = "int32_t", u32 = "uint32_t", i64 = "int64_t",
  u64 = "uint64_t", f32 = "float", f64 = "double", bool = "_Bool",
  ptr = "void *", char = "char" }

-- Definitions by name; a type that is the name of another one is nested.
local DEFINITIONS <const> = {
  { "plain", { "x", "f32" }, { "y", "f32" }, { "name", "char", 16 },
    { "next", "ptr" }, { "m", "f64", 3, 3 } },
  { "gaps", { "a", "u8" }, { "b", "u64" }, { "c", "i8" }, { "d", "i16" },
    { "e", "bool" }, { "f", "f32" }, { "g", "u8" } },
  { "small", { "a", "u8", 3 } },
  { "chars", { "c", "char" }, { "s", "char", 5 }, { "t", "char", 2, 3 },
    { "n", "i32" } },
  { "nested", { "a", "u8" }, { "g", "gaps" }, { "b", "i16" },
    { "s", "small" }, { "l", "plain", 2 }, { "end_", "u8" } },
  { "cube", { "a", "u8" }, { "m", "i16", 2, 3, 4 }, { "s", "small", 2, 2 },
    { "b", "f64" } },
  { "tight", { "a", "u8" }, { "b", "u64" }, { "c", "i16" }, { "d", "f64", 2 },
    { "e", "ptr" }, layout = "packed" },
  { "mixed", { "a", "u8" }, { "t", "tight" }, { "b", "i32" } },
  { "wrapped", { "a", "u8" }, { "g", "gaps", 3 }, { "b", "i32" },
    layout = "packed" },
}

-- Makes the types with mems: name to type.
local function make_types()
  local types = {}
  for _, definition in ipairs(DEFINITIONS) do
    local fields = { layout = definition.layout }
    for i = 2, #definition do
      local field = { table.unpack(definition[i]) }
      field[2] = types[field[2]] or field[2]
      fields[i - 1] = field
    end
    types[definition[1]] = mems.struct(fields)
  end
  return types
end

local function c_field(field)
  local kind = C_NAMES[field[2]] or "struct " .. field[2]
  local dimensions = {}
  for i = 3, #field do dimensions[i - 2] = "[" .. field[i] .. "]" end
  return ("  %s %s%s;\n"):format(kind, field[1], table.concat(dimensions))
end

-- A C program that prints "struct size" and "struct.field offset" lines.
local function c_program()
  local types, body = {}, {}
  for _, definition in ipairs(DEFINITIONS) do
    local name, fields = definition[1], {}
    body[#body + 1] = ('  P("%s", sizeof(struct %s));\n'):format(name, name)
    for i = 2, #definition do
      local field = definition[i]
      fields[i - 1] = c_field(field)
      body[#body + 1] = ('  P("%s.%s", offsetof(struct %s, %s));\n'):format(
        name, field[1], name, field[1])
    end
    types[#types + 1] = ("struct %s%s {\n%s};\n"):format(
      definition.layout and "__attribute__((packed)) " or "", name,
      table.concat(fields))
  end
  return "#include <stddef.h>\n#include <stdint.h>\n#include <stdio.h>\n" ..
    '#define P(name, n) printf("%s %zu\\n", name, (size_t)(n))\n' ..
    table.concat(types) .. "int main(void) {\n" .. table.concat(body) ..
    "  return 0;\n}\n"
end

describe("the layout of a struct", function()
  it("is what the C compiler makes of it", function()
    local program = os.tmpname()
    shell.write(program .. ".c", c_program())
    local printed, complained, code = shell.run(
      ("LD_PRELOAD= cc -std=c11 -o %s %s.c && %s"):format(program, program,
        program))
    os.remove(program)
    os.remove(program .. ".c")
    assert.equal(0, code, complained)
    local types, count = make_types(), 0
    for name, field, n in printed:gmatch("(%w+)%.?([%w_]*) (%d+)\n") do
      local S = types[name]
      local found = field == "" and S.size or S.offsets[field]
      assert.equal(tonumber(n), found, name .. "." .. field)
      count = count + 1
    end
    assert.is_true(count > 45)
  end)

  it("needs no open heap", function()
    pcall(mems.finish)
    local S = mems.struct { { "x", "u8" } }
    assert.equal(1, S.size)
    assert.equal(1, S.align)
    assert.match("not initialised", refused(S.new, S))
    assert.match("not initialised", refused(S.array, S, 1))
    assert.match("not initialised", refused(S.at, S, 1000))
    mems.init()
    assert.equal(0, S:new().x)
    mems.finish()
  end)

  it("refuses a definition that is none", function()
    local function wrong(text, definition)
      local message = refused(mems.struct, definition)
      assert.is_truthy(message:find(text, 1, true), message)
    end
    wrong("bad argument #1 to 'struct' (a table of fields expected, got nil")
    wrong("a struct has from 1 to 10000 fields, got 0", {})
    wrong("field 1 has to be a table", { "x" })
    wrong("field 1: its name has to be a string", { { 1, "u8" } })
    wrong("field 2: unknown type \"u9\"", { { "x", "u8" }, { "y", "u9" } })
    wrong("field 1: unknown type nil", { { "x" } })
    wrong("field 1: unknown type a table", { { "x", {} } })
    wrong("field 2: there is a field \"x\" already",
          { { "x", "u8" }, { "x", "u8" } })
    wrong("field 1: a dimension has to be a positive integer, got 0",
          { { "x", "u8", 0 } })
    wrong("got 1.5", { { "x", "u8", 1.5 } })
    wrong("got -1", { { "x", "char", -1 } })
    wrong("more than 8 dimensions",
          { { "x", "u8", 1, 1, 1, 1, 1, 1, 1, 1, 1 } })
    wrong("too large", { { "x", "u64", 1 << 40, 1 << 40 } })
    wrong("too large", { { "x", "u8", 1 << 46 }, { "y", "u8" } })
    wrong("a dimension", { { "x", "u8", math.maxinteger } })
    wrong("unknown option \"size\"", { { "x", "u8" }, size = 5 })
    wrong("layout has to be \"natural\" or \"packed\", got \"tight\"",
          { { "x", "u8" }, layout = "tight" })
    wrong("layout has to be", { { "x", "u8" }, layout = true })
  end)

  it("bears many fields and many levels", function()
    local fields = {}
    for i = 1, 2000 do fields[i] = { "field" .. i, "u16" } end
    before()
    local p = mems.struct(fields):new()
    for i = 1, 2000 do p["field" .. i] = i end
    for i = 1, 2000 do assert.equal(i, p["field" .. i]) end
    local S = mems.struct { { "x", "u8" } }
    for _ = 2, 32 do S = mems.struct { { "x", S } } end
    local deep = S:new()
    assert.equal("mems.struct " .. ("{x = "):rep(32) .. "0" ..
                 ("}"):rep(32), tostring(deep))
    assert.match("more than 32 structs", refused(mems.struct, { { "x", S } }))
    after()
  end)

  it("has a name of any length and any bytes", function()
    before()
    local long, odd = ("n"):rep(100), "a b\0c"
    local p = mems.struct { { long, "i32" }, { odd, "i32" } }:new {
      [long] = 1 }
    p[("n"):rep(50) .. ("n"):rep(50)] = 5
    p["a " .. "b\0c"] = 6
    assert.equal(5, p[("n"):rep(99) .. "n"])
    assert.equal(6, p[odd])
    after()
  end)

  it("shows itself", function()
    assert.equal("mems.struct type (2 fields, 16 bytes)",
                 tostring(mems.struct { { "x", "u8" }, { "y", "u64" } }))
  end)
end)

describe("a struct", function()
  local types, P

  before_each(function()
    before()
    types = make_types()
    P = types.plain
  end)
  after_each(after)

  it("has fields, at first zero", function()
    local p = P:new()
    assert.same({ 0.0, 0.0, "" }, { p.x, p.y, p.name })
    assert.is_nil(p.next)
    assert.equal(0.0, p.m[3][3])
    p.x, p.name, p.next = 1.5, "bob", p:address()
    assert.equal(1.5, p.x)
    assert.equal("bob", p.name)
    assert.equal(p:address(), p.next)
    assert.equal(P.size, p:size())
    assert.equal(P.size, mems.size(p:address()))
    assert.equal(P.size, mems.stats().owned)
    assert.equal(1.5, mems.peek(p, "f32", P.offsets.x))
    assert.equal("bob", mems.cstring(mems.add(p:address(), P.offsets.name)))
  end)

  it("keeps values of every type", function()
    for name, info in pairs(mems.types) do
      if info.min then
        local p = mems.struct { { "pad", "u8" }, { "v", name },
                                layout = "packed" }:new()
        for _, v in ipairs { info.min, info.max, 1 } do
          p.v = v
          assert.equal(v, p.v, name)
        end
        assert.equal(0, p.pad)
      end
    end
  end)

  it("is made from a table, or from one of its kind", function()
    local m = { { 1, 2, 3 }, { 4, 5, 6 }, { 7, 8, 9 } }
    local p = P:new { x = 1, name = "bob", m = m }
    local q = P:new(p)
    q.x = 2
    assert.same({ x = 1.0, y = 0.0, name = "bob", m = m }, p:totable())
    assert.equal(2.0, q.x)
    assert.equal(9.0, q.m[3][3])
    assert.match("no field \"z\"", refused(P.new, P, { z = 1 }))
    assert.same({ x = 1.0, y = 2.0, name = "bob", m = m },
                P:new({ 1, 2, "bob", nil, m }):totable())
    assert.match("5 fields, and none at position 6",
                 refused(P.new, P, { 1, 2, "bob", false, m, 6 }))
    assert.match("none at position 0", refused(P.new, P, { [0] = 1 }))
    assert.match("none at position 1.5", refused(P.new, P, { [1.5] = 1 }))
    assert.match("names or positions, not both",
                 refused(P.new, P, { 1, y = 2 }))
    assert.match("x: value \"a\" does not fit f32",
                 refused(P.new, P, { x = "a" }))
    assert.match("does not fit struct", refused(P.new, P, 5))
    assert.match("does not fit struct", refused(P.new, P, types.gaps:new()))
    collectgarbage()
    collectgarbage()
  end)

  it("refuses an unknown field, and names those that are near", function()
    local p = mems.struct { { "position", "f32" }, { "velocity", "f32" },
                            { "x", "f32" } }:new()
    assert.match("the struct has no field \"postion\"; near it is 'position'",
                 refused(function() return p.postion end))
    assert.match("no field \"Velocity\"; near it is 'velocity'",
                 refused(function() p.Velocity = 1 end))
    assert.match("no field \"quuuux\"; it has 'position', 'velocity', 'x'",
                 refused(function() return p.quuuux end))
    assert.match("no field 1; it has", refused(function() return p[1] end))
    assert.match("no field nil", refused(function() return p[nil] end))
    assert.match("no field a string of 1000 bytes",
                 refused(function() return p[("x"):rep(1000)] end))
  end)

  it("refuses a value that does not fit, and stays as it was", function()
    local p = P:new { name = "bob", x = 3 }
    local function wrong(text, f)
      local message = refused(f)
      assert.is_truthy(message:find(text, 1, true), message)
    end
    wrong("field 'x': value \"q\" does not fit f32",
          function() p.x = "q" end)
    wrong("field 'x': value nil", function() p.x = nil end)
    wrong("field 'name': a string of 17 bytes does not fit char[16]",
          function() p.name = ("n"):rep(17) end)
    wrong("field 'name': a byte 0 would end", function() p.name = "a\0b" end)
    wrong("field 'name': value 5 does not fit char[16]",
          function() p.name = 5 end)
    wrong("field 'm': 3 elements expected, got 2",
          function() p.m = { {}, {} } end)
    wrong("field 'm': value 1 does not fit f64[3]",
          function() p.m = { 1, 2, 3 } end)
    wrong("field 'm': value \"z\" does not fit f64", function()
      p.m = { { 1, 2, 3 }, { 1, 2, 3 }, { 1, 2, "z" } }
    end)
    wrong("field 'm': value 5 does not fit f64[3][3]",
          function() p.m = 5 end)
    assert.same({ 3.0, "bob", 0.0 }, { p.x, p.name, p.m[1][1] })
    p.name = ("n"):rep(16)
    assert.equal(("n"):rep(16), p.name)
    p.name = ""
    assert.equal("", p.name)
  end)

  it("has views of the structs and arrays in it", function()
    local n = types.nested:new()
    local g, l = n.g, n.l
    g.b = 77
    l[2].name = "two"
    l[2].m[3][1] = 0.5
    assert.equal(77, n.g.b)
    assert.equal("two", n.l[2].name)
    assert.equal(0.5, n:totable().l[2].m[3][1])
    assert.equal(mems.add(n:address(), types.nested.offsets.g), g:address())
    assert.equal(2, #l)
    assert.equal(3, #n.l[1].m)
    assert.match("has 2 elements", refused(function() return l[3] end))
    n.g = { b = 5, a = 1 }
    assert.equal(5, g.b)
    local other = types.gaps:new { d = -3 }
    n.g = other
    assert.same({ -3, 0 }, { g.d, g.b })
    n.l = { { x = 1 }, n.l[2] }
    assert.same({ 1.0, "two" }, { n.l[1].x, n.l[2].name })
    n.l[1].m = n.l[2].m
    assert.equal(0.5, n.l[1].m[3][1])
    assert.match("does not own", refused(g.disown, g))
    assert.match("can't be resized", refused(l.resize, l, 1))
  end)

  it("has rows of rows, flags and strings", function()
    local c = types.cube:new()
    for i = 1, 2 do
      for j = 1, 3 do
        for k = 1, 4 do c.m[i][j][k] = 100 * i + 10 * j + k end
      end
    end
    assert.equal(234, c.m[2][3][4])
    assert.equal(234, mems.peek(c, "i16", types.cube.offsets.m + 46))
    c.s[2][1].a = { 1, 2, 3 }
    assert.same({ 1, 2, 3 }, c.s[2][1].a:totable())
    local s = types.chars:new { c = "x", s = "abcde", t = { "no", "yes" } }
    assert.same({ c = "x", s = "abcde", t = { "no", "yes" }, n = 0 },
                s:totable())
    assert.equal("yes", s.t[2])
    s.t[1] = "abc"
    assert.equal("abc", s.t[1])
    assert.match("element 1: a string of 4 bytes",
                 refused(function() s.t[1] = "abcd" end))
    assert.equal("mems.array (" .. mems.tointeger(s.t:address()) ..
                 ', 2 of char[3]) {"abc", "yes"}', tostring(s.t))
    assert.equal(48, c.m:size())
    assert.equal(111 + 112 + 113 + 114, c.m[1][1]:sum())
  end)

  it("may be packed, with fields at any address", function()
    local t = types.tight:new { a = 1, b = 2, c = 3, d = { 5, 4 } }
    assert.same({ 1, 2, 3 }, { t.a, t.b, t.c })
    assert.equal(9.0, t.d:sum())
    assert.same({ 4.0, 5.0 }, t.d:sort():totable())
    t.d:fill(7)
    assert.same({ 7.0, 2 }, { t.d[2], t.d:find(7, 2) })
    assert.equal(3, t.c)
  end)

  it("shows its fields", function()
    local S = mems.struct { { "x", "f32" }, { "name", "char", 8 },
      { "ok", "bool" }, { "next", "ptr" }, { "v", "i8", 2 },
      { "many", "u8", 20 } }
    local p = S:new { x = 1, name = "bob", v = { 1, -1 }, next = 1000 }
    assert.equal("mems.struct {x = 1.0, name = \"bob\", ok = false, " ..
      "next = 1000, v = {1, -1}, many = {" .. ("0, "):rep(16) .. "...}}",
      tostring(p))
    p:release()
    assert.equal("mems.struct (released)", tostring(p))
  end)

  it("lets fields have the names of methods", function()
    local S = mems.struct { { "size", "i32" }, { "totable", "i32" },
                            { "address", "i32" } }
    local p = S:new { size = 5, totable = 6, address = 7 }
    assert.same({ 5, 6, 7 }, { p.size, p.totable, p.address })
    assert.same({ size = 5, totable = 6, address = 7 }, S.totable(p))
    assert.equal(1000, mems.tointeger(S.address(p)))
  end)

  it("is dead after release, free and finish, with its parts", function()
    local function dead(...)
      for _, p in ipairs { ... } do
        assert.match("released", refused(function() return p.x end))
        assert.match("released", refused(function() p.x = 1 end))
        assert.match("released", refused(p.totable, p))
        assert.match("released", refused(p.address, p))
      end
    end
    local V = mems.struct { { "x", "i32" } }
    local W = mems.struct { { "x", "i32" }, { "v", V } }
    local w = W:new()
    local v = w.v
    w:release()
    w:release()
    dead(w, v)
    assert.match("released", refused(function() return w.v end))
    assert.match("released", refused(function() w.v = {} end))
    w = W:new()
    v = w.v
    mems.free(w:address())
    mems.calloc(1, 8)
    dead(w, v)
    w = W:new()
    v = w.v
    mems.finish()
    mems.init()
    mems.calloc(1, 8)
    dead(w, v)
    assert.equal(0, mems.stats().owned)
  end)

  it("is released by <close> and by the collector", function()
    do
      local p <close> = P:new()
      p.x = 1
    end
    assert.equal(0, mems.stats().processes)
    P:new()
    collectgarbage()
    collectgarbage()
    assert.equal(0, mems.stats().processes)
    local m = P:new().m
    collectgarbage()
    collectgarbage()
    assert.equal(0.0, m[1][1])
  end)
end)

describe("S:at", function()
  local S

  before_each(function()
    before()
    S = mems.struct { { "a", "i32" }, { "next", "ptr" } }
  end)
  after_each(after)

  it("is a view of memory that is there", function()
    local block = mems.calloc(1, 40)
    local p, q = S:at(block), S:at(mems.add(block, 24))
    p.a, q.a = 5, 6
    assert.equal(5, mems.peek(block, "i32"))
    assert.equal(6, mems.peek(block, "i32", 24))
    assert.equal(mems.add(block, 24), q:address())
    assert.equal(0, mems.stats().owned)
    assert.equal(5, S:at(mems.get(block)).a)
    assert.equal(5, S:at(p).a)
    assert.is_true(p == S:at(1000))
  end)

  it("wants all of it in one live block", function()
    local block = mems.malloc(31)
    assert.match("runs past the end of block 1000 of 31",
                 refused(S.at, S, mems.add(block, 16)))
    assert.match("never allocated", refused(S.at, S, 999))
    assert.match("address expected, got nil", refused(S.at, S))
    assert.match("run past the end of the buffer, 8 bytes",
                 refused(S.at, S, mems.buffer(8)))
    mems.free(block)
    assert.match("is not allocated", refused(S.at, S, block))
    assert.match("struct type expected", refused(S.at, {}, block))
    local heap <close> = mems.open()
    local T = heap:struct { { "a", "i32" } }
    assert.match("belongs to another heap", refused(T.at, T, mems.buffer(8)))
  end)

  it("is dead when the block is freed, moved or closed", function()
    local block = mems.calloc(1, 40)
    local p, q = S:at(block), S:at(mems.add(block, 8))
    mems.free(block)
    block = mems.calloc(1, 40)
    assert.match("released", refused(function() return p.a end))
    assert.match("released", refused(function() q.a = 1 end))
    p = S:at(block)
    block = mems.realloc(block, 10000)
    assert.match("released", refused(function() return p.a end))
    p = S:at(block)
    p:release()
    assert.match("released", refused(function() return p.a end))
    assert.equal(10000, mems.size(block))
    assert.match("does not own", refused(p.disown, S:at(block)))
    p = S:at(block)
    mems.finish()
    assert.match("closed with its heap", refused(function() return p.a end))
    assert.equal("mems.struct (closed with its heap)", tostring(p))
  end)

  it("follows an object that is resized", function()
    local a = S:array(2)
    local p = S:at(a[2])
    a[2].a = 7
    mems.malloc(1)
    a:resize(10000)
    assert.equal(7, p.a)
    a:resize(1)
    assert.match("shrunk", refused(function() return p.a end))
  end)

  it("moves to another address", function()
    local first
    for i = 1, 100 do
      local node = mems.calloc(1, S.size)
      local p = S:at(node)
      p.a, p.next = i, first
      first = node
    end
    local p, sum = S:at(first), 0
    while true do
      sum = sum + p.a
      if not p.next then break end
      assert.equal(p, p:move(p.next))
    end
    assert.equal(5050, sum)
    assert.match("never allocated", refused(p.move, p, 8))
    assert.equal(1, p.a)
    mems.free(p:address())
    assert.match("released", refused(function() return p.a end))
    assert.equal(100, p:move(first).a)
  end)
end)

describe("an array of structs", function()
  local P

  before_each(function()
    before()
    P = mems.struct { { "x", "f32" }, { "id", "u32" }, { "v", "i16", 3 } }
  end)
  after_each(after)

  it("has views as elements", function()
    local a = P:array(3)
    assert.equal(3 * P.size, a:size())
    a[2].x = 1.5
    a[3] = { id = 7, v = { 1, 2, 3 } }
    a[1] = a[3]
    assert.same({ 7, 1.5, 3 }, { a[1].id, a[2].x, a[3].v[3] })
    assert.equal(mems.add(a:address(), P.size), a[2]:address())
    assert.match("the array has 3", refused(function() return a[4] end))
    assert.match("element 1: value 5 does not fit struct",
                 refused(function() a[1] = 5 end))
    assert.match("no field \"y\"", refused(function() a[1] = { y = 1 } end))
    local n = 0
    for i, p in ipairs(a) do n = n + i + p.id end
    assert.equal(20, n)
  end)

  it("is made by mems.array too, and from tables", function()
    local a = mems.array(P, { { x = 1 }, { x = 2 } })
    assert.equal(2.0, a[2].x)
    assert.same({ { x = 2.0, id = 0, v = { 0, 0, 0 } } }, a:totable(2))
    local b = P:array { a[2], { id = 3 } }
    assert.same({ 2.0, 3 }, { b[1].x, b[2].id })
    assert.match("element 1: value 3", refused(P.array, P, { 3 }))
    local heap <close> = mems.open()
    assert.equal(7, heap:array(P, { { id = 7 } })[1].id)
    assert.equal(0, heap:struct { { "x", "u8" } }:array(2)[2].x)
  end)

  it("gets and sets fields without an object for the element", function()
    local a = P:array(3)
    a:set(2, "x", 2.5)
    a:set(2, "v", { 4, 5, 6 })
    assert.equal(2.5, a:get(2, "x"))
    assert.equal(6, a:get(2, "v")[3])
    assert.equal(0.0, a:get(1, "x"))
    assert.match("index 4 is out of range", refused(a.get, a, 4, "x"))
    assert.match("index 0 is out of range", refused(a.set, a, 0, "x", 1))
    assert.match("no field \"y\"", refused(a.get, a, 1, "y"))
    assert.match("no field nil", refused(a.get, a, 1))
    assert.match("x: value \"a\" does not fit f32",
                 refused(a.set, a, 1, "x", "a"))
    local plain = mems.array("u8", 1)
    assert.match("no structs", refused(plain.get, plain, 1, "x"))
  end)

  it("has a view that moves over its elements", function()
    local a = P:array(100)
    local p = a[1]
    for i = 1, 100 do p:move(i).id = i end
    assert.equal(50, a[50].id)
    local s = a:slice(11, 20)[1]
    assert.equal(15, s:move(5).id)
    assert.match("index has to be from 1 to 10, got 11",
                 refused(s.move, s, 11))
    refused(s.move, s, 0)
    refused(s.move, s, "x")
    assert.equal(15, s.id)
    local alone = P:new()
    assert.match("no element of an array", refused(alone.move, alone, 1))
    a:resize(3)
    assert.match("shrunk", refused(function() return s.id end))
    assert.match("shrunk", refused(s.move, s, 1))
    assert.match("shrunk", refused(function() return p.id end))
    assert.equal(2, p:move(2).id)
    assert.match("index has to be from 1 to 3, got 4", refused(p.move, p, 4))
    local bytes = mems.struct { { "b", "u8" } }:array(3)
    local b = bytes[1]
    for _, i in ipairs { 0, -1, -2, -3, 4, 1 << 47, math.maxinteger,
                         math.mininteger } do
      assert.match("from 1 to 3", refused(b.move, b, i))
    end
    assert.equal(0, b.b)
    a:release()
    assert.match("released", refused(p.move, p, 1))
    assert.match("released", refused(s.move, s, 1))
  end)

  it("appends, fills, copies, maps, slices", function()
    local a = P:array(0)
    for i = 1, 100 do a:append { id = i } end
    assert.equal(100, a[100].id)
    a:append(a[5])
    assert.equal(5, a[101].id)
    assert.match("no field", refused(a.append, a, { y = 1 }))
    assert.equal(101, #a)
    a:fill({ x = 0.5 }, 1, 10)
    assert.same({ 0.5, 0.5, 0.0 }, { a[1].x, a[10].x, a[11].x })
    a:copy(a:slice(11, 12))
    assert.equal(12, a[2].id)
    a:map(function(p, i)
      p.id = i
      return p
    end)
    assert.equal(101, a[101].id)
    for _, verb in ipairs { "sum", "min", "max", "find" } do
      assert.match("not for elements of struct", refused(a[verb], a))
    end
    assert.match("elements of struct have no order", refused(a.sort, a))
  end)
end)

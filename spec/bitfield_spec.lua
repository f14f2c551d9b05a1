-- Bits: of memory, and as fields of structs, which lie as the C compiler lays
-- them out.

local mems = require "mems"
local shell = require "spec.support.shell"
local refused = require "spec.support.misuse".refused

local function before()
  pcall(mems.finish)
  mems.init()
end

local function after() pcall(mems.finish) end

local C_NAMES <const> = { i8 = "int8_t", u8 = "uint8_t", i16 = "int16_t",
  u16 = "uint16_t", i32 = "int32_t", u32 = "uint32_t", i64 = "int64_t",
  u64 = "uint64_t", f32 = "float", f64 = "double", bool = "_Bool",
  ptr = "void *" }
local NAMES <const> = { "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64",
                        "bool", "f32", "f64", "ptr" }
local INTEGERS <const> = 9 -- those of NAMES that have bit fields

-- A random field, as mems.struct takes it; `nested` is { name, S } or nil.
local function random_field(i, nested)
  local field = { "f" .. i, NAMES[math.random(#NAMES)] }
  local kind = math.random(10)
  if kind <= 5 then
    local name = NAMES[math.random(INTEGERS)]
    local most = name == "bool" and 1 or tonumber(name:match("%d+"))
    field[2], field.bits = name, math.random(most)
  elseif kind == 6 then
    field[3] = math.random(3)
  elseif kind == 7 and nested then
    field[2], field.c = nested[2], "struct " .. nested[1]
  end
  if math.random(8) == 1 then field.align = 1 << math.random(0, 5) end
  return field
end

-- A random definition: { name =, fields }.
local function random_struct(number, others)
  local s = { name = "s" .. number, count = math.random(9) }
  if math.random(3) == 1 then s.layout = "packed" end
  if math.random(5) == 1 then s.align = 1 << math.random(0, 6) end
  for i = 1, s.count do
    s[i] = random_field(i, others[math.random(#others + 1)])
  end
  return s
end

local function c_struct(s)
  local words = { "struct" }
  if s.layout then words[#words + 1] = "__attribute__((packed))" end
  if s.align then
    words[#words + 1] = ("__attribute__((aligned(%d)))"):format(s.align)
  end
  local lines = { table.concat(words, " ") .. " " .. s.name .. " {" }
  for i, field in ipairs(s) do
    lines[i + 1] = ("  %s %s%s%s%s;"):format(field.c or C_NAMES[field[2]],
      field[1], field[3] and "[" .. field[3] .. "]" or "",
      field.bits and " : " .. field.bits or "",
      field.align and (" __attribute__((aligned(%d)))"):format(field.align)
        or "")
  end
  return table.concat(lines, "\n") .. "\n};\n"
end

-- C that prints size and alignment, and for each field its offset, or, of a
-- bit field, the bytes of the struct when all its bits are set.
local function c_prints(s)
  local lines = { ('  P("%s", sizeof(struct %s), _Alignof(struct %s));')
    :format(s.name, s.name, s.name) }
  for _, field in ipairs(s) do
    if field.bits then
      lines[#lines + 1] = ("  { struct %s x; memset(&x, 0, sizeof x);\n" ..
        "    x.%s = %s; B(\"%s.%s\", &x, sizeof x); }"):format(s.name,
        field[1], field[2] == "bool" and 1 or -1, s.name, field[1])
    else
      lines[#lines + 1] = ('  P("%s.%s", offsetof(struct %s, %s), 0);'):format(
        s.name, field[1], s.name, field[1])
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

local C_HEAD <const> = [[
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
static void P(const char *name, size_t n, size_t m) {
  printf("%s %zu %zu\n", name, n, m);
}
static void B(const char *name, const void *p, size_t n) {
  const unsigned char *b = p;
  printf("%s ", name);
  for (size_t i = 0; i < n; i++)
    printf("%02x", b[i]);
  printf(" 0\n");
}
]]

-- What a C program prints.
local function run_c(text)
  local program = os.tmpname()
  shell.write(program .. ".c", text)
  local printed, complained, code = shell.run(
    ("LD_PRELOAD= cc -std=c11 -w -o %s %s.c && %s"):format(program, program,
      program))
  os.remove(program)
  os.remove(program .. ".c")
  assert.equal(0, code, complained)
  return printed
end

-- A bit field's value with all bits set.
local function all_ones(field)
  if field[2] == "bool" then return true end
  if field[2]:sub(1, 1) == "i" then return -1 end
  return field.bits == 64 and -1 or (1 << field.bits) - 1
end

-- What the C program has to print of a struct, as mems has it.
local function own_prints(s, S, lines)
  lines[#lines + 1] = ("%s %d %d"):format(s.name, S.size, S.align)
  for _, field in ipairs(s) do
    local name = s.name .. "." .. field[1]
    if field.bits then
      local p = S:new()
      p[field[1]] = all_ones(field)
      assert.equal(all_ones(field), p[field[1]], name)
      local hex = mems.readstring(p, S.size):gsub(".", function(c)
        return ("%02x"):format(c:byte())
      end)
      lines[#lines + 1] = ("%s %s 0"):format(name, hex)
    else
      lines[#lines + 1] = ("%s %d 0"):format(name, S.offsets[field[1]])
    end
  end
end

-- The definition for mems.struct: keys that only C has are left out.
local function definition(s)
  local out = { layout = s.layout, align = s.align }
  for i, field in ipairs(s) do
    out[i] = { field[1], field[2], field[3], bits = field.bits,
               align = field.align }
  end
  return out
end

describe("bit fields and alignments", function()
  before_each(before)
  after_each(after)

  it("lie where the C compiler lays them out, in 200 random structs",
    function()
      local types, prints, own, others = {}, {}, {}, {}
      for number = 1, 200 do
        local s = random_struct(number, others)
        local S = mems.struct(definition(s))
        types[number], prints[number] = c_struct(s), c_prints(s)
        own_prints(s, S, own)
        if number % 5 == 0 then others[#others + 1] = { s.name, S } end
      end
      local printed = run_c(C_HEAD .. table.concat(types) ..
        "int main(void) {\n" .. table.concat(prints) .. "  return 0;\n}\n")
      local i = 0
      for line in printed:gmatch("[^\n]+") do
        i = i + 1
        if line ~= own[i] then
          error(("C: %s\nmems: %s\n%s"):format(line, own[i],
            types[tonumber(line:match("s(%d+)"))]))
        end
      end
      assert.equal(#own, i)
    end)
end)

describe("a bit field", function()
  before_each(before)
  after_each(after)

  local function flags()
    return mems.struct {
      { "kind", "u16", bits = 3 }, { "level", "i16", bits = 5 },
      { "on", "bool", bits = 1 }, { "rest", "u16", bits = 7 },
    }
  end

  it("is read and written as a number that has so many bits", function()
    local S = flags()
    local p = S:new { kind = 5, level = -16, on = true, rest = 127 }
    assert.equal(2, S.size)
    assert.same({ kind = 5, level = -16, on = true, rest = 127 }, p:totable())
    p.level, p.on = 15, false
    assert.same({ kind = 5, level = 15, on = false, rest = 127 }, p:totable())
    assert.equal("mems.struct {kind = 5, level = 15, on = false, rest = 127}",
                 tostring(p))
    assert.same({ kind = 0, level = 0, on = 0, rest = 1 }, {
      kind = S.offsets.kind, level = S.offsets.level, on = S.offsets.on - 1,
      rest = S.offsets.rest })
  end)

  it("takes nothing that does not fit, and leaves its neighbours", function()
    local p = flags():new { kind = 7, rest = 1 }
    for field, values in pairs { kind = { 8, -1, 1.5, "x" },
                                 level = { 16, -17 }, on = { 1, 0 } } do
      for _, value in ipairs(values) do
        assert.match("field '" .. field .. "': value .* does not fit .*bits",
                     refused(function() p[field] = value end))
      end
    end
    assert.same({ kind = 7, level = 0, on = false, rest = 1 }, p:totable())
  end)

  it("is a field of elements as well", function()
    local a = flags():array { { kind = 1 }, { kind = 2 } }
    a:set(2, "level", -3)
    assert.equal(-3, a:get(2, "level"))
    assert.equal(2, a[2].kind)
    assert.match("does not fit u16: 3 bits",
                 refused(function() a:set(1, "kind", 9) end))
  end)
end)

describe("a field's options", function()
  it("offset puts it over others, or behind a hole", function()
    before()
    local U = mems.struct { { "i", "u32" }, { "f", "f32", offset = 0 },
                            { "b", "u8", 4, offset = 0 }, { "next", "u16" },
                            { "far", "u8", offset = 31 } }
    assert.equal(32, U.size)
    assert.equal(4, U.offsets.next)
    local V = mems.struct { { "word", "u16" },
      { "low", "u16", bits = 5, offset = 0 }, { "high", "u16", bits = 11 },
      { "byte", "u8", offset = 0 }, { "other", "u8" } }
    assert.equal(2, V.size)
    assert.same({ word = 0x8765, low = 5, high = 0x43B, byte = 0x65,
                  other = 0x87 }, V:new({ word = 0x8765 }):totable())
    local u = U:new { f = 1.0 }
    assert.equal(0x3F800000, u.i)
    assert.equal(0x3F, u.b[4])
    after()
  end)

  it("align is the object's too", function()
    before()
    local S = mems.struct { { "x", "u8" }, align = 64 }
    assert.equal(64, S.size)
    for _, x in ipairs { S:new(), S:array(3), mems.array(S, 2) } do
      assert.equal(0, mems.tointeger(mems.get(x:address())) % 64)
    end
    after()
  end)

  it("are refused if they make no sense", function()
    local function wrong(text, field, options)
      local fields = { field }
      for key, value in pairs(options or {}) do fields[key] = value end
      assert.match(text, refused(mems.struct, fields))
    end
    wrong("field 1: bits has to be an integer from 1 to 8, got 9",
          { "x", "u8", bits = 9 })
    wrong("bits has to be an integer from 1 to 1, got 0",
          { "x", "bool", bits = 0 })
    wrong("from 1 to 32, got true", { "x", "u32", bits = true })
    for _, name in ipairs { "f32", "ptr", "u24", "u32be", "char" } do
      wrong("bits are for integers", { "x", name, bits = 2 })
      wrong("bits are for integers", { "x", name, bits = true })
    end
    wrong("a bit field has no dimensions", { "x", "u8", 2, bits = 2 })
    wrong("offset 2 is no multiple of 4", { "x", "u32", offset = 2 })
    wrong("offset 2 is no multiple of 4",
          { "x", "u8", offset = 2, align = 4 }, { layout = "packed" })
    wrong("offset has to be an integer from 0", { "x", "u8", offset = -1 })
    wrong("field 1: align has to be a power of two up to 4096, got 3",
          { "x", "u8", align = 3 })
    wrong("%(align has to be a power of two up to 4096, got 8192",
          { "x", "u8" }, { align = 8192 })
    wrong('unknown key "bit"', { "x", "u8", bit = 3 })
    wrong('unknown option "algin"', { "x", "u8" }, { algin = 3 })
    assert.equal(6, mems.struct({ { "a", "u16" },
      { "x", "u32", offset = 2 }, layout = "packed" }).size)
  end)
end)

describe("readbits and writebits", function()
  before_each(before)
  after_each(after)

  it("agree with numbers in binary, at every place", function()
    local b, text = mems.buffer(12), ("0"):rep(96)
    local addr = b:address()
    for _ = 1, 500 do
      local n = math.random(64)
      local bit = math.random(0, 96 - n)
      local v = n == 64 and math.random(0) or math.random(0) & (1 << n) - 1
      local digits = {}
      for i = 0, n - 1 do digits[i + 1] = v >> i & 1 end
      text = text:sub(1, bit) .. table.concat(digits) .. text:sub(bit + n + 1)
      if math.random(2) == 1 then
        b:writebits(bit, n, v)
      else
        mems.writebits(addr, bit, n, v)
      end
      assert.equal(v, b:readbits(bit, n))
      assert.equal(v, mems.readbits(addr, bit, n))
      local all = {}
      for i = 0, 95 do all[i + 1] = b:readbits(i, 1) end
      assert.equal(text, table.concat(all))
      assert.equal(select(2, text:gsub("1", "")), b:popcount())
    end
  end)

  it("work on arrays, parts and other heaps", function()
    local heap = mems.open()
    local a = heap:array("u16", { 1, 0x8001 })
    assert.equal(0x80010001, a:readbits(0, 32))
    assert.equal(0x8001, a:slice(2):readbits(0, 16))
    a:writebits(15, 2, 3)
    assert.equal(0x8001, a[1])
    assert.equal(4, a:popcount())
    assert.equal(4, heap:popcount(a))
    assert.equal(2, heap:popcount(a:address(), 2, 2))
    assert.match("another heap", refused(mems.popcount, a))
    heap:close()
    assert.match("closed with its heap", refused(a.popcount, a))
  end)

  it("refuse what they can't do, by name and value", function()
    local b = mems.buffer(8)
    b:fill(0xFF)
    for _, case in ipairs {
      { "bit has to be at least 0, got %-1", b.readbits, -1, 3 },
      { "n has to be from 1 to 64, got 65", b.readbits, 0, 65 },
      { "n has to be from 1 to 64, got 0", b.writebits, 0, 0, 0 },
      { "n has to be an integer, got no value", b.readbits, 0 },
      { "v has to be from 0 to 7, got 8", b.writebits, 0, 3, 8 },
      { "v has to be from 0 to 7, got %-1", b.writebits, 0, 3, -1 },
      { "past the end of the buffer, 8 bytes", b.readbits, 60, 5 },
      { "past the end of the buffer, 8 bytes", b.writebits, 1, 64, 0 },
      { "past the end of the buffer", b.readbits, math.maxinteger, 64 },
      { "no such argument, got 7", b.readbits, 0, 1, 7 },
      { "no such argument, got 7", b.writebits, 0, 1, 0, 7 },
      { "no such argument, got 7", b.popcount, 0, 1, 7 },
      { "past the end of the buffer", b.popcount, 9 },
      { "past the end of the buffer", b.popcount, 4, 5 },
      { "offset has to be at least 0", b.popcount, -1 },
      { "n has to be an integer, got \"x\"", b.popcount, 0, "x" },
    } do
      assert.match(case[1], refused(case[2], b, table.unpack(case, 3)))
    end
    assert.equal(64, b:popcount())
    assert.equal(0, b:popcount(8))
    assert.match("block", refused(mems.readbits, b:address(), 64, 1))
  end)
end)

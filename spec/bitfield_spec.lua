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

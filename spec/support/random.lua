-- What random operations on a heap are made of: sizes, ranges, bytes, values.
--
-- All of it depends on math.random alone: the same seed makes the same run
-- again.

local mems = require "mems"

local int = math.random

local random = { int = int }

local PAGE <const> = 4096

--- Bytes of the largest block that is asked for.
random.LARGEST = 1 << 20

-- From 1 to `most`, as likely between 1 and 2 as between n and 2 n.
local function log_uniform(most)
  return math.floor(math.exp(int() * math.log(most)))
end

--- A size from 1 to LARGEST.
function random.any_size()
  return log_uniform(random.LARGEST)
end

-- Each makes a function that sizes are drawn from for a while.
local MOODS <const> = {
  function() return function() return int(256) end end,
  function() return function() return int(24) end end,
  function()
    local size = log_uniform(2048)
    return function() return size end
  end,
  function() return function() return PAGE * int(4) + int(-64, 64) end end,
  function() return random.any_size end,
}

--- A function that sizes are to be drawn from for a while: mostly small ones.
function random.mood()
  return MOODS[math.max(1, int(-2, #MOODS))]()
end

--- A range of at least one byte inside `size` bytes: offset and length.
function random.range(size)
  local offset = int(0, size - 1)
  local length = int(size - offset)
  if int(4) > 1 then length = math.min(length, int(64)) end
  return offset, length
end

-- Bytes to fill blocks with. Their period, a prime, is no multiple of any
-- distance at which a heap may mistake one byte for another.
local function make_noise(size)
  local words, state = {}, 88172645463325252
  for i = 1, 8191 do
    state = state ~ state << 13
    state = state ~ state >> 7
    state = state ~ state << 17
    words[i] = string.pack("i8", state)
  end
  local period = table.concat(words):sub(1, 65521)
  return period:rep(size // #period + 1)
end

local NOISE <const> = make_noise(random.LARGEST + (1 << 16))

--- `size` bytes.
function random.bytes(size)
  local start = int(#NOISE - size + 1)
  return NOISE:sub(start, start + size - 1)
end

local FORMATS <const> = { i8 = "b", u8 = "B", i16 = "i2", u16 = "I2",
  i24 = "i3", u24 = "I3",
  i32 = "i4", u32 = "I4", i64 = "i8", u64 = "i8", f32 = "f", f64 = "d",
  bool = "B", ptr = "i8" }

-- Every type: its name, the name without byte order, its string.pack format.
local function all_types()
  local types = {}
  for kind, format in pairs(FORMATS) do
    for suffix, order in pairs { [""] = "=", le = "<", be = ">" } do
      types[#types + 1] = { name = kind .. suffix, kind = kind,
        format = order .. format }
    end
  end
  table.sort(types, function(a, b) return a.name < b.name end)
  return types
end

local TYPES <const> = all_types()

--- A type and an offset where it fits into `size` bytes; nil if it does not.
function random.element(size)
  local element = TYPES[int(#TYPES)]
  local last = size - string.packsize(element.format)
  if last >= 0 then return element, int(0, last) end
end

--- A value that an element can hold.
function random.value(element)
  local kind = element.kind
  if kind == "bool" then return int(2) == 1 end
  if kind == "ptr" then return mems.toaddress(int(1, 1 << 47)) end
  if kind == "f32" or kind == "f64" then
    return int(-(1 << 23), 1 << 23) / 64
  end
  local format = FORMATS[kind]
  return (string.unpack(format, string.pack("i8", int(0))))
end

--- The bytes that `value` is to be stored as.
function random.pack(element, value)
  if element.kind == "bool" then value = value and 1 or 0 end
  if element.kind == "ptr" then value = mems.tointeger(value) end
  return string.pack(element.format, value)
end

--- The value that is to be read from `bytes` at `offset`.
function random.unpack(element, bytes, offset)
  local value = string.unpack(element.format, bytes, offset + 1)
  if element.kind == "bool" then return value ~= 0 end
  if element.kind == "ptr" then
    return value ~= 0 and mems.toaddress(value) or nil
  end
  return value
end

return random

-- A codec for MessagePack on streams: values go straight into a buffer that
-- grows, and come straight out of it. Shows a small document byte by byte,
-- then takes HOW_MANY records to a file and back.
--
--     lua5.4 examples/msgpack.lua [HOW_MANY]

local mems = require "mems"

local how_many = math.tointeger(tonumber(arg[1] or 10000))
if not how_many or how_many < 1 then
  io.stderr:write "usage: msgpack.lua [HOW_MANY]\n"
  os.exit(1)
end

--
-- Writing
--

local write

-- A count with its mark: in one byte if it is below `short`, else behind it.
local function write_count(s, n, fix, short, marks)
  if n < short then
    s:put("u8", fix | n)
  elseif marks[1] and n < 0x100 then
    s:put("u8", marks[1], n)
  elseif n < 0x10000 then
    s:put("u8", marks[2]):put("u16be", n)
  else
    s:put("u8", marks[3]):put("u32be", n)
  end
end

local STRING <const> = { 0xd9, 0xda, 0xdb }
local ARRAY <const> = { false, 0xdc, 0xdd }
local MAP <const> = { false, 0xde, 0xdf }

local function write_integer(s, n)
  if n >= -32 and n < 128 then
    s:put("u8", n & 0xff)
  elseif n >= 0 and n < 0x10000 then
    s:put("u8", 0xcd):put("u16be", n)
  elseif n >= -0x80000000 and n < 0x80000000 then
    s:put("u8", 0xd2):put("i32be", n)
  else
    s:put("u8", 0xd3):put("i64be", n)
  end
end

-- A table with something at 1, or with nothing, is an array.
local function write_table(s, t)
  if t[1] ~= nil or next(t) == nil then
    write_count(s, #t, 0x90, 16, ARRAY)
    for i = 1, #t do write(s, t[i]) end
    return
  end
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  write_count(s, #keys, 0x80, 16, MAP)
  for _, key in ipairs(keys) do
    write(s, key)
    write(s, t[key])
  end
end

local WRITERS <const> = {
  ["nil"] = function(s) s:put("u8", 0xc0) end,
  boolean = function(s, v) s:put("u8", v and 0xc3 or 0xc2) end,
  string = function(s, v)
    write_count(s, #v, 0xa0, 32, STRING)
    s:putstring(v)
  end,
  number = function(s, v)
    if math.type(v) == "integer" then return write_integer(s, v) end
    s:put("u8", 0xcb):put("f64be", v)
  end,
  table = write_table,
}

function write(s, v)
  local writer = WRITERS[type(v)] or error("MessagePack has no " .. type(v))
  writer(s, v)
end

--
-- Reading
--

local read

local function read_array(s, n)
  local t = {}
  for i = 1, n do t[i] = read(s) end
  return t
end

local function read_map(s, n)
  local t = {}
  for _ = 1, n do
    local key = read(s)
    t[key] = read(s)
  end
  return t
end

-- What follows a mark: a value of a type; or a count of that type, and what
-- it counts.
local function value(kind) return function(s) return s:get(kind) end end
local function counted(kind, body)
  return function(s) return body(s, s:get(kind)) end
end
local function bytes(s, n) return s:getstring(n) end

local READERS <const> = {
  [0xc0] = function() return nil end, [0xc2] = function() return false end,
  [0xc3] = function() return true end,
  [0xc4] = counted("u8", bytes), [0xc5] = counted("u16be", bytes),
  [0xc6] = counted("u32be", bytes), [0xca] = value "f32be",
  [0xcb] = value "f64be", [0xcc] = value "u8", [0xcd] = value "u16be",
  [0xce] = value "u32be", [0xcf] = value "u64be", [0xd0] = value "i8",
  [0xd1] = value "i16be", [0xd2] = value "i32be", [0xd3] = value "i64be",
  [0xd9] = counted("u8", bytes), [0xda] = counted("u16be", bytes),
  [0xdb] = counted("u32be", bytes), [0xdc] = counted("u16be", read_array),
  [0xdd] = counted("u32be", read_array), [0xde] = counted("u16be", read_map),
  [0xdf] = counted("u32be", read_map),
}

function read(s)
  local mark = s:get "u8"
  if mark < 0x80 then return mark end
  if mark < 0x90 then return read_map(s, mark & 15) end
  if mark < 0xa0 then return read_array(s, mark & 15) end
  if mark < 0xc0 then return s:getstring(mark & 31) end
  if mark >= 0xe0 then return mark - 0x100 end
  local reader = READERS[mark] or error(("no mark: 0x%02x"):format(mark))
  return reader(s)
end

--
-- Trying both
--

assert(mems.init())

do
  local b <close> = assert(mems.buffer(0))
  write(b:stream(), { compact = true, schema = 0, list = { 1, -1, 300, 0.5 } })
  io.write(b:hexdump())
end

local records, sum = {}, 0
for i = 1, how_many do
  records[i] = { id = i, name = "record " .. i, score = i / 8,
                 tags = { "a", "b", i % 2 == 0 } }
end

local path = os.tmpname()
do
  local b <close> = assert(mems.buffer(0))
  local file <close> = assert(io.open(path, "wb"))
  write(b:stream(), records)
  assert(b:write(file))
  print(("%d records are %d bytes"):format(how_many, #b))
end

do
  local b <close> = assert(mems.readfile(path))
  local s = b:stream()
  for _, record in ipairs(read(s)) do
    assert(record.name == "record " .. record.id and #record.tags == 3)
    sum = sum + record.score
  end
  print(("read again: %d bytes left, sum of scores %.3f"):format(s:left(), sum))
end
os.remove(path)
mems.finish()

-- Random operations on buffers, arrays and structs, each against a plain
-- string or table that has to stay the same as it.

local mems = require "mems"
local model = require "spec.support.model"
local random = require "spec.support.random"

local expect, expect_error = model.expect, model.expect_error
local int = random.int

local MOST <const> = 30       -- objects at a time
local REMEMBERED <const> = 20 -- operations told of when one goes wrong

local objects = {}
objects.__index = objects

--- Objects that are made on a heap.
-- @param heap its functions
function objects.new(heap)
  return setmetatable({ heap = heap, list = {}, count = 0, history = {} },
    objects)
end

function objects:note(...)
  local words = { ... }
  for i = 1, #words do words[i] = tostring(words[i]) end
  self.history[self.count % REMEMBERED] = table.concat(words, " ")
end

-- What was refused has to be for memory.
local function refused(message, code)
  expect(code == mems.ELIMIT or code == mems.ENOMEM, "refused with %s",
    message)
end

local function same(a, b)
  return a == b or a ~= a and b ~= b
end

-- A type of numbers, and how its values compare.
local function number_type()
  local element
  repeat element = random.element(8) until element.kind ~= "bool"
    and element.kind ~= "ptr"
  local function less(a, b) return a < b end
  return element, element.kind == "u64" and math.ult or less
end

local function random_values(element, n)
  local values = {}
  for i = 1, n do values[i] = random.value(element) end
  return values
end

local makers, verifiers, verbs = {}, {}, { buffer = {}, array = {},
  record = {} }

function makers.buffer(self)
  local bytes = random.bytes(int(0, 3000))
  local made, message, code = self.heap.buffer(bytes)
  if not made then return refused(message, code) end
  return { object = made, bytes = bytes }
end

function verifiers.buffer(entry)
  local b = entry.object
  expect(#b == #entry.bytes, "#buffer is %d, not %d", #b, #entry.bytes)
  expect(b:readstring(#b) == entry.bytes, "the bytes of a buffer differ")
end

function verbs.buffer.write(entry)
  if #entry.bytes == 0 then return end
  local offset, length = random.range(#entry.bytes)
  local bytes = random.bytes(length)
  entry.object:writestring(bytes, offset)
  entry.bytes = entry.bytes:sub(1, offset) .. bytes ..
    entry.bytes:sub(offset + length + 1)
end

function verbs.buffer.resize(entry)
  local size = int(0, 5000)
  local ok, message, code = entry.object:resize(size)
  if not ok then return refused(message, code) end
  entry.bytes = entry.bytes:sub(1, size)
  entry.bytes = entry.bytes .. ("\0"):rep(size - #entry.bytes)
end

function verbs.buffer.slice(entry)
  if #entry.bytes == 0 then return end
  local offset, length = random.range(#entry.bytes)
  local slice = entry.object:slice(offset, length)
  expect(#slice == length and slice:readstring(length) ==
    entry.bytes:sub(offset + 1, offset + length), "a slice differs")
  expect_error("a read past a slice", slice.readstring, slice, 1, length)
end

function verbs.buffer.find(entry)
  local what = random.bytes(int(3))
  local at = entry.bytes:find(what, 1, true)
  expect(entry.object:find(what) == (at and at - 1), "found elsewhere")
end

function makers.array(self)
  local element, less = number_type()
  local values = random_values(element, int(0, 300))
  local made, message, code = self.heap.array(element.name, values)
  if not made then return refused(message, code) end
  return { object = made, values = values, element = element, less = less }
end

function verifiers.array(entry)
  local a, values = entry.object, entry.values
  expect(#a == #values, "#array is %d, not %d", #a, #values)
  for i = 1, #values do
    expect(same(a[i], values[i]), "element %d is %s, not %s", i, a[i],
      values[i])
  end
  expect_error("an index too great", function() return a[#values + 1] end)
  expect_error("index 0", function() a[0] = 0 end)
end

function verbs.array.set(entry)
  if #entry.values == 0 then return end
  local i, value = int(#entry.values), random.value(entry.element)
  entry.object[i], entry.values[i] = value, value
end

function verbs.array.append(entry)
  local value = random.value(entry.element)
  local i, message, code = entry.object:append(value)
  if not i then return refused(message, code) end
  entry.values[#entry.values + 1] = value
  expect(i == #entry.values, "appended as %d", i)
end

function verbs.array.resize(entry)
  local n, values = int(0, 400), entry.values
  local ok, message, code = entry.object:resize(n)
  if not ok then return refused(message, code) end
  for i = #values, n + 1, -1 do values[i] = nil end
  for i = #values + 1, n do values[i] = 0 end
end

function verbs.array.fill(entry)
  if #entry.values == 0 then return end
  local value = random.value(entry.element)
  local i = int(#entry.values)
  local j = int(i, #entry.values)
  entry.object:fill(value, i, j)
  for k = i, j do entry.values[k] = value end
end

function verbs.array.sort(entry)
  entry.object:sort()
  table.sort(entry.values, entry.less)
end

function verbs.array.extremes(entry)
  local a, values, less, sum = entry.object, entry.values, entry.less, 0
  local least, greatest = values[1], values[1]
  for _, value in ipairs(values) do
    sum = sum + value
    if less(value, least) then least = value end
    if less(greatest, value) then greatest = value end
  end
  expect(a:min() == least and a:max() == greatest, "min or max is another")
  expect(a:sum() == sum, "the sum is %s, not %s", a:sum(), sum)
end

function verbs.array.find(entry)
  local value, at = random.value(entry.element), nil
  if #entry.values > 0 then value = entry.values[int(#entry.values)] end
  for i = #entry.values, 1, -1 do
    if entry.values[i] == value then at = i end
  end
  expect(entry.object:find(value) == at, "found elsewhere")
end

function verbs.array.copy(entry)
  local n = #entry.values
  if n < 2 then return end
  local i = int(n)
  local length = int(math.min(i, n - i + 1))
  entry.object:copy(entry.object:slice(1, length), i)
  table.move(entry.values, 1, length, i)
end

function verbs.array.totable(entry)
  local values = entry.object:totable()
  expect(#values == #entry.values, "%d values", #values)
  for i, value in ipairs(values) do
    expect(same(value, entry.values[i]), "value %d is %s", i, value)
  end
end

local RECORD <const> = { { "x", "f64" }, { "n", "i32" }, { "tag", "u8" },
  { "big", "i64be" } }

function makers.record(self)
  self.struct = self.struct or mems.struct(RECORD)
  local n = int(0, 60)
  local made, message, code = self.heap.array(self.struct, n)
  if not made then return refused(message, code) end
  local rows = {}
  for i = 1, n do rows[i] = { x = 0, n = 0, tag = 0, big = 0 } end
  return { object = made, rows = rows }
end

function verifiers.record(entry)
  expect(#entry.object == #entry.rows, "%d rows", #entry.object)
  for i, row in ipairs(entry.rows) do
    for name, value in pairs(row) do
      expect(entry.object[i][name] == value, "field %s of row %d is %s", name,
        i, entry.object[i][name])
    end
  end
end

function verbs.record.set(entry)
  if #entry.rows == 0 then return end
  local i = int(#entry.rows)
  local row = { x = int(1000) / 8, n = int(-9, 9), tag = int(0, 255),
    big = int(0) }
  if int(2) == 1 then
    entry.object[i] = row
  else
    local view = entry.object[i]
    view.x, view.n, view.tag, view.big = row.x, row.n, row.tag, row.big
  end
  entry.rows[i] = row
  expect_error("a field that is unknown", function() entry.object[i].y = 1 end)
end

function verbs.record.resize(entry)
  local n = int(0, 80)
  local ok, message, code = entry.object:resize(n)
  if not ok then return refused(message, code) end
  for i = #entry.rows, n + 1, -1 do entry.rows[i] = nil end
  for i = #entry.rows + 1, n do
    entry.rows[i] = { x = 0, n = 0, tag = 0, big = 0 }
  end
end

local KINDS <const> = { "buffer", "array", "record" }
local NAMES <const> = {}
for kind, list in pairs(verbs) do
  NAMES[kind] = {}
  for name in pairs(list) do table.insert(NAMES[kind], name) end
  table.sort(NAMES[kind])
end

-- Makes an object, or lets go of one: by release, or to the collector.
local function population(self)
  if #self.list < int(MOST) then
    local kind = KINDS[int(#KINDS)]
    self:note("make", kind)
    local entry = makers[kind](self)
    if not entry then return end
    entry.kind = kind
    self.list[#self.list + 1] = entry
    return verifiers[kind](entry)
  end
  local entry = table.remove(self.list, int(#self.list))
  self:note("drop", entry.kind)
  verifiers[entry.kind](entry)
  if int(2) == 1 then
    entry.object:release()
    expect_error("a use after release", function() return #entry.object end)
  end
end

function objects:step()
  self.count = self.count + 1
  if #self.list == 0 or int(5) == 1 then return population(self) end
  local entry = self.list[int(#self.list)]
  local names = NAMES[entry.kind]
  local name = names[int(#names)]
  self:note(entry.kind, name)
  verbs[entry.kind][name](entry)
  if int(10) == 1 then verifiers[entry.kind](entry) end
end

--- Compares all objects with what they have to be.
function objects:verify()
  for _, entry in ipairs(self.list) do verifiers[entry.kind](entry) end
  expect(self.heap.check() == true, "check is not true")
end

local function run(self, count)
  for _ = 1, count do self:step() end
  self:verify()
end

--- Does `count` operations; raises at the first that goes wrong, with the
-- last ones.
function objects:run(count)
  local ok, problem = pcall(run, self, count)
  if ok then return end
  local lines = { ("object operation %d: %s"):format(self.count, problem) }
  for i = math.max(1, self.count - REMEMBERED + 1), self.count do
    lines[#lines + 1] = ("  %d %s"):format(i, self.history[i % REMEMBERED])
  end
  error(table.concat(lines, "\n"), 0)
end

return objects

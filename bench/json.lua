--- JSON, as much of it as bench.json needs: objects, arrays, strings without
-- escapes but \" and \\, numbers, booleans.

local json = {}

local function quote(s)
  return '"' .. s:gsub('["\\]', "\\%0") .. '"'
end

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

--- The text for `value`, its keys sorted.
function json.encode(value, indent)
  indent = indent or ""
  if type(value) == "string" then return quote(value) end
  if type(value) ~= "table" then return tostring(value) end
  local inner, parts = indent .. "  ", {}
  if #value > 0 then
    for i, item in ipairs(value) do parts[i] = json.encode(item, inner) end
    return "[" .. table.concat(parts, ", ") .. "]"
  end
  for i, key in ipairs(sorted_keys(value)) do
    parts[i] = inner .. quote(key) .. ": " .. json.encode(value[key], inner)
  end
  return "{\n" .. table.concat(parts, ",\n") .. "\n" .. indent .. "}"
end

local decode_value

--- Reads items up to the bracket `close`; `item(at)` returns where it ends.
local function decode_items(text, at, close, item)
  at = text:match("^%s*()", at)
  if text:sub(at, at) == close then return at + 1 end
  while true do
    at = text:match("^%s*()", item(at))
    local mark = text:sub(at, at)
    if mark == close then return at + 1 end
    assert(mark == ",", "a comma is missing in the JSON text")
    at = at + 1
  end
end

local function decode_string(text, at)
  local stop = at
  repeat
    stop = assert(text:find('["\\]', stop + 1), "a string has no end")
    local escape = text:sub(stop, stop) == "\\"
    if escape then stop = stop + 1 end
  until not escape
  return text:sub(at + 1, stop - 1):gsub("\\(.)", "%1"), stop + 1
end

local function decode_object(text, at)
  local object = {}
  local after = decode_items(text, at + 1, "}", function(from)
    local key, colon = decode_string(text, text:match("^%s*()", from))
    local stop
    object[key], stop = decode_value(text, text:match("^%s*:()", colon))
    return stop
  end)
  return object, after
end

local function decode_array(text, at)
  local array = {}
  local after = decode_items(text, at + 1, "]", function(from)
    local stop
    array[#array + 1], stop = decode_value(text, from)
    return stop
  end)
  return array, after
end

function decode_value(text, at)
  at = text:match("^%s*()", at)
  local mark = text:sub(at, at)
  if mark == "{" then return decode_object(text, at) end
  if mark == "[" then return decode_array(text, at) end
  if mark == '"' then return decode_string(text, at) end
  local word, after = text:match("^([%w.+-]+)()", at)
  if word == "true" or word == "false" then return word == "true", after end
  return assert(tonumber(word), "not a JSON value"), after
end

--- The value that `text` stands for.
function json.decode(text)
  return (decode_value(text, 1))
end

--- The value in the file at `path`, or nil.
function json.load(path)
  local file = io.open(path)
  if not file then return nil end
  local text = file:read "a"
  file:close()
  return json.decode(text)
end

--- Writes `value` to the file at `path`.
function json.save(path, value)
  local file = assert(io.open(path, "w"))
  assert(file:write(json.encode(value), "\n"))
  assert(file:close())
end

return json

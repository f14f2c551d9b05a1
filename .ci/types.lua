--- Prints library/mems.lua: the types of the module for editors (LuaLS), from
-- its doc comments. What a comment can't say in LDoc's words it says in lines
-- `@luals WHAT`:
--
--     generic NAME, overload TYPE   as LuaLS has them
--     param NAME TYPE               the type of a parameter
--     return TYPE                   of the first result, the second ...
--     class NAME                    the class of a method, or of a table
--
-- A function of the module is one of heaps as well, unless it stands in the
-- table ONLY. One that takes memory first is a method of buffers, if they have
-- it.

package.path = ".ci/?.lua;lua/?.lua;lua/?/init.lua;" .. package.path
package.cpath = "build/?.so;" .. package.cpath

local doc = require "doc"
local mems = require "mems"

local ONLY <const> = { init = true, open = true, finish = true,
                       restore = true, unlink = true }

-- The types of LDoc comments as LuaLS has them; as results where that differs.
local TYPES <const> = {
  address = "mems.address", memory = "mems.memory", type = "mems.type",
  options = "mems.options", heap = "mems.heap", buffer = "mems.buffer",
  array = "mems.array", object = "mems.object", struct = "mems.structtype",
  scope = "mems.scope", file = "file*", stream = "mems.stream",
  statistics = "mems.statistics", saving = "mems.saving",
  recovery = "mems.recovery",
}
local RESULTS <const> = { address = "lightuserdata", memory = "lightuserdata" }

-- Classes: what their line says, who `self` is in generic methods, and what
-- they call the types of LDoc comments.
local CLASSES <const> = {
  { name = "heap", line = "mems.heap" },
  { name = "object", line = "mems.object: userdata" },
  { name = "buffer", line = "mems.buffer: mems.object", length = true },
  { name = "stream", line = "mems.stream: userdata" },
  { name = "array", line = "mems.array<T>: mems.object, { [integer]: T }",
    length = true, self = "mems.array<T>",
    types = { array = "mems.array<T>", table = "T[]" }, plain = "T" },
  { name = "struct", line = "mems.struct: mems.object",
    self = "T", types = { object = "T" }, fields = "[string] any" },
  { name = "structtype", line = "mems.structtype<T>: userdata",
    self = "mems.structtype<T>",
    types = { object = "T", array = "mems.array<T>" } },
  { name = "scope", line = "mems.scope" },
}

local function emit(...) io.write(...) io.write "\n" end

-- The names that mems.types has, in the order of their sizes, by kind.
local function type_names()
  local of = { i = {}, f = {}, b = {}, p = {} }
  local names = {}
  for name in pairs(mems.types) do names[#names + 1] = name end
  table.sort(names, function(a, b)
    local m, n = tonumber(a:match("%d+")) or 0, tonumber(b:match("%d+")) or 0
    if m ~= n then return m < n end
    return a < b
  end)
  for _, name in ipairs(names) do
    local kind = name:sub(1, 1)
    table.insert(of[kind == "u" and "i" or kind], name)
  end
  return names, of
end

local NAMES <const>, OF <const> = type_names()
local VALUES <const> = { i = "integer", u = "integer", f = "number",
                         b = "boolean" }

-- Text in lines that begin with "---"; what LDoc marks up is plain.
local function describe(text)
  local first = true
  text = text:gsub("@{([^}]*)}", "`%1`"):gsub("^%s+", ""):gsub("%s+$", "")
  for paragraph in (text .. "\n\n"):gmatch("(.-)\n\n+") do
    if not first then emit "---" end
    local row = ""
    first = false
    for word in paragraph:gmatch("%S+") do
      if #row + #word > 75 then
        emit("---", row)
        row = ""
      end
      row = row == "" and word or row .. " " .. word
    end
    if row ~= "" then emit("---", row) end
  end
end

local function one_line(text)
  text = text:gsub("@{([^}]*)}", "`%1`"):gsub("%s+", " ")
  return text:gsub("^ ", ""):gsub(" $", "")
end

-- A type of an LDoc comment as LuaLS has it.
local function luals(kind, class, result)
  if not kind then return class and class.plain or "any" end
  local parts = {}
  for part in kind:gsub("^%?", ""):gmatch("[^|]+") do
    parts[#parts + 1] = class and class.types and class.types[part] or
      result and RESULTS[part] or TYPES[part] or part
  end
  return table.concat(parts, "|")
end

-- What the lines @luals of an item say: by word, { [name or 1, 2 ...] = type }.
local function overrides(item)
  local found = { param = {}, ["return"] = {}, generic = {}, overload = {} }
  for _, line in ipairs(item.luals) do
    local word, rest = line:match("^(%S+)%s+(.-)%s*$")
    if word == "param" then
      local name, kind = rest:match("^(%S+)%s+(.*)$")
      found.param[name] = kind
    elseif word == "class" then
      found.class = rest
    else
      table.insert(found[word], rest)
    end
  end
  return found
end

-- The results of all groups side by side: { type =, text = }. What a group
-- lacks, or where it has nil, is optional.
local function results(item, class, own)
  local most, out, groups = 0, {}, {}
  for number, group in pairs(item.returns) do
    most = math.max(most, #group)
    groups[#groups + 1] = number
  end
  table.sort(groups)
  for i = 1, most do
    local kinds, seen, optional, texts = {}, {}, false, {}
    for _, number in ipairs(groups) do
      local result = item.returns[number][i]
      if not result or result.type == "nil" then
        optional = true
      else
        local kind = luals(result.type, class, true)
        if not seen[kind] then kinds[#kinds + 1] = kind end
        seen[kind] = true
      end
      if result and result.text ~= "" then
        texts[#texts + 1] = (result.type == "nil" and "nil " or "") ..
          result.text
      end
    end
    local kind = table.concat(kinds, "|"):gsub("|nil$", "?")
    kind = own[i] or kind .. (optional and "?" or "")
    out[i] = { type = kind, text = one_line(table.concat(texts, "; ")) }
  end
  return out
end

-- One function: `head` is what it is called ("mems.", "heap:"), `skip` how
-- many parameters are left out in front.
local function emit_function(item, head, class, skip)
  local own, names = overrides(item), {}
  describe(item.text)
  local generic = class and class.self and class.self:find("T") or
    #own.generic > 0
  if generic then emit("---@generic T") end
  if class and class.self then emit("---@param self ", class.self) end
  for i = 1 + (skip or 0), #item.params do
    local p = item.params[i]
    local kind = own.param[p.name] or luals(p.type, class)
    names[#names + 1] = p.name
    local text = one_line(p.text)
    if p.default then text = text .. " (" .. p.default .. ")" end
    local mark = p.optional and p.name ~= "..." and "? " or " "
    local line = ("---@param %s%s%s %s"):format(p.name, mark, kind, text)
    emit((line:gsub(" +$", "")))
  end
  for _, result in ipairs(results(item, class, own["return"])) do
    local text = result.text ~= "" and " # " .. result.text or ""
    emit("---@return ", result.type, text)
  end
  for _, line in ipairs(own.overload) do
    if head == "heap:" then
      line = line:gsub("^fun%(", "fun(self: mems.heap, "):gsub(", %)", ")")
    end
    emit("---@overload ", line)
  end
  emit("function ", head, item.verb, "(", table.concat(names, ", "), ") end\n")
end

-- Fields for the functions that are made from the table of types, peek_TYPE
-- and the like: `self` is what comes first in their parameters.
local function emit_typed(items, self, skip)
  for _, item in ipairs(items) do
    local stem = item.verb:match("^(.*_)TYPE$")
    for _, name in ipairs(stem and NAMES or {}) do
      local parts, base = { self }, name:sub(1, 1)
      for i = 1 + skip, #item.params do
        local p = item.params[i]
        local kind = p.type and luals(p.type) or VALUES[base] or
          "mems.address|false?"
        parts[#parts + 1] = p.name .. (p.optional and "?" or "") .. ": " .. kind
      end
      local result = item.returns[1] and
        ": " .. (VALUES[base] or "lightuserdata?") or ""
      emit(("---@field %s%s fun(%s)%s"):format(stem, name,
        table.concat(parts, ", "):gsub("^, ", ""), result))
    end
  end
end

-- The fields of the items that are tables, as a class each, or as those of the
-- class that is asked for.
local function emit_tables(items, wanted)
  for _, item in ipairs(items) do
    local class = overrides(item).class
    if item.kind == "table" and class == wanted then
      if not wanted then
        describe(item.text)
        emit("---@class mems.", item.name)
      end
      for _, p in ipairs(item.params) do
        local text = one_line(p.text)
        if p.default then text = text .. " (" .. p.default .. ")" end
        local kind = overrides(item).param[p.name] or luals(p.type)
        local mark = p.optional and "?" or ""
        emit((("---@field %s%s %s %s"):format(p.name, mark, kind, text)
          :gsub(" +$", "")))
      end
      if not wanted then emit "" end
    end
  end
end

local function emit_aliases()
  local of = {}
  for _, kind in ipairs { "i", "f", "b", "p" } do
    local names = {}
    for i, name in ipairs(OF[kind]) do names[i] = '"' .. name .. '"' end
    of[#of + 1] = ("mems.%stype"):format(kind)
    emit("---@alias ", of[#of], " ", table.concat(names, "|"), "\n")
  end
  emit "---A type, in the machine's byte order, or with `le` or `be` in that."
  emit("---@alias mems.type ", table.concat(of, "|"), "\n")
  emit "---An address: what `malloc` gives, or the same as an integer."
  emit "---@alias mems.address lightuserdata|integer\n"
  emit "---Where bytes are read or written: an address, or an object."
  emit "---@alias mems.memory mems.address|mems.object\n"
end

local items = doc.items()

-- Whether buffers have a function of the module as a method.
local function is_buffers(item, probe)
  local first = item.params[1]
  return first and (first.type == "memory" or first.type == "address") and
    pcall(function() assert(type(probe[item.verb]) == "function") end)
end

local function emit_class(class, probe)
  local function its(item)
    local own = overrides(item).class
    return item.class and (own or item.class) == class.name
  end
  local explicit = {}
  for _, item in ipairs(items) do
    if its(item) then explicit[item.verb] = true end
    if item.name == class.name and item.kind == "function" then
      describe(item.text)
    end
  end
  emit("---@class ", class.line)
  if class.length then emit "---@operator len: integer" end
  if class.fields then emit("---@field ", class.fields) end
  emit_tables(items, class.name)
  if class.name == "heap" then emit_typed(items, "self: mems.heap", 0) end
  if class.name == "buffer" then emit_typed(items, "self: mems.buffer", 1) end
  emit("local ", class.name, " = {}\n")
  for _, item in ipairs(items) do
    local free = item.kind == "function" and not item.class and
      not item.verb:find("TYPE")
    if its(item) then
      emit_function(item, class.name .. ":", class)
    elseif class.name == "heap" and free and not ONLY[item.verb] then
      emit_function(item, "heap:")
    elseif class.name == "buffer" and free and not explicit[item.verb] and
        is_buffers(item, probe) then
      emit_function(item, "buffer:", nil, 1)
    end
  end
end

emit "---@meta mems\n"
emit "-- Types of the module `mems` for editors (LuaLS), which `make generate`"
emit "-- makes from the doc comments in src/lua and lua/mems.\n"
emit_aliases()
emit_tables(items)
do
  local heap <close> = assert(mems.open())
  local probe = assert(heap:buffer(1))
  for _, class in ipairs(CLASSES) do emit_class(class, probe) end
end
emit "---@class mems"
emit_tables(items, "mems")
emit_typed(items, "", 0)
emit "local mems = {}\n"
for _, item in ipairs(items) do
  if item.kind == "function" and not item.class and
      not item.verb:find("TYPE") then
    emit_function(item, "mems.")
  end
end
emit "return mems"

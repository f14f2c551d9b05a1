--- Reads the doc comments of the module, which are LDoc's: `/***` in
-- src/lua/*.c and `---` in lua/mems. An item is a comment with @function,
-- @table or @module; other comments are about inner things.

local doc = {}

--- The sections of the reference. A method is in that of its class, what has
-- the name of a section in small letters in that, all else says it by @within.
doc.SECTIONS = {
  "Heap", "Blocks", "Addresses", "Memory", "Bulk", "Strings", "Files",
  "Inspection", "Object", "Buffer", "Stream", "Array", "Struct", "Scope",
  "Living", "Sharing",
}

local FILES <const> = "ls src/lua/*.c lua/mems/*.lua lua/mems/*/*.lua \z
                       2>/dev/null"

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read("a")
end

-- The texts of the doc comments of a source, without their frames.
local function comments(path)
  local found, text = {}, read(path)
  if path:find("%.c$") then
    for body in text:gmatch("/%*%*%*\n(.-)%*/") do found[#found + 1] = body end
    return found
  end
  local body
  for line in (text .. "\n"):gmatch("([^\n]*)\n") do
    local first, more = line:match("^%-%-%-%s?(.*)"), line:match("^%-%- ?(.*)")
    if first then
      body = { first }
    elseif body and more then
      body[#body + 1] = more
    elseif body then
      found[#found + 1], body = table.concat(body, "\n") .. "\n", nil
    end
  end
  return found
end

-- The tags of a comment in their order, { name =, options =, text = }, and the
-- text in front of them.
local function tags_of(body)
  local tags, front = {}, {}
  for line in body:gmatch("([^\n]*)\n") do
    local name, options, text = line:match("^@(%l+)(%b[])%s*(.*)$")
    if not name then
      options, name, text = "", line:match("^@(%l+)%s*(.*)$")
    end
    if name then
      tags[#tags + 1] = { name = name, options = options, text = text }
    elseif #tags == 0 then
      front[#front + 1] = line
    else
      local tag = tags[#tags]
      tag.text = tag.text .. "\n" .. line
    end
  end
  return tags, table.concat(front, "\n")
end

-- { name =, type =, text =, optional =, default = } of a @param, @tparam or
-- @tfield.
local function parameter(tag)
  local kind, name, text = nil, tag.text:match("^(%S+)%s*(.*)$")
  if tag.name ~= "param" then
    kind, name, text = tag.text:match("^(%S+)%s+(%S+)%s*(.*)$")
  end
  return {
    name = assert(name, tag.text), type = kind, text = text,
    optional = tag.options:find("^%[opt") ~= nil,
    default = tag.options:match("^%[opt=(.*)%]$"),
  }
end

-- Adds a @return or @treturn to its group: [1], [2] ... or the first.
local function add_return(item, tag)
  local group = tonumber(tag.options:match("%d+")) or 1
  local kind, text = nil, tag.text
  if tag.name == "treturn" then
    kind, text = tag.text:match("^(%S+)%s*(.*)$")
  end
  item.returns[group] = item.returns[group] or {}
  table.insert(item.returns[group], { type = kind, text = text })
end

local function read_item(body)
  local tags, text = tags_of(body)
  local item = { text = text, body = body, params = {}, returns = {},
                 luals = {} }
  for _, tag in ipairs(tags) do
    local name = tag.name
    if name == "function" or name == "table" or name == "module" then
      item.kind, item.name = name, tag.text:match("%S+")
    elseif name == "tparam" or name == "param" or name == "tfield" then
      item.params[#item.params + 1] = parameter(tag)
    elseif name == "treturn" or name == "return" then
      add_return(item, tag)
    elseif name == "luals" then
      item.luals[#item.luals + 1] = tag.text
    else
      item[name] = tag.text
    end
  end
  if not item.kind then return nil end
  item.class, item.verb = item.name:match("^(%l+):(.*)$")
  item.verb = item.verb or item.name
  return item
end

local KNOWN <const> = {}
for _, section in ipairs(doc.SECTIONS) do KNOWN[section:lower()] = section end

-- The section of an item; raises if it has none.
local function section_of(item)
  local section = item.within or KNOWN[item.class or item.name]
  if not KNOWN[(section or ""):lower()] then
    error(("%s has no section: @within %s?"):format(item.name,
      table.concat(doc.SECTIONS, ", ")), 0)
  end
  return section
end

--- All items by section, within one first the functions and then the tables,
-- each in the order of files and lines:
-- { kind =, name =, class =, verb =, section =, text =, params =, returns =,
-- raise =, usage =, luals =, body = }. `class` is what stands before the colon
-- of a method's name. Also the texts about the module and its sections: by
-- name, "mems" for the module.
function doc.items()
  local of, items, texts = {}, {}, {}
  local ls <close> = assert(io.popen(FILES))
  for path in ls:lines() do
    for _, body in ipairs(comments(path)) do
      local item = read_item(body)
      if item and item.kind == "module" then
        if item.text ~= "" then texts.mems = texts.mems or item.text end
      elseif item then
        item.section = section_of(item)
        of[item.section] = of[item.section] or {}
        table.insert(of[item.section], item)
      end
    end
  end
  for _, section in ipairs(doc.SECTIONS) do
    for _, kind in ipairs { "function", "table" } do
      for _, item in ipairs(of[section] or {}) do
        if item.kind == kind then items[#items + 1] = item end
      end
    end
  end
  return items, texts
end

return doc

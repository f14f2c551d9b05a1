-- cdoc.lua HEADER OUT: turns a C header with plain comments into a source
-- that LDoc can read. The header stays the one place where it is written.
--
-- A paragraph of the header that starts with a comment and declares
-- functions becomes one LDoc item for each function; the comment at its top
-- becomes the description of the module.

local header, out = ...

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read("a")
end

local ENTITY <const> = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }

-- The text of a C comment, without its frame, as LDoc takes it: plain text
-- with some HTML, for what is indented and for lists.
local function unframe(comment)
  local text = comment:gsub("^/%*%s*", ""):gsub("%s*%*/$", "")
    :gsub("[&<>]", ENTITY)
  if not comment:find("^/%*\n%*%*") then return (text:gsub("\n +", "\n")) end
  return (text:gsub("^%*%* ?", ""):gsub("\n%*%* ?", "\n")
    :gsub("\n\n(  [^\n]+)", "\n<pre>%1</pre>"):gsub("\n%- ", "\n<br>- "))
end

-- One LDoc item for a declaration such as "int f(const T *t, size_t n)".
local function item(text, declaration)
  local result, name, arguments =
    declaration:match("^MEMS_API%s+(.-)([%w_]+)%s*(%b())")
  local plain = declaration:gsub("^MEMS_API%s+", ""):gsub("%s+", " ")
  local lines = { "/***", text, "<pre>" .. plain:gsub("[&<>]", ENTITY) ..
                  "</pre>", "@function " .. name }
  arguments = arguments:sub(2, -2):gsub("%(%*(%w+)%)%b()", "*%1")
  for argument in arguments:gmatch("[^,]+") do
    local word = argument:match("([%w_]+)%s*$")
    if word ~= "void" then lines[#lines + 1] = "@param " .. word end
  end
  if not result:match("^void%s+$") then
    lines[#lines + 1] = "@return " .. result:match("^(.-)%s*$")
  end
  return table.concat(lines, "\n") .. "\n*/\n"
end

local source = read(header)
local top = unframe(source:match("^/%*.-%*/"))
local first, rest = top:match("^%s*(.-%.)%s+(.*)$")
local items = { string.format("/***\n%s\n\n%s\n@module mems.h\n*/\n", first,
                              rest) }
for paragraph in (source .. "\n\n"):gmatch("(.-)\n\n") do
  local text = paragraph:match("^%s*(/%*.-%*/)")
  for declaration in paragraph:gmatch("\n(MEMS_API[^;]+);") do
    items[#items + 1] = item(unframe(text), declaration)
  end
end

local file <close> = assert(io.open(out, "w"))
file:write(table.concat(items, "\n"))

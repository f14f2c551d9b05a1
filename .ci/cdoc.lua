-- cdoc.lua HEADER OUT: turns a C header with plain comments into a source
-- that LDoc can read. The header stays the one place where it is written.
--
-- The comment at its top describes the module. A comment in a frame of stars
-- ("** Title: text") begins a section. A paragraph that starts with a comment
-- becomes an item for each function that it declares, or a table of the
-- fields or values, each with its comment, of the struct or enum; or one for
-- the type that it names.

local header, out = ...

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read("a")
end

local ENTITY <const> = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }

local function escape(text) return (text:gsub("[&<>]", ENTITY)) end

local source = read(header)

-- What has an item of its own, and so is a link wherever it is named.
local ITEMS <const> = {}
for name in source:gmatch("\nMEMS_API[^;]-([%w_]+)%s*%(") do
  ITEMS[name] = true
end
for name in source:gmatch("}? ?(mems_[%w_]+);") do ITEMS[name] = true end

-- Text as LDoc takes it: with some HTML.
local function marked(text)
  return (escape(text):gsub("`([^`]+)`", "<code>%1</code>")
    :gsub("%f[%w_]mems_[%w_]+", function(name)
      return ITEMS[name] and ("@{%s}"):format(name) or nil
    end))
end

-- The text of a C comment, without its frame, as LDoc takes it: plain text
-- with some HTML, for what is indented and for lists.
local function unframe(comment)
  local text = marked(comment:gsub("^/%*%s*", ""):gsub("%s*%*/$", ""))
  if not comment:find("^/%*\n%*%*") then return (text:gsub("\n +", "\n")) end
  local html, lists = text:gsub("^%*%* ?", ""):gsub("\n%*%* ?", "\n")
    :gsub("\n\n  ([^\n]+)", "\n<pre><code>%1</code></pre>")
    :gsub("\n%- ", "\n<ul><li>", 1)
  return html:gsub("\n%- ", "\n<li>") .. ("</ul>"):rep(lists)
end

-- A comment of a field, in one line.
local function remark(comment)
  return (marked(comment):gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

-- One LDoc item for a declaration such as "int f(const T *t, size_t n)".
local function function_item(text, declaration)
  local plain = declaration:gsub("^MEMS_API%s+", ""):gsub("%s+", " ")
  return ('/***\n<pre><code class="language-c">%s;</code></pre>\n%s\n' ..
    "@function %s\n*/\n"):format(escape(plain), text,
    plain:match("([%w_]+)%s*%("))
end

-- One for a struct, whose fields end with ";", or an enum, with ",".
local function table_item(text, name, body)
  local lines, value = { "/***", text, "@table " .. name }, -1
  for declaration, comment in (body .. "\n")
      :gmatch("%s*([%w_][%w_ =]-)[;,]?%s*/%*(.-)%*/") do
    local kind, field = declaration:match("^([%w_]+) ([%w_]+)$")
    if kind then
      lines[#lines + 1] = ("@tfield %s %s %s"):format(kind, field,
                                                      remark(comment))
    else
      value = value + 1
      lines[#lines + 1] = ("@tfield %d %s %s"):format(value,
        declaration:match("[%w_]+"), remark(comment))
    end
  end
  return table.concat(lines, "\n") .. "\n*/\n"
end

local function section(comment)
  local title, text = unframe(comment):match("^%s*(.-):%s+(.*)$")
  return ("/***\n%s.\n%s\n@section %s\n*/\n"):format(title,
    text:gsub("^%l", string.upper), title:gsub("%W", "_"))
end

local top = unframe(source:match("^/%*.-%*/"))
local first, rest = top:match("^%s*(.-%.)%s+(.*)$")
local items = { string.format("/***\n%s\n\n%s\n@module %s\n*/\n", first,
                              rest, header:match("[^/]*$")),
                "/***\nTypes and codes.\n@section types\n*/\n" }

local function add(paragraph)
  local comment = paragraph:match("^%s*(/%*.-%*/)")
  if not comment or comment:find("^/%*\n%*%* mems[%l_]*%.h") then return end
  if comment:find("^/%*\n%*%*") then
    items[#items + 1] = section(comment)
    return
  end
  local text = unframe(comment)
  local body, name = paragraph:match("\ntypedef %l+ [%w_]+ (%b{}) ([%w_]+)")
  local codes = paragraph:match("\nenum (%b{})")
  local named = not body and paragraph:match("\n(typedef [^;]+);")
  if named then
    items[#items + 1] = ('/***\n<pre><code class="language-c">%s;</code></pre>'
      .. "\n%s\n@table %s\n*/\n"):format(named, text,
      named:match("([%w_]+)%s*%b()$") or named:match("[%w_]+$"))
  end
  if body or codes then
    local what = codes and codes:match("MEMS_CREATE") and "create" or "codes"
    items[#items + 1] = table_item(text, name or what,
                                   (body or codes):sub(2, -2))
  end
  for declaration in paragraph:gmatch("\n(MEMS_API[^;]+);") do
    items[#items + 1] = function_item(text, declaration)
  end
end

for paragraph in (source .. "\n\n"):gmatch("(.-)\n\n") do add(paragraph) end

local file <close> = assert(io.open(out, "w"))
file:write(table.concat(items, "\n"))

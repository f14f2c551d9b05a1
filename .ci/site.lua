--- Makes the site in build/docs: the Markdown files by cmark-gfm, and what
-- LDoc wrote into build/reference, each between the same header and footer. A
-- link to a page or a heading that is not there is an error.

local OUT <const>, REFERENCE <const> = "build/docs/", "build/reference/modules/"

-- File, page, what the header calls it (if it is there), whether it is broad.
local PAGES <const> = {
  { "README.md", "index", "mems" },
  { "docs/guide.md", "guide", "Guide" },
  { "docs/cookbook.md", "cookbook", "Cookbook" },
  { REFERENCE .. "mems.html", "reference", "Reference" },
  { REFERENCE .. "mems.h.html", "c", "C" },
  { REFERENCE .. "mems_lua.h.html", "host", "C and Lua" },
  { "docs/benchmarks.md", "benchmarks", "Benchmarks", broad = true },
  { "docs/living.md", "living", "Living heaps" },
  { "docs/hardening.md", "hardening", "Hardening" },
  { "docs/trust.md", "trust", "Trust" },
  { "docs/architecture.md", "architecture", "Architecture" },
  { "docs/performance.md", "performance" },
  { "examples/README.md", "examples", "Examples" },
  { "bench/README.md", "measuring" },
  { "CHANGELOG.md", "changes" },
}
local PICTURES <const> = { "docs/mems.svg", "docs/benchmarks.svg",
  "docs/heap.svg" }

-- What else may be linked to: what the tree has instead of a page.
local INSTEAD <const> = {
  ["library/mems.lua"] = "reference", ["src/mems.h"] = "c",
  ["src/mems_lua.h"] = "host",
}

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read("a")
end

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
end

local function run(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("a")
  assert(pipe:close(), command .. " failed")
  return text
end

local ENTITIES <const> = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }

local function escape(text) return (text:gsub("[&<>]", ENTITIES)) end

local function unescape(text)
  return (text:gsub("&lt;", "<"):gsub("&gt;", ">"):gsub("&quot;", '"')
    :gsub("&#39;", "'"):gsub("&apos;", "'"):gsub("&amp;", "&"))
end

local function set(words)
  local out = {}
  for word in words:gmatch("%a+") do out[word] = true end
  return out
end

local KEYWORDS <const> = {
  lua = set [[and break do else elseif end false for function goto if in local
    nil not or repeat return then true until while]],
  c = set [[char const enum if include int return sizeof struct typedef void]],
  sh = {},
}

-- What a piece of code begins with: a pattern and its class, by language.
local LUA <const> = {
  { "^%-%->[^\n]*", "p" }, { "^%-%-  [^\n]*", "p" }, { "^%-%-[^\n]*", "c" },
  { "^%[%[.-%]%]", "s" }, { '^"[^"\n]*"', "s" }, { "^'[^'\n]*'", "s" },
}
local RULES <const> = {
  lua = LUA,
  c = { { "^/%*.-%*/", "c" }, { '^"[^"\n]*"', "s" } },
  sh = { { "^#[^\n]*", "c" }, { '^"[^"]*"', "s" }, { "^'[^']*'", "s" } },
}

-- The HTML of code, with comments, promises, strings and words marked.
local function highlight(code, language)
  local rules, out, at = RULES[language], {}, 1
  if not rules then return escape(code) end
  local function put(text, class)
    local html = escape(text)
    out[#out + 1] = class and ('<span class="%s">%s</span>'):format(class, html)
      or html
    at = at + #text
  end
  while at <= #code do
    local text, class
    for _, rule in ipairs(rules) do
      text, class = code:match(rule[1], at), rule[2]
      if text then break end
    end
    if text then
      put(text, class)
    else
      local word = code:match("^[%a_][%w_]*", at)
      put(word or code:match("^[^%a_]", at),
          KEYWORDS[language][word or ""] and "k")
    end
  end
  return table.concat(out)
end

-- A heading's name in links, as GitHub has it.
local function slug(html)
  local text = unescape(html:gsub("<[^>]*>", "")):lower()
  return (text:gsub("[^%w%s_-]", ""):gsub("%s", "-"))
end

-- The body of a page from Markdown.
local function from_markdown(path)
  local html = run("cmark-gfm --unsafe -e table " .. path)
  html = html:gsub("<(h[1-4])>(.-)</%1>", function(tag, text)
    return ('<%s id="%s">%s</%s>'):format(tag, slug(text), text, tag)
  end)
  html = html:gsub("<table>.-</table>", '<div class="wide">%0</div>')
  return (html:gsub("<!%-%-.-%-%->\n?", ""))
end

local function colour(html)
  return (html:gsub('<code class="language%-(%l+)">(.-)</code>',
    function(language, code)
      return "<code>" .. highlight(unescape(code), language) .. "</code>"
    end))
end

-- The contents of a page: its h2, and the h3 of each.
local function contents(html)
  local out, open = {}, false
  local function close()
    if open then out[#out + 1] = "</ul></details></li>" end
    open = false
  end
  local list = {}
  for level, id, text in html:gmatch('<h([23]) id="([^"]*)">(.-)</h%1>') do
    text = text:gsub("<[^>]*>", "")
    local link = ('<a href="#%s">%s</a>'):format(id, text:gsub("%(.*", ""))
    if level == "2" then
      list[#list + 1] = { link = ('<a href="#%s">%s</a>'):format(id, text) }
    elseif #list > 0 then
      table.insert(list[#list], "<li>" .. link .. "</li>")
    end
  end
  for _, entry in ipairs(list) do
    close()
    if #entry == 0 then
      out[#out + 1] = "<li>" .. entry.link .. "</li>"
    else
      out[#out + 1] = "<li><details><summary>" .. entry.link .. "</summary><ul>"
      out[#out + 1] = table.concat(entry, "\n")
      open = true
    end
  end
  close()
  return #list > 1 and table.concat(out, "\n") or nil
end

local function header(page)
  local out = {}
  for i, other in ipairs(PAGES) do
    local class = i == 1 and "brand" or other == page and "here" or nil
    out[#out + 1] = other[3] and ('<a%s href="%s.html">%s</a>'):format(
      class and (' class="%s"'):format(class) or "", other[2], other[3])
  end
  return table.concat(out, "\n")
end

local SHELL <const> = [[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%s</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<header class="top"><nav>
%s
</nav></header>
<div class="page">
<aside class="toc">%s</aside>
<main%s>
%s
</main>
</div>
<footer>mems %s, MIT license</footer>
</body>
</html>
]]

local TOC <const> = [[<input type="checkbox" id="toc">
<label for="toc">On this page</label>
<div class="list"><ul>
%s
</ul></div>]]

-- From the path of a file in the tree to its page.
local PAGE_OF <const> = {}
for _, page in ipairs(PAGES) do PAGE_OF[page[1]] = page[2] .. ".html" end
for _, path in ipairs(PICTURES) do PAGE_OF[path] = path:match("[^/]*$") end
for path, page in pairs(INSTEAD) do PAGE_OF[path] = page .. ".html" end

-- `link`, as the file at `path` has it, as a link of the site.
local function resolve(path, link)
  if link:find("^%a+:") or link:find("^#") then return link end
  local target, anchor = link:match("^([^#]*)(.*)$")
  local full = (path:match("^(.*/)") or "") .. target
  local count
  repeat full, count = full:gsub("[^/]+/%.%./", "", 1) until count == 0
  return assert(PAGE_OF[full], path .. ": dead link " .. link) .. anchor
end

local function body_of(page)
  local path = page[1]
  local html = path:find("%.html$") and read(path) or from_markdown(path)
  html = html:gsub('(%s)(%l+)="([^"]*)"', function(space, name, link)
    if name ~= "href" and name ~= "src" then return nil end
    return ('%s%s="%s"'):format(space, name, resolve(path, link))
  end)
  return colour(html)
end

local version = read("src/mems.h"):match('MEMS_VERSION "(.-)"')
local html_of = {}
os.execute("rm -rf " .. OUT .. " && mkdir -p " .. OUT)
for _, page in ipairs(PAGES) do
  local body = body_of(page)
  local title = body:match("<h1.->(.-)</h1>"):gsub("<[^>]*>", "")
  local list = contents(body)
  html_of[page[2] .. ".html"] = SHELL:format(
    page[2] == "index" and title or title .. " - mems", header(page),
    list and TOC:format(list) or "", page.broad and ' class="broad"' or "",
    body, version)
end

-- Each anchor is there.
for name, html in pairs(html_of) do
  for link in html:gmatch('href="([^"]*#[^"]*)"') do
    local page, anchor = link:match("^([^#]*)#(.*)$")
    local target = html_of[page == "" and name or page]
    if target and not target:find('id="' .. anchor .. '"', 1, true) then
      error(name .. ": dead link " .. link)
    end
  end
  write(OUT .. name, html)
end
for _, path in ipairs(PICTURES) do
  write(OUT .. path:match("[^/]*$"), read(path))
end
write(OUT .. "style.css", read("docs/site/ldoc.css"))

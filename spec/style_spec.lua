-- The rules of the house: what a line, a function, a file and a floor may
-- be, and that all that is public is documented.

local LINE <const>, FUNCTION <const>, FILE <const> = 80, 70, 600

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read("a")
end

-- The files that match the shell patterns, which may match none.
local function list(patterns)
  local found = {}
  local ls <close> = assert(io.popen("ls -d " .. patterns .. " 2>/dev/null"))
  for path in ls:lines() do found[#found + 1] = path end
  return found
end

local function lines(text)
  return text:gmatch("([^\n]*)\n?")
end

local SOURCES <const> = list "src/*.[ch] src/*/*.[ch]"
local C_FILES <const> = list "src/*.[ch] src/*/*.[ch] \z
  spec/*.[ch] spec/*/*.[ch] examples/*.[ch] bench/*.[ch] bench/*/*.[ch]"
local LUA_FILES <const> = list "lua/mems/*.lua lua/mems/*/*.lua library/*.lua \z
  spec/*.lua spec/*/*.lua examples/*.lua bench/*.lua .ci/*.lua"
local OTHER_FILES <const> = list "Makefile */Makefile */*/Makefile *.md \z
  */*.md rockspec/* .ci/* .luarocks/* .luacheckrc .clang-tidy .busted \z
  docs/config.ld docs/*/*.css"

-- Nothing may be left out because a pattern stopped matching.
assert(#list "src/*/*.c" >= 8 and #LUA_FILES >= 5 and #OTHER_FILES >= 8)

-- What is wrong, as lines "path:number: what"; an empty list if nothing is.
local function complain(into, path, number, what)
  into[#into + 1] = string.format("%s:%d: %s", path, number, what)
end

local function assert_none(complaints)
  assert.equal("", table.concat(complaints, "\n"))
end

local function each(files, check)
  local complaints = {}
  for _, path in ipairs(files) do check(complaints, path, read(path)) end
  assert_none(complaints)
end

-- Lines that can't be folded. In Markdown rows of a table, and what is shown
-- as it is between fences (but for code, which has its own limit); tags of the
-- types for editors.
local function unfoldable(path)
  if path:find("^library/") then
    return function(line) return line:find("^%-%-%-@") end
  elseif not path:find("%.md$") then
    return function() end
  end
  local fence
  return function(line)
    local mark = line:match("^%s*```(%w*)")
    if mark and fence then fence = nil
    elseif mark then fence = mark end
    return line:find("^|") or fence == "text" or
      fence == "output" or line:find("^%S*https?://%S*$")
  end
end

-- A C source without comments and strings; lines keep their numbers.
local function code_of(text)
  local code = text:gsub("\\[^\n]", "  "):gsub('"[^"\n]*"', '""')
    :gsub("/%*.-%*/", function(comment) return comment:gsub("[^\n]", "") end)
    :gsub("//[^\n]*", "")
  return code
end

-- Name, first line and number of lines of each function of a C source, and
-- whether it is static. A declaration starts at column 0; it is a function if
-- "f(...) {" ends it, which then reaches to the next "}" at column 0.
local function c_functions(text)
  local found, number, first, declared, name = {}, 0, nil, "", nil
  for line in lines(code_of(text)) do
    number = number + 1
    if name then
      if line:find("^}") then
        found[#found + 1] = { name = name, at = first,
                              size = number - first + 1,
                              static = declared:find("%f[%w_]static%s") ~= nil }
        first, name = nil, nil
      end
    elseif line:find("^%s*$") or line:find("^#") or line:find("[;}]%s*$") then
      first = nil
    elseif first or line:find("^[%a_]") then
      declared = first and declared .. " " .. line or line
      first = first or number
      name = declared:match("([%w_]+)%s*%b()%s*{%s*$")
    end
  end
  return found
end

-- Which noun, a .c with its .h, uses a function of which other one: noun to
-- noun to the name of one such function. `sources` is path to text.
local function uses(sources)
  local definer, graph = {}, {}
  local function noun(path) return path:match("([^/]*/[^/]*)%.%w$") end
  for path, text in pairs(sources) do
    graph[noun(path)] = {}
    for _, f in ipairs(c_functions(text)) do
      -- in a header, static is inline: for those who include it
      if not f.static or path:find("%.h$") then definer[f.name] = noun(path) end
    end
  end
  for path, text in pairs(sources) do
    local own = {}
    for _, f in ipairs(c_functions(text)) do own[f.name] = true end
    for name in code_of(text):gmatch("[%a_][%w_]*") do
      local of = definer[name]
      if of and of ~= noun(path) and not own[name] then
        graph[noun(path)][of] = name
      end
    end
  end
  return graph
end

-- A circle in such a graph, as text; nil if there is none.
local function circle(graph)
  local state, path = {}, {}
  local function visit(node)
    state[node] = "open"
    for other, name in pairs(graph[node] or {}) do
      path[#path + 1] = ("%s uses %s of %s"):format(node, name, other)
      if state[other] == "open" then return true end
      if not state[other] and visit(other) then return true end
      path[#path] = nil
    end
    state[node] = "done"
  end
  for node in pairs(graph) do
    if not state[node] and visit(node) then return table.concat(path, "\n") end
  end
end

local function lua_functions(text)
  local found, number, first, name = {}, 0, nil, nil
  for line in lines(text) do
    number = number + 1
    local started = line:match("^local function ([%w_]+)") or
      line:match("^function ([%w_.:]+)")
    if started then first, name = number, started end
    if first and line:find("^end") then
      found[#found + 1] = { name = name, at = first, size = number - first + 1 }
      first = nil
    end
  end
  return found
end

-- The table of floors in docs/architecture.md: file name to floor.
local function floors()
  local floor_of = {}
  for floor, files in read("docs/architecture.md")
      :gmatch("\n| (%d+) | ([^|\n]-) |") do
    for pattern in files:gmatch("`(.-)`") do
      for _, path in ipairs(list(pattern)) do
        assert(not floor_of[path], path .. " stands on two floors")
        floor_of[path] = tonumber(floor)
      end
    end
  end
  return floor_of
end

describe("the style checker #style", function()
  it("measures a C function from its name to its brace", function()
    local found = c_functions("int x;\n\nstatic int f(int a,\n  int b) {\n" ..
      "  return g(a);\n}\n\nstruct s {\n  int a;\n};\n\nint g(int a);\n\n" ..
      "static int\nh(void)\n{\n}\n")
    assert.same({ { name = "f", at = 3, size = 4, static = true },
                  { name = "h", at = 14, size = 4, static = true } }, found)
  end)

  it("measures a Lua function from its name to its end", function()
    local found = lua_functions("local function f()\n  if x then\n  end\nend\n")
    assert.same({ { name = "f", at = 1, size = 4 } }, found)
  end)

  it("finds who calls in a circle, be it through others or inline", function()
    local sources = {
      ["x/a.c"] = "int a(void) {\n  return b();\n}\n",
      ["x/b.c"] = "static int s(void) {\n  return 1;\n}\n\n" ..
        "int b(void) {\n  return s() + c();\n}\n",
      ["x/c.h"] = "static inline int c(void) {\n  return d;\n}\n",
      ["x/c.c"] = "/* a() */ int e(void) {\n  return s();\n}\n",
    }
    assert.is_nil(circle(uses(sources)))
    sources["x/c.h"] = "static inline int c(void) {\n  return a();\n}\n"
    local found = circle(uses(sources))
    for _, line in ipairs { "x/a uses b of x/b", "x/b uses c of x/c",
                            "x/c uses a of x/a" } do
      assert.is_truthy(found:find(line, 1, true), found)
    end
  end)

  it("looks at the code, not at comments and strings", function()
    assert.equal('a \n b ""', code_of('a /* exit(1)\n */ b "printf(\\"x"'))
  end)

  it("finds all functions of the heap", function()
    local names = {}
    for _, path in ipairs(list "src/*/*.c") do
      for _, f in ipairs(c_functions(read(path))) do names[f.name] = true end
    end
    for name in code_of(read "src/mems.h"):gmatch("(mems_[%w_]+)%s*%b();") do
      assert.is_true(names[name], name)
    end
  end)
end)

describe("every file #style", function()
  it("has lines of at most 80 columns, no tab, no space at the end",
    function()
      local all = table.move(OTHER_FILES, 1, #OTHER_FILES, #C_FILES + 1,
                             { table.unpack(C_FILES) })
      table.move(LUA_FILES, 1, #LUA_FILES, #all + 1, all)
      each(all, function(complaints, path, text)
        local number, exempt = 0, unfoldable(path)
        for line in lines(text) do
          number = number + 1
          local columns = utf8.len(line) or #line
          local exempt_line = exempt(line)
          if not exempt_line and columns > LINE then
            complain(complaints, path, number, columns .. " columns")
          end
          if not exempt_line and line:find("\t") and
              not path:find("Makefile$") then
            complain(complaints, path, number, "tab")
          end
          if line:find("%s$") then
            complain(complaints, path, number, "space at the end")
          end
        end
        if text:sub(-1) ~= "\n" or text:sub(-2) == "\n\n" then
          complain(complaints, path, number, "does not end in one newline")
        end
      end)
    end)

  it("opens with its idea", function()
    each(C_FILES, function(complaints, path, text)
      if not text:find("^/%*\n?%*?%*? ?[%w_]") then
        complain(complaints, path, 1, "no comment at the top")
      end
    end)
    each(LUA_FILES, function(complaints, path, text)
      if not text:find("^%-%-") and not text:find("^#!.-\n%-%-") then
        complain(complaints, path, 1, "no comment at the top")
      end
    end)
  end)

  it("has no note of something left undone", function()
    each(C_FILES, function(complaints, path, text)
      for _, mark in ipairs { "TO" .. "DO", "FIX" .. "ME", "XX" .. "X" } do
        if text:find(mark, 1, true) then complain(complaints, path, 1, mark) end
      end
    end)
  end)
end)

describe("what a newcomer sees first #style", function()
  it("is a README of at most 250 lines", function()
    local _, count = read("README.md"):gsub("\n", "")
    assert.is_true(count <= 250, count .. " lines")
  end)

  it("is in `make help` a line for each target, whole on a terminal",
    function()
      local make <close> = assert(io.popen("make --no-print-directory help"))
      local complaints, targets = {}, {}
      for line in make:lines() do
        targets[line:match("^make (%S+)")] = true
        if #line > LINE then complain(complaints, "make help", 1, line) end
      end
      for target in read("Makefile"):gmatch("\n([%l-]+):[^\n=]*## ") do
        if not targets[target] then complain(complaints, target, 1, "none") end
      end
      assert_none(complaints)
      assert.is_true(targets.install and targets.docs and targets.env)
    end)
end)

describe("a C file #style", function()
  it("has at most 600 lines", function()
    each(C_FILES, function(complaints, path, text)
      local _, count = text:gsub("\n", "")
      if count > FILE then complain(complaints, path, count, "too long") end
    end)
  end)

  it("has no function of more than 70 lines", function()
    each(C_FILES, function(complaints, path, text)
      for _, f in ipairs(c_functions(text)) do
        if f.size > FUNCTION then
          complain(complaints, path, f.at, f.name .. " has " .. f.size)
        end
      end
    end)
  end)

  it("in src stands on a floor and includes from below only", function()
    local floor_of = floors()
    each(SOURCES, function(complaints, path, text)
      local floor, folder = floor_of[path], path:match("^.*/")
      local noun = path:match("([^/]*)%.%w$")
      if not floor then return complain(complaints, path, 1, "no floor") end
      for name in text:gmatch('#%s*include%s+"(.-)"') do
        local below = floor_of[folder .. name] or floor_of["src/" .. name]
        local own = name == noun .. ".h" and path:find("%.c$")
        if not own and (not below or below >= floor) then
          complain(complaints, path, 1, "includes " .. name)
        end
      end
    end)
  end)

  it("of the binding has a floor of its own, with its header", function()
    local at, floor_of = {}, floors()
    each(list "src/lua/*.[ch]", function(complaints, path)
      local floor, noun = floor_of[path], path:match("([^/]*)%.%w$")
      if at[floor] and at[floor] ~= noun then
        complain(complaints, path, 1, "shares a floor with " .. at[floor])
      end
      at[floor] = noun
    end)
  end)

  it("in src calls no one who calls it, be it through others", function()
    local sources = {}
    for _, path in ipairs(SOURCES) do
      if path:find("^src/%w+/") then sources[path] = read(path) end
    end
    local graph = uses(sources)
    assert.is_truthy(graph["lua/gate"]["lua/view"])
    assert.is_truthy(graph["heap/heap"]["heap/hole"])
    assert.is_nil(circle(graph))
  end)

  it("of the binding sees nothing of the library but its headers", function()
    each(list "src/lua/*.[ch]", function(complaints, path, text)
      for name in text:gmatch('#%s*include%s+"(.-)"') do
        if not name:find("^mems[%l_]*%.h$") and
            #list("src/lua/" .. name) == 0 then
          complain(complaints, path, 1, "includes " .. name)
        end
      end
    end)
  end)

  it("of the library knows nothing of Lua", function()
    each(SOURCES, function(complaints, path, text)
      if path:find("^src/lua/") or path == "src/mems_lua.h" then return end
      if text:find("#%s*include%s+[<\"]l[ua]%w+%.h") then
        complain(complaints, path, 1, "includes Lua")
      end
    end)
  end)

  it("but pages.c never asks the OS for memory", function()
    each(SOURCES, function(complaints, path, text)
      if path == "src/heap/pages.c" then return end
      local code = code_of(text)
      for _, name in ipairs { "mmap", "munmap", "mprotect", "madvise",
                              "mremap", "sbrk", "malloc", "calloc" } do
        if code:find("%f[%w_]" .. name .. "%s*%(") then
          complain(complaints, path, 1, "calls " .. name)
        end
      end
      if text:find("#%s*include%s+<sys/mman.h>") then
        complain(complaints, path, 1, "includes sys/mman.h")
      end
    end)
  end)

  it("never exits, and prints only to a file it was given", function()
    each(SOURCES, function(complaints, path, text)
      local code = code_of(text)
      for _, name in ipairs { "printf", "puts", "putchar", "perror", "exit",
                              "_exit", "abort" } do
        if code:find("%f[%w_]" .. name .. "%s*%(") then
          complain(complaints, path, 1, "calls " .. name)
        end
      end
    end)
  end)
end)

describe("a Lua file #style", function()
  it("has no function of more than 70 lines", function()
    each(LUA_FILES, function(complaints, path, text)
      for _, f in ipairs(lua_functions(text)) do
        if f.size > FUNCTION then
          complain(complaints, path, f.at, f.name .. " has " .. f.size)
        end
      end
    end)
  end)
end)

describe("every public function #style", function()
  it("of the headers stands below a comment", function()
    local complaints, count = {}, 0
    for _, path in ipairs { "src/mems.h", "src/mems_lua.h" } do
      for paragraph in (read(path) .. "\n\n"):gmatch("(.-)\n\n") do
        for name in paragraph:gmatch("\nMEMS_API[^;]-([%w_]+)%(") do
          count = count + 1
          if not paragraph:find("^%s*/%*") then
            complain(complaints, path, 1, name)
          end
        end
      end
    end
    assert.is_true(count > 32)
    assert_none(complaints)
  end)

  it("of the Lua module is documented for LDoc and for editors", function()
    local mems = require "mems"
    local heap <close> = assert(mems.open())
    local ldoc, editor, complaints = {}, read "library/mems.lua", {}
    for _, item in ipairs(dofile ".ci/doc.lua".items()) do
      ldoc[item.verb] = true
    end
    for _, verbs in ipairs { mems, debug.getmetatable(heap) } do
      for name, verb in pairs(verbs) do
        -- One entry stands for the functions made from the table of types.
        local entry = name:gsub("^(%l+)_%l%d?%d?%l*$", function(stem)
          return ldoc[stem .. "_TYPE"] and stem .. "_TYPE"
        end)
        if type(verb) == "function" and not name:find("^__") then
          if not ldoc[entry] then
            complain(complaints, "LDoc", 1, name)
          end
          if not editor:find("\nfunction [%w_]+[.:]" .. name .. "%(") and
              not editor:find("\n%-%-%-@field " .. name .. " fun%(") then
            complain(complaints, "library/mems.lua", 1, name)
          end
        end
      end
    end
    assert_none(complaints)
  end)
end)

-- What README.md and the docs show runs, and gives what they say it gives.
--
-- What stands under one heading ("## ...") is a program of its own: all its
-- ```lua blocks, in order. A comment "--> text" behind a line, or below it, is
-- a promise: the values of the expression, or of the variables that are
-- assigned, are that text, as tostring shows them and with ", " between. A
-- promise "--> error: text" means that the line raises an error which ends so.
-- A long text goes on in lines "--  text". What the program prints stands in
-- ```output blocks. A ```c block is a whole program in C.
--
-- ```sh blocks are run as well, those of a file one after the other, each in a
-- shell of its own, in a copy of the tree with a home and a PREFIX of its own,
-- which Lua and the linker know as they know /usr/local.

local shell = require "spec.support.shell"

-- A line of code with the promise that it makes, as code that checks it.
local function checked(code, promise)
  local targets = code:match("^%s*local%s+([%w_, ]-)%s*=") or
    code:match("^%s*([%w_.]+)%s*=[^=]")
  local raised = promise:match("^error: (.*)$")
  if raised then
    return ("PROMISE.raises(%q, function() %s end)"):format(raised, code)
  elseif targets then
    return ("%s; PROMISE.gives(%q, %s)"):format(code, promise, targets)
  end
  return ("PROMISE.gives(%q, %s)"):format(promise, code)
end

-- The sections of a text: { title =, lua =, lines =, output =, c =, sh = }.
-- `lines` is the Lua program, if there is one (`lua`), as { code =, promise = }
-- for each line of the text up to the section's end, those outside of it
-- empty, so that line numbers stay; the others are the texts of its blocks.
local function sections_of(text)
  local found, number, kind, holder = {}, 0, nil, nil
  local function new(title)
    return { title = title, lines = {}, output = "", c = "", sh = "" }
  end
  local section = new("the top")
  local function enter(line)
    local entry = { code = "" }
    local code, promise = line:match("^(.-)%s*%-%->%s*(.-)%s*$")
    local more = holder and line:match("^%s*%-%-  (.*)$")
    if more then
      holder.promise = holder.promise .. " " .. more
    elseif promise then
      holder = code == "" and section.lines[number - 1] or entry
      holder.promise, entry.code = promise, code
    else
      entry.code, holder = line, nil
    end
    section.lines[number] = entry
    section.lua = true
  end
  for line in text:gmatch("([^\n]*)\n") do
    number = number + 1
    section.lines[number] = { code = "" }
    local fence = line:match("^```(%l*)")
    if fence then
      if kind == "sh" then section.sh = section.sh .. ")\n" end
      kind, holder = not kind and (fence == "" and "text" or fence) or nil, nil
      if kind == "sh" then section.sh = section.sh .. "(\n" end
    elseif kind == "lua" then
      enter(line)
    elseif kind then
      section[kind] = (section[kind] or "") .. line .. "\n"
    elseif line:find("^## ") then
      found[#found + 1] = section
      section = new(line:sub(4))
      for i = 1, number do section.lines[i] = { code = "" } end
    end
  end
  found[#found + 1] = section
  return found
end

-- Runs the Lua program of a section: what it printed, and what went wrong.
local function run_lua(section)
  local out = {}
  for number, line in ipairs(section.lines) do
    out[number] = line.promise and checked(line.code, line.promise) or line.code
  end
  local path = os.tmpname()
  shell.write(path, 'local PROMISE <const> = require "spec.support.promises";'
    .. table.concat(out, "\n"))
  local printed, complained = shell.lua(path)
  os.remove(path)
  return printed, complained
end

local function run_c(section)
  local program = os.tmpname()
  shell.write(program .. ".c", section.c)
  local printed, complained = shell.run(string.format(
    "cc -std=c11 -Wall -Wextra -Werror -Isrc %s.c -o %s \z
     build/libmems.a && %s", program, program, program))
  os.remove(program)
  os.remove(program .. ".c")
  return printed, complained
end

-- The shell blocks of a text as one script.
local function script_of(text)
  local out = {}
  for _, section in ipairs(sections_of(text)) do out[#out + 1] = section.sh end
  return table.concat(out)
end

local FILES <const> = shell.run("ls README.md docs/*.md")

for path in FILES:gmatch("%S+") do
  describe("what " .. path .. " shows", function()
    for _, section in ipairs(sections_of(shell.read(path))) do
      if section.lua then
        it("runs and keeps its promises: " .. section.title, function()
          local printed, complained = run_lua(section)
          assert.equal("", complained)
          assert.equal(section.output, printed)
        end)
      end
      if section.c ~= "" then
        it("compiles without a warning and runs: " .. section.title ..
           " #style", function()
          local printed, complained = run_c(section)
          assert.equal("", complained)
          assert.equal(section.lua and "" or section.output, printed)
        end)
      end
    end
  end)
end

describe("the examples", function()
  it("are promises, many of them", function()
    local function promises(path)
      local _, count = shell.read(path):gsub("%-%->", "")
      return count
    end
    assert.is_true(promises "README.md" >= 20)
    assert.is_true(promises "docs/guide.md" >= 65)
    assert.is_true(promises "docs/cookbook.md" >= 35)
  end)
end)

-- The environment of a machine on which mems was never installed: a home, and
-- below PREFIX what /usr/local is elsewhere.
local SANDBOX <const> = [[
set -eu
unset MAKEFLAGS MFLAGS MAKELEVEL LUA_PATH LUA_CPATH DESTDIR
export HOME=$PWD/home PREFIX=$PWD/usr
share=$PREFIX/share/lua/5.4
export LUA_PATH_5_4="$share/?.lua;$share/?/init.lua;;"
export LUA_CPATH_5_4="$PREFIX/lib/lua/5.4/?.so;;"
export LD_LIBRARY_PATH=$PREFIX/lib PKG_CONFIG_PATH=$PREFIX/lib/pkgconfig
sudo() { "$@"; }
command -v luarocks >/dev/null || luarocks() { :; } # not all have it
make() { [ "$1" = test ] || command make "$@"; } # else it would come here
cd mems
]]

describe("the shell commands #style", function()
  local place

  setup(function()
    place = shell.run("mktemp -d"):match("%S+")
    shell.run("mkdir " .. place .. "/mems " .. place .. "/home && tar \z
      --exclude=./.git --exclude=./build --exclude=./mems -cf - . \z
      build/flags build/obj build/mems build/libmems.* build/examples | \z
      tar -C " .. place .. "/mems -xf -")
  end)

  teardown(function() shell.run("rm -rf " .. place) end)

  for _, path in ipairs { "README.md", "docs/guide.md", "docs/cookbook.md" } do
    local script = script_of(shell.read(path))
    if script ~= "" then
      it("of " .. path .. " do what they are there for", function()
        local c = shell.read(path):match("```c\n(.-)```")
        if c then shell.write(place .. "/mems/hello.c", c) end
        shell.write(place .. "/script", SANDBOX .. script)
        local printed, complained, code = shell.run("cd " .. place ..
          " && sh script")
        assert.equal(0, code, printed .. complained)
      end)
    end
  end
end)

describe("the reader of examples", function()
  local function complaint(text)
    local section = sections_of("```lua\n" .. text .. "\n```\n")[1]
    local _, complained = run_lua(section)
    return complained
  end

  it("takes a promise that is kept", function()
    assert.equal("", complaint("local a = 1 --> 1\na + 1 --> 2"))
    assert.equal("", complaint("error('no') --> error: no"))
  end)

  it("takes one below the line, over several lines", function()
    assert.equal("", complaint("local a = 'x y'\n--> x\n--  y\na --> x y"))
    assert.match("gives x y z, not x y\n",
                 complaint("local a = 'x y z'\n--> x\n--  y\na = 1 --> 1"))
  end)

  it("refuses one that is not", function()
    assert.match(":2: gives 1, not 2\n", complaint("local a = 1 --> 2\na = 1"))
    assert.match(":2: gives 2, not 3\n", complaint("1 + 1 --> 3"))
    assert.match("no error, not the error no\n",
                 complaint("local _ = 1 --> error: no"))
  end)

  it("compares what is printed", function()
    local section =
      sections_of("```lua\nprint 'a'\n```\n```output\na\n```\n")[1]
    assert.equal("a\n", section.output)
    assert.equal("a\n", (run_lua(section)))
  end)

  it("takes each heading's program by itself, with the file's lines", function()
    local found = sections_of("```lua\nx = 1\n```\n## b\n" ..
                              "```lua\nx --> 1\n```\n")
    assert.equal("b", found[2].title)
    local _, complained = run_lua(found[2])
    assert.match(":6: gives nil, not 1\n", complained)
  end)
end)

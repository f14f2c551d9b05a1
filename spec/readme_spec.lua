-- What README.md and the docs show runs, and gives what they say it gives.
--
-- What stands under one heading ("## ...") is a program of its own: all its
-- ```lua blocks, in order, run as they stand. What it prints is shown by the
-- comments "--> text", behind a line or below it, and by ```output blocks: all
-- of it and nothing else, in this order. A long text goes on in lines
-- "--  text". White space counts as one space; in an error message the place
-- is left out. A file "NAME.mems" is one of the section's own, in a folder for
-- such. A ```c block is a whole program in C.
--
-- ```sh blocks are run as well, those of a file one after the other, each in a
-- shell of its own, in a copy of the tree with a home and a PREFIX of its own,
-- which Lua and the linker know as they know /usr/local.

local files = require "spec.support.place"
local shell = require "spec.support.shell"

-- The sections of a text: { title =, lua =, shown =, c =, sh = }: the text of
-- its blocks, in `shown` a list of what they print. Lua has an empty line for
-- each line of the text outside, so that line numbers stay.
local function sections_of(text)
  local found, number, kind, section = {}, 0, nil, nil
  local function start(title)
    section = { title = title, lua = ("\n"):rep(number), shown = {}, c = "",
                sh = "" }
    found[#found + 1] = section
  end
  local promised -- whether the last line ended in a promise
  local function show(line)
    local shown, promise = section.shown, line:match("%-%->%s*(.*)$")
    local more = promised and line:match("^%s*%-%-  (.*)")
    if promise then
      shown[#shown + 1] = promise
    elseif more then
      shown[#shown] = shown[#shown] .. " " .. more
    end
    promised = promise or more
  end
  start("the top")
  for line in text:gmatch("([^\n]*)\n") do
    local fence = line:match("^```(%l*)")
    if fence and kind then
      if kind == "sh" then section.sh = section.sh .. ")\n" end
      kind = nil
    elseif fence then
      kind = fence
      if kind == "sh" then section.sh = section.sh .. "(\n" end
    elseif kind == "lua" then
      show(line)
    elseif kind == "output" then
      section.shown[#section.shown + 1] = line
    elseif kind == "c" or kind == "sh" then
      section[kind] = section[kind] .. line .. "\n"
    elseif not kind and line:find("^## ") then
      start(line:sub(4))
    end
    number = number + 1
    section.lua = section.lua .. (kind == "lua" and not fence and line or "") ..
      "\n"
  end
  return found
end

-- Text in lines, with single spaces, without the place of an error in `path`.
local function plain(text, path)
  return (text:gsub(path and path:gsub("%p", "%%%0") .. ":%d+: " or "^$", "")
    :gsub("[ \t]+", " "):gsub(" \n", "\n"))
end

-- Runs the Lua program of a section: what it printed, what it shows that it
-- prints, and what went wrong.
local function run_lua(section)
  local path = os.tmpname()
  section.files = section.files or setmetatable({}, {
    __index = function(own, name)
      own[name] = ("%q"):format(files.new())
      return own[name]
    end,
  })
  shell.write(path, (section.lua:gsub('"%w+%.mems"', section.files)))
  local printed, complained = shell.lua(path)
  os.remove(path)
  local shown = table.concat(section.shown, "\n") .. "\n"
  return plain(printed, path), plain(shown == "\n" and "" or shown), complained
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
      if section.lua:find("%S") then
        it("runs and prints what it shows: " .. section.title, function()
          local printed, shown, complained = run_lua(section)
          assert.equal("", complained)
          assert.equal(shown, printed)
        end)
      end
      if section.c ~= "" then
        it("compiles without a warning and runs: " .. section.title ..
           " #style", function()
          local printed, complained = run_c(section)
          assert.equal("", complained)
          assert.equal("", printed)
        end)
      end
    end
  end)
end

describe("a heap that README.md shows to stay", function()
  it("is there when the program runs again", function()
    for _, section in ipairs(sections_of(shell.read "README.md")) do
      if section.title == "A heap that stays" then
        for run = 1, 3 do
          assert.equal("visits " .. run .. "\nnil\n", (run_lua(section)))
        end
        return
      end
    end
    error("there is no such heading")
  end)
end)

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
  local function run(text, number)
    return run_lua(sections_of(text)[number or 1])
  end
  local function block(code) return "```lua\n" .. code .. "\n```\n" end

  it("takes what is printed from promises and output, in order", function()
    local printed, shown, complained = run(block("print(1) --> 1\nprint(2)") ..
      "```output\n2\n```\n" .. block("print('x', 'y')\n--> x\n--  y"))
    assert.equal("", complained)
    assert.equal("1\n2\nx y\n", printed)
    assert.equal(printed, shown)
  end)

  it("shows what is not promised, and what is not printed", function()
    local printed, shown = run(block("print(1)"))
    assert.equal("1\n", printed)
    assert.equal("", shown)
    printed, shown = run(block("print(1) --> 2"))
    assert.not_equal(shown, printed)
  end)

  it("leaves out where an error was raised", function()
    local printed, shown =
      run(block("print(pcall(function() error 'x' end)) --> false x"))
    assert.equal(shown, printed)
  end)

  it("takes each heading's program by itself, with the file's lines", function()
    local text = block("x = 1") .. "## b\n" .. block("error 'here'")
    local _, _, complained = run(text, 2)
    assert.match(":6: here\n", complained)
    local printed = run(block("x = 1") .. "## b\n" .. block("print(x)"), 2)
    assert.equal("nil\n", printed)
  end)
end)

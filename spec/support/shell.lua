-- Running other programs from a spec: where they are, what they print.
--
-- A spec may run with any working tree below it (make, luarocks test, a
-- sanitizer build), so a child gets this process's interpreter and this
-- process's module paths.

local shell = {}

--- Is there a file at `path` that can be read?
function shell.exists(path)
  local file = io.open(path, "rb")
  return file ~= nil and file:close()
end

--- All of the file at `path`; raises if it can't be read.
function shell.read(path)
  local file <close> = assert(io.open(path, "rb"))
  return assert(file:read("a"))
end

--- Makes `text` all that the file at `path` holds.
function shell.write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

--- `word` as one word of a shell command.
function shell.quote(word)
  return "'" .. word:gsub("'", [['\'']]) .. "'"
end

--- Runs a command of the shell.
-- @return its standard output, its standard error, its exit status
-- (128 and the signal's number if a signal ended it)
function shell.run(command)
  local out, err = os.tmpname(), os.tmpname()
  local _, how, code = os.execute(string.format("( %s ) >%s 2>%s", command,
                                                out, err))
  local printed, complained = shell.read(out), shell.read(err)
  os.remove(out)
  os.remove(err)
  return printed, complained, how == "signal" and 128 + code or code
end

-- The interpreter that runs this spec: the first word of its command line.
local function interpreter()
  local first = 0
  while arg and arg[first - 1] do first = first - 1 end
  return first < 0 and arg[first] or "lua5.4"
end

--- The words of a command that runs a Lua script with arguments.
function shell.words(script, ...)
  local words = {
    "LUA_INIT_5_4=",
    "LUA_PATH_5_4=" .. shell.quote(package.path),
    "LUA_CPATH_5_4=" .. shell.quote(package.cpath),
    shell.quote(interpreter()), shell.quote(script),
  }
  for _, word in ipairs { ... } do
    words[#words + 1] = shell.quote(tostring(word))
  end
  return table.concat(words, " ")
end

--- Runs a Lua script with arguments, as shell.run does.
function shell.lua(script, ...)
  return shell.run(shell.words(script, ...))
end

-- The library in C.
local LIBRARY <const> = "src/heap/*.c"

--- Runs examples/NAME.c, as shell.run does: the program that make built, or
-- else one that is compiled here for the occasion (without what a sanitizer
-- preloads: the compiler's own leaks don't matter).
function shell.c_example(name)
  local built = "build/examples/" .. name
  if shell.exists(built) then return shell.run(built) end
  local program = os.tmpname()
  local printed, complained, code = shell.run(string.format(
    "env -u LD_PRELOAD cc -std=c11 -D_GNU_SOURCE -Isrc -o %s " ..
      "examples/%s.c %s && %s", program, name, LIBRARY, program))
  os.remove(program)
  return printed, complained, code
end

--- `count` as MEMS_SPEC_SCALE (percent, 100 if it is not set) makes it: the
-- slow builds, under a sanitizer or valgrind, do less of the same.
function shell.scaled(count)
  local percent = tonumber(os.getenv("MEMS_SPEC_SCALE")) or 100
  return math.max(1, math.floor(count * percent / 100))
end

return shell

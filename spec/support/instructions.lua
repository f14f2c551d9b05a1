-- How many instructions Lua code takes: what it costs, whatever else the
-- machine does. Counted by callgrind, if it is installed.

local shell = require "spec.support.shell"

local instructions = {}

instructions.counted = select(3, shell.run "valgrind --version") == 0

local COMMAND <const> = "env -u LD_PRELOAD LUA_PATH_5_4=%s LUA_CPATH_5_4=%s " ..
  "valgrind --tool=callgrind --callgrind-out-file=/dev/null --log-file=%s " ..
  "lua5.4 %s %d &"

--- Instructions of each further call of functions.
-- @param codes a list; each defines `call`, a function without arguments
-- @param calls how many are measured; hashes make two processes differ by
-- some 10,000 instructions
-- @return a list of numbers
function instructions.per_call(codes, calls)
  local FEW <const>, MANY <const> = 1, 1 + calls
  local commands, files, counts = {}, {}, {}
  for i, code in ipairs(codes) do
    local script = os.tmpname()
    shell.write(script, code .. "\nfor _ = 1, tonumber(...) do call() end")
    files[i] = { [FEW] = os.tmpname(), [MANY] = os.tmpname(), script = script }
    for _, n in ipairs { FEW, MANY } do
      commands[#commands + 1] = COMMAND:format(shell.quote(package.path),
        shell.quote(package.cpath), files[i][n], script, n)
    end
  end
  shell.run(table.concat(commands, "\n") .. "\nwait")
  for i, names in ipairs(files) do
    local total = {}
    for _, n in ipairs { FEW, MANY } do
      local log = shell.read(names[n])
      total[n] = tonumber((log:match("Collected : (%d+)"))) or error(log)
      os.remove(names[n])
    end
    counts[i] = (total[MANY] - total[FEW]) / (MANY - FEW)
    os.remove(names.script)
  end
  return counts
end

return instructions

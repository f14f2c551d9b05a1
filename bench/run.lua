--- Runs the workloads, prints the tables, and writes build/bench.json.
--
--     lua5.4 bench/run.lua [--smoke] [--rounds N] [--last] [--docs] [PATTERN]
--
-- PATTERN chooses workloads by key (see cases.lua), or the parts `space`,
-- `translated`, `programs`, `options`, `edge`, `bounds`, `lua`, `objects`,
-- `ffi` and `flat`. --last measures nothing and shows
-- build/bench.json. --docs also puts the tables into docs/benchmarks.md and the
-- short one into README.md. What PATTERN chose is shown only; a smoke run is
-- written to build/bench-smoke.json. The exit status is 1 if mems maps more
-- than its bound, in a smoke run too: that is no time.

package.path = "bench/?.lua;" .. package.path

local cases = require "cases"
local json = require "json"
local report = require "report"

local RESULT, SMOKE = "build/bench.json", "build/bench-smoke.json"
local CALLGRIND = "valgrind --tool=callgrind --toggle-collect='counted*'"
  .. " --callgrind-out-file=/dev/null "

local environment = "" -- in front of every command

local function parse(args)
  local options = { rounds = 7 }
  local i = 1
  while args[i] do
    local word = args[i]
    if word == "--rounds" then
      i = i + 1
      options.rounds = assert(tonumber(args[i]), "--rounds wants a number")
    elseif word == "--smoke" or word == "--last" or word == "--docs" then
      options[word:sub(3)] = true
    else
      assert(word:sub(1, 1) ~= "-", "unknown option " .. word)
      options.pattern = word
    end
    i = i + 1
  end
  if os.getenv "BENCH_SMOKE" then options.smoke = true end
  if options.smoke then options.rounds = 1 end
  return options
end

local function note(...)
  io.stderr:write("bench: ", ...)
  io.stderr:write "\n"
end

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

--- What a command prints, or nil if it fails.
local function output(command)
  local pipe = assert(io.popen(environment .. command))
  local text = pipe:read "a"
  return pipe:close() and text or nil
end

local function has(program)
  return output("command -v " .. program .. " 2>/dev/null") ~= nil
end

--- The lines "key value" that a command prints, as a table.
local function values(command)
  local text, found = output(command), {}
  if not text then
    note("failed: ", command)
    return nil
  end
  for key, value in text:gmatch "([^\n]-)%s+(%S+)\n" do
    found[key] = tonumber(value)
  end
  return found
end

local function median(list)
  table.sort(list)
  return list[#list // 2 + 1]
end

local function chosen(options, key)
  return not options.pattern or key:find(options.pattern) ~= nil
end

local CHECKS = "libc_malloc_debug.so.0"

--- What runs a subject, or nil if it is not there.
local function program(subject)
  if subject == "check=3" then
    local glibc = "build/bench/alloc-glibc"
    local missing = output("LD_PRELOAD=" .. CHECKS .. " true 2>&1") ~= ""
    return exists(glibc) and not missing and "GLIBC_TUNABLES="
      .. "glibc.malloc.check=3 LD_PRELOAD=" .. CHECKS .. " " .. glibc or nil
  end
  local path = "build/bench/alloc-" .. subject
  return exists(path) and path or nil
end

--- The last core that this process may use: every process runs there.
local function last_core()
  local file = io.open "/proc/self/status"
  local text = file and file:read "a" or ""
  if file then file:close() end
  return text:match "Cpus_allowed_list:[^\n]-(%d+)\n" or "0"
end

--- Adds what was measured to the samples of a subject.
local function add_samples(samples, found)
  for key, value in pairs(found or {}) do
    samples[key] = samples[key] or {}
    table.insert(samples[key], value)
  end
end

local function medians(samples)
  local result = {}
  for key, list in pairs(samples) do result[key] = median(list) end
  return result
end

--- Runs `workload` once for each allocator; which one begins changes from
-- round to round.
local function turn(workload, round, samples)
  local n = #cases.subjects
  for i = 1, n do
    local subject = cases.subjects[(round + i) % n + 1]
    local path = program(subject)
    if path then
      local of = samples[workload.key]
      of[subject] = of[subject] or {}
      add_samples(of[subject], values(path .. " " .. workload.key))
    end
  end
end

local function measure_workloads(options, list)
  local samples, result = {}, {}
  for round = 1, #list > 0 and options.rounds or 0 do
    note("round ", round, " of ", options.rounds)
    for _, workload in ipairs(list) do
      if round <= (workload.rounds or options.rounds) then
        samples[workload.key] = samples[workload.key] or {}
        turn(workload, round, samples)
      end
    end
  end
  for key, subjects in pairs(samples) do
    result[key] = {}
    for subject, found in pairs(subjects) do
      result[key][subject] = medians(found)
    end
  end
  return result
end

local function workloads(options)
  local list = {}
  for _, group in ipairs { "time", "look", "memory", "pause" } do
    for _, workload in ipairs(cases[group]) do
      if chosen(options, workload.key) then list[#list + 1] = workload end
    end
  end
  return list
end

--- Runs each of `commands`, by key, once in every round; a median for each key
-- and what it printed.
local function measure_turns(options, commands)
  local samples, result = {}, {}
  for round = 1, options.rounds do
    for i = 1, #commands do
      local command = commands[(round + i) % #commands + 1]
      samples[command.key] = samples[command.key] or {}
      add_samples(samples[command.key], values(command.line))
    end
  end
  for key, found in pairs(samples) do result[key] = medians(found) end
  return result
end

--- Once is enough: the calls are the same each time.
local function measure_space(options)
  local result, smallest = {}, cases.space_live[1]
  for _, case in ipairs(cases.space) do
    for _, live in ipairs(cases.space_live) do
      for _, subject in ipairs(cases.space_subjects) do
        local path = program(subject)
        -- a smoke run checks our bound, and only tries the others
        if path and (not options.smoke or subject == "mems"
            or live == smallest) then
          local key = case.key .. " " .. live
          result[key] = result[key] or {}
          result[key][subject] = values(path .. " " .. key)
        end
      end
    end
  end
  return result
end

local function commands_of(list, program_of)
  local commands = {}
  for _, case in ipairs(list) do
    commands[#commands + 1] = { key = case.key, line = program_of(case) }
  end
  return commands
end

local function measure_translated(options)
  local commands = {}
  for _, subject in ipairs { "glibc", "translated" } do
    for _, case in ipairs(cases.translated) do
      commands[#commands + 1] = { key = case.key .. " " .. subject,
        line = program(subject) .. " " .. case.key }
    end
  end
  return measure_turns(options, commands)
end

local function measure_programs(options, lua)
  local commands = {}
  for _, case in ipairs(cases.programs) do
    local line = lua .. " bench/programs.lua " .. case.key
    commands[#commands + 1] = { key = case.key .. " glibc", line = line }
    commands[#commands + 1] = { key = case.key .. " translated",
      line = "LD_PRELOAD=build/bench/libshim.so " .. line }
  end
  return measure_turns(options, commands)
end

--- The parts that are no workloads of alloc.c with all allocators.
local function measure_parts(options, result, pinned)
  local lua = pinned .. (arg[-1] or "lua5.4")
  local parts = {
    space = measure_space,
    translated = measure_translated,
    programs = function() return measure_programs(options, lua) end,
    options = function()
      return measure_turns(options, commands_of(cases.options,
        function(case) return "build/bench/options " .. case.key end))
    end,
    edge = function()
      return measure_turns({ rounds = 1 },
        { { key = "edge", line = "build/bench/options edge" } })
    end,
    bounds = function()
      return measure_turns({ rounds = 1 }, commands_of(cases.bounds,
        function(case) return "build/bench/bounds " .. case.key end))
    end,
  }
  for _, name in ipairs { "space", "translated", "programs", "options",
    "edge", "bounds" } do
    if chosen(options, name) then
      note(name)
      result[name] = parts[name](options)
    end
  end
end

--- Instructions per operation, by callgrind.
local function measure_counts(options)
  local result = {}
  for i = 1, options.smoke and 1 or #cases.count do
    local workload = cases.count[i]
    if chosen(options, workload.key) and has "valgrind" then
      note("callgrind: ", workload.key)
      local text = output(CALLGRIND .. "build/bench/alloc-mems "
        .. workload.key .. " 2>&1") or ""
      local collected = text:match "Collected : (%d+)"
      local ops = text:match "ops ([%d.]+)"
      if collected and ops then
        result[workload.key] = collected / ops
      else
        note("failed: callgrind ", workload.key)
      end
    end
  end
  return result
end

local function measure_lua(options, result, pin)
  local lua = pin .. (arg[-1] or "lua5.4")
  if chosen(options, "lua") then
    note "lua"
    result.lua = values(lua .. " bench/lua.lua")
  end
  if chosen(options, "objects") then
    note "objects"
    result.objects = values(lua .. " bench/objects.lua")
  end
  if chosen(options, "ffi") and has "luajit" then
    note "luajit"
    result.ffi = {
      joff = values(pin .. "luajit -joff bench/ffi.lua"),
      jit = values(pin .. "luajit bench/ffi.lua"),
    }
  end
  if chosen(options, "flat") then
    note "flat"
    result.flat = values(lua .. " bench/live.lua")
  end
end

local function machine()
  local file = io.open "/proc/cpuinfo"
  local text = file and file:read "a" or ""
  if file then file:close() end
  local model = text:match "model name%s*:%s*([^\n]+)" or "unknown machine"
  local system = output "uname -sr" or ""
  return model .. ", " .. system:gsub("%s+$", "")
end

local function measure(options)
  if options.smoke then environment = "BENCH_SMOKE=1 " end
  assert(os.execute "sh bench/build.sh", "cannot compile the workloads")
  local result = {
    machine = machine(), date = os.date "%Y-%m-%d", rounds = options.rounds,
    smoke = options.smoke or false,
    c = measure_workloads(options, workloads(options)),
    count = measure_counts(options),
  }
  local pin = has "taskset" and "taskset -c " .. last_core() .. " " or ""
  measure_parts(options, result, pin)
  measure_lua(options, result, pin)
  return result
end

local options = parse(arg)
local result
if options.last then
  result = assert(json.load(RESULT), RESULT .. " is not there")
else
  result = measure(options)
  if not options.pattern then
    json.save(options.smoke and SMOKE or RESULT, result)
  end
end
report.print(result)
if options.docs and not options.pattern and not options.smoke then
  report.write_docs(result)
end
if report.space_missed(result) then
  note "mems maps more than its bound"
  os.exit(1)
end

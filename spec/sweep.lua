-- The sweep as a program: lua5.4 spec/sweep.lua PLAN [FLAVOR [FIRST]] on what
-- is built. Each line names a call before it is made, so that the last one
-- names what crashed. Without a flavor it starts a process for each, and
-- another one behind each crash, and shows only what failed.

local sweep = require "spec.support.sweep"
local actions = require "spec.support.actions"

-- The actions that tell most.
local CHOICE <const> = { "again", "finish", "free", "free_owned", "grow",
  "release", "reopen", "root", "shrink" }
local ALL <const> = math.maxinteger

local REFUSALS <const> = { actions = { "finish", "free" }, most = ALL }
local WHOLE <const> = { actions = actions.names, most = ALL,
  refusals = REFUSALS }
local CHOSEN <const> = { actions = CHOICE, most = ALL, refusals = REFUSALS }
local FEW <const> = { actions = CHOICE, most = 1 }
local LEAST <const> = { actions = { "finish", "release" }, most = 1,
  untyped = true, -- one type of value stands for all
  step = 6 }      -- and one verb for its neighbours

-- For each flavor what is done on it, in the order that they are begun.
local PLANS <const> = {
  least = { { "default", LEAST } },
  few = { { "default", FEW }, { "opened", FEW } },
  every = { { "default", WHOLE }, { "opened", FEW },
            { "watched", CHOSEN }, { "guarded", CHOSEN }, { "large", FEW } },
}

local AT_ONCE <const> = 2 -- processes

-- In this process: the verbs from number `first` on.
local function run(plan, flavor, first)
  io.stdout:setvbuf("no")
  local report = sweep.report(io.stdout)
  for i, verb in ipairs(sweep.verbs(flavor)) do
    if i >= first and i % (plan.step or 1) == 0 and
      not (plan.untyped and verb.typed) then
      print("verb " .. i)
      sweep.verb(report, plan, flavor, verb)
    end
  end
  print(("%d ways to call, %d events, at most %d in a call, %d calls")
    :format(report.ways, report.events, report.most, report.calls))
  os.exit(report.failures == 0, true)
end

-- Starts a process; its log ends with the status.
local function start(plan_name, flavor, first)
  local log = os.tmpname()
  local pipe = io.popen(("%s %s %s %s %d >%s 2>&1; echo $?"):format(arg[-1],
    arg[0], plan_name, flavor, first, log))
  return { pipe = pipe, log = log, flavor = flavor }
end

-- Waits for a process, shows what failed. True if nothing did; the number of
-- the verb to go on with if it crashed.
local function finish(process)
  local status = tonumber(process.pipe:read("a"):match("%d+"))
  process.pipe:close()
  local call, last, verb
  for line in io.lines(process.log) do
    local complaint = line:find("^FAILED") or line:find("^SUMMARY") or
      line:find("runtime error")
    if complaint then print(line) end
    verb = tonumber(line:match("^verb (%d+)$")) or verb
    if line:find(" at %l+ %d+ of place") then call = line end
    last = line
  end
  os.remove(process.log)
  if status == 0 or last:find("ways to call") then
    print(process.flavor .. ": " .. last)
    return status == 0
  end
  print(("CRASHED (%d): %s\n  %s"):format(status, call, last))
  return false, (verb or math.maxinteger - 1) + 1
end

-- Each flavor in a process, and another one behind each crash.
local function run_all(plan_name)
  local running, waiting, good = {}, {}, true
  for i, part in ipairs(PLANS[plan_name]) do waiting[i] = { part[1], 1 } end
  while #waiting + #running > 0 do
    while #waiting > 0 and #running < AT_ONCE do
      running[#running + 1] = start(plan_name,
        table.unpack(table.remove(waiting, 1)))
    end
    local process = table.remove(running, 1)
    local ok, go_on = finish(process)
    good = good and ok
    if go_on and go_on < math.maxinteger then
      table.insert(waiting, 1, { process.flavor, go_on })
    end
  end
  os.exit(good)
end

local plan_name, flavor, first = ...
local plan = PLANS[plan_name]
if not plan then error "usage: sweep.lua least|few|every [FLAVOR [FIRST]]" end
for _, part in ipairs(plan) do
  if part[1] == flavor then run(part[2], flavor, tonumber(first) or 1) end
end
run_all(plan_name)

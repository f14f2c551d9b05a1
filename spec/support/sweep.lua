-- Every verb, while a script's code runs in the middle of it: at each of its
-- collections a finalizer, at each address that is a userdata `__address`, at
-- each access of a table `__index`, at each call of a function the function
-- itself. That code does each of the actions in turn. Afterwards nobody's bytes
-- but the caller's have changed, no result has them, and nothing is lost.

local actions = require "spec.support.actions"
local verbs = require "spec.support.verbs"
local world = require "spec.support.world"

local sweep = {}

-- With these settings Lua collects at nearly every allocation.
local function collect_often()
  collectgarbage("incremental", 1, 1000, 100)
  collectgarbage() -- from here on they hold
end

local function collect_seldom()
  collectgarbage("incremental", 200, 100, 13)
end

-- Triggers: each takes the arguments of a call, the place of one of them, and
-- a function to be called at each event; that gives true when it wants no
-- more. Gives a function that ends it, or nothing if there will be no event,
-- and one that begins it and does not allocate more than it has to.
local triggers = {}

function triggers.collection(_, place, event)
  if place > 0 then return end
  local live, meta = true, {}
  function meta.__gc()
    if live and not event() then setmetatable({}, meta) end
  end
  return function() live = false end, function() setmetatable({}, meta) end
end

function triggers.address(arguments, place, event)
  local original = arguments[place]
  if type(original) ~= "userdata" or io.type(original) then return end
  local metatable = getmetatable(io.stdout)
  function metatable.__address() event() return original end
  arguments[place] = io.stdout
  return function() metatable.__address = nil end
end

function triggers.table(arguments, place, event)
  local original = arguments[place]
  if type(original) ~= "table" or getmetatable(original) then return end
  arguments[place] = setmetatable({}, {
    __index = function(_, key) event() return original[key] end,
    __len = function() event() return #original end,
    __pairs = function() event() return pairs(original) end,
  })
  return function() end
end

triggers["function"] = function(arguments, place, event)
  local original = arguments[place]
  if type(original) ~= "function" then return end
  arguments[place] = function(...) event() return original(...) end
  return function() end
end

local KINDS <const> = { "collection", "address", "table", "function" }

-- What a call may be given that is wrong: an argument for another; or no
-- memory behind its first one.
local WRONG <const> = {
  ["a table"] = function() return {} end,
  ["-1"] = function() return -1 end,
  ["freed"] = function(w) return w.freed end,
  ["inside"] = function(w) return w.on.add(w.block, 3) end,
  ["long"] = function(w) return w.long end,
}
local WRONG_NAMES <const> = { "-1", "a table", "freed", "inside", "long" }

local function release_first(arguments)
  pcall(function(object) object:release() end, arguments[1])
end

-- Verbs that may end what they are given.
local ENDS <const> = { release = true, disown = true, free = true, own = true,
  close = true, finish = true, resize = true, realloc = true, init = true,
  reset = true, __gc = true, __close = true }

-- Those that may close the heap, in kinds that are heaps.
local CLOSES <const> = { finish = true, close = true, __close = true,
  __gc = true }

-- The world of a call and its arguments.
local function prepare(call)
  local w, verb = world.new(call.flavor), call.verb
  local arguments = table.pack(call.recipe(w))
  if call.spoil then call.spoil(w, arguments) end
  if verb.kind == "heap" then
    table.insert(arguments, 1, w.heap)
    arguments.n = arguments.n + 1
  end
  if verb.name == "init" and not w.heap then w:close() end
  return w, arguments
end

-- What is wrong after a call, or nil. Ends its world.
local function judge(call, action, w, arguments, results)
  local keeps = actions.keeps[action] and not ENDS[call.verb.name] and
    not call.spoil
  if CLOSES[call.verb.name] and not pcall(w.on.stats) then w:close() end
  if call.verb.name == "reset" and results[1] then w:emptied() end
  local wrong = w:wrong(results, keeps)
  for i = 1, arguments.n do arguments[i] = nil end
  return w:lost(results) or wrong
end

-- Calls, and nothing else between `start` and `disarm`.
local function call_between(start, disarm, f, arguments)
  local function done(...)
    disarm()
    collect_seldom()
    return table.pack(...)
  end
  collect_often()
  if start then start() end
  return done(pcall(f, table.unpack(arguments, 1, arguments.n)))
end

--- One call, with the action at the n-th event of a trigger.
-- @return how many events there were; nil if the trigger has none here
local function attempt(report, call, action, kind, place, n)
  local w, arguments = prepare(call)
  local seen, f = 0, call.verb.f
  local disarm, start = triggers[kind](arguments, place, function()
    seen = seen + 1
    if seen == n then actions.run[action](w) end
    return seen >= n
  end)
  if not disarm then
    w:lost {}
    return
  end
  local name = ("%s, %s at %s %d of place %d"):format(call.name, action, kind,
    n, place)
  report.out:write(name, "\n")
  function w.again() return f(table.unpack(arguments, 1, arguments.n)) end
  local results = call_between(start, disarm, f, arguments)
  report.calls = report.calls + 1
  local wrong = judge(call, action, w, arguments, results)
  if wrong then
    report.failures = report.failures + 1
    report.out:write("FAILED ", name, ": ", wrong, "\n")
  end
  return seen
end

-- An action at each event, or at the first `most` and the last.
local function sweep_events(report, plan, call, action, kind, place, count)
  local n = 0
  repeat
    n = n + 1
    if n > plan.most then n = math.max(n, count) end
    local seen = attempt(report, call, action, kind, place, n)
  until seen < n or n > plan.most
end

local function sweep_trigger(report, plan, call, kind, place)
  local count = attempt(report, call, "nothing", kind, place, math.maxinteger)
  if not count or count == 0 then return end
  report.events = report.events + count
  report.most = math.max(report.most, count)
  for _, action in ipairs(plan.actions) do
    sweep_events(report, plan, call, action, kind, place, count)
  end
end

-- One way to call a verb.
local function sweep_call(report, plan, call)
  report.ways = report.ways + 1
  for _, kind in ipairs(KINDS) do
    for place = 0, call.spoil and 0 or 5 do
      sweep_trigger(report, plan, call, kind, place)
    end
  end
end

-- Calls that are refused, each with another argument that is wrong.
local function sweep_refusals(report, plan, call)
  local name, method = call.name, call.verb.kind ~= "mems" and
    call.verb.kind ~= "heap"
  local w, arguments = prepare(call)
  local count = arguments.n - (call.verb.kind == "heap" and 1 or 0)
  arguments = nil -- luacheck: ignore
  w:lost {}
  if method then
    function call.spoil(_, list) release_first(list) end
    call.name = name .. " (dead)"
    sweep_call(report, plan, call)
  end
  for place = method and 2 or 1, count do
    for _, wrong in ipairs(WRONG_NAMES) do
      function call.spoil(world_, list) list[place] = WRONG[wrong](world_) end
      call.name = ("%s (%d is %s)"):format(name, place, wrong)
      sweep_call(report, plan, call)
    end
  end
end

--- Sweeps one verb.
-- @param report what counts: calls, ways, events, most, failures; and `out`, a
-- file that is told of each call before it is made
-- @param plan actions, their names; most, how many events are tried from the
-- first on, before the last; refusals, the plan
-- for calls that are refused, if they are made
function sweep.verb(report, plan, flavor, verb)
  for i, recipe in ipairs(verb.recipes) do
    local call = { verb = verb, flavor = world.FLAVORS[flavor],
      recipe = recipe,
      name = ("%s.%s/%d on %s"):format(verb.kind, verb.name, i, flavor) }
    sweep_call(report, plan, call)
    if plan.refusals and i == 1 and not verb.typed then
      sweep_refusals(report, plan.refusals, call)
    end
  end
end

-- Verbs that call a script's function or make several calls of their own: what
-- these did before memory ran out is done.
local PIECEWISE <const> = { ["array.map"] = true, ["mems.scope"] = true,
  ["heap.scope"] = true }

-- One call whose n-th allocation fails, and `more` after it. Gives how many it
-- made.
local function starve(report, call, fail, n, more)
  local w, arguments = prepare(call)
  local before = not w.closed and w:snapshot()
  local name = ("%s, allocation %d fails"):format(call.name, n)
  report.out:write(name, "\n")
  local function done(...)
    return fail(0), table.pack(...)
  end
  collectgarbage()
  fail(n, more)
  local made, results = done(pcall(call.verb.f,
    table.unpack(arguments, 1, arguments.n)))
  report.calls = report.calls + 1
  local starved = not results[1] and
    tostring(results[2]):find("not enough memory", 1, true)
  local wrong
  if starved then
    report.events = report.events + 1
    if before and not PIECEWISE[call.verb.kind .. "." .. call.verb.name] and
        (not pcall(w.on.stats) or w:snapshot() ~= before) then
      wrong = "what had no memory is half done"
    end
  end
  wrong = judge(call, "nothing", w, arguments, results) or wrong
  if wrong then
    report.failures = report.failures + 1
    report.out:write("FAILED ", name, ": ", wrong, "\n")
  end
  return made
end

--- Calls a verb with each of Lua's allocations failing.
-- @param fail a function (n, more): the n-th allocation from now on fails, and
-- `more` after it; gives how many were made since its last call
function sweep.starve(report, flavor, verb, fail, more)
  for i, recipe in ipairs(verb.recipes) do
    local n, call = 0, { verb = verb, flavor = world.FLAVORS[flavor],
      recipe = recipe,
      name = ("%s.%s/%d on %s"):format(verb.kind, verb.name, i, flavor) }
    report.ways = report.ways + 1
    repeat n = n + 1 until starve(report, call, fail, n, more) < n
    report.most = math.max(report.most, n - 1)
  end
end

--- Verbs that can be called in a world of a flavor.
function sweep.verbs(flavor)
  local list, opened = {}, world.FLAVORS[flavor].opened
  for _, verb in ipairs(verbs.all()) do
    if verb.kind == "heap" and opened or verb.kind ~= "heap" and
        not (verb.kind == "mems" and opened) then
      list[#list + 1] = verb
    end
  end
  return list
end

function sweep.report(out)
  return { calls = 0, ways = 0, events = 0, most = 0, failures = 0, out = out }
end

return sweep

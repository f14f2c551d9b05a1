-- Counts the words of many files with four processes that share one heap, and
-- a fifth that shows how far they are:
--
--   lua5.4 examples/workers.lua FILE...
--
-- Each word is an atomic counter in a table that all have: a slot is claimed by
-- one compare-and-swap. A worker takes a file by its lock, counts it for itself
-- and then adds what it has. Any of them may be killed at any time: what it had
-- locked is told to the next one ("owner died"), who finishes the one addition
-- that may be half done, and counts that file from there on. So no word is lost
-- and none counted twice.

local mems = require "mems"

local SLOTS <const>, WORKERS <const> = 1 << 15, 4
-- Cells of the root "state": a lock for additions, a bell for those who wait,
-- and a note of the addition that is under way: which counter, 0 if there is
-- none, what it is to be, and the word of which file; whether all is over.
-- Behind them two for each file: its lock, and how many of its words are added.
local BELL <const>, COUNTER <const>, SUM <const> = 8, 16, 24
local FILE <const>, WORD <const>, OVER <const> = 32, 40, 48
local FILES <const> = 56
local ALL <const> = math.maxinteger

-- The offset of the counter of a word, which is claimed if there is none: a
-- slot of the table is the address of a word and its counter.
local function counter_of(heap, words, word)
  local hash = 5381
  for i = 1, #word do hash = hash * 33 + word:byte(i) end
  for i = hash, hash + SLOTS do
    local at = i % SLOTS * 16
    local held = heap:load(words, "i64", at)
    if held == 0 then
      local p = assert(heap:malloc(#word + 1))
      heap:writestring(p, word .. "\0")
      held = mems.tointeger(p)
      local won, other = heap:cas(words, "i64", 0, held, at)
      if not won then
        heap:free(p)
        held = other
      end
    end
    if heap:cstring(held) == word then return at + 8 end
  end
  error "too many words"
end

local function count(path)
  local counts, order = {}, {}
  for line in io.lines(path) do
    for word in line:lower():gmatch "%a+" do
      if not counts[word] then order[#order + 1] = word end
      counts[word] = (counts[word] or 0) + 1
    end
  end
  return counts, order
end

-- Does the addition that is noted, which may be done again.
local function finish(heap, words, state)
  local counter = heap:load(state, "i64", COUNTER)
  if counter == 0 then return end
  heap:store(words, "i64", heap:load(state, "i64", SUM), counter)
  heap:store(state, "i64", heap:load(state, "i64", WORD),
             heap:load(state, "i64", FILE) + 8)
  heap:store(state, "i64", 0, COUNTER)
end

local function ring(heap, state)
  heap:fetch_add(state, "u32", 1, BELL)
  heap:notify(heap:add(state, BELL))
end

-- Adds the words of a file from where it was left.
local function add(heap, words, state, file, counts, order)
  while true do
    local _ <close> = heap:locked(state)
    finish(heap, words, state) -- what a dead one has left
    local k = heap:load(state, "i64", file + 8) + 1
    if k > #order then break end
    local counter = counter_of(heap, words, order[k])
    heap:store(state, "i64", heap:load(words, "i64", counter) +
                             counts[order[k]], SUM)
    heap:store(state, "i64", file, FILE)
    heap:store(state, "i64", k, WORD)
    heap:store(state, "i64", counter, COUNTER)
    finish(heap, words, state)
  end
  heap:store(state, "i64", ALL, file + 8)
  ring(heap, state)
end

-- How many files are done.
local function count_done(heap, state, paths)
  local done = 0
  for i = 1, #paths do
    local added = heap:load(state, "i64", FILES + 16 * i + 8)
    if added == ALL then done = done + 1 end
  end
  return done
end

-- Takes files until all are done.
local function work(heap, paths)
  local state, words = heap:root "state", heap:root "words"
  repeat
    local bell = heap:load(state, "u32", BELL)
    for i, path in ipairs(paths) do
      local file = FILES + 16 * i
      if heap:load(state, "i64", file + 8) ~= ALL then
        local guard <close> = heap:locked(heap:add(state, file), 0)
        if guard and heap:load(state, "i64", file + 8) ~= ALL then
          add(heap, words, state, file, count(path))
        end
      end
    end
    local done = count_done(heap, state, paths)
    if done < #paths then heap:wait(heap:add(state, BELL), bell, 0.1) end
  until done == #paths
end

-- Starts a process that has the file of the heap, too.
local function start(heap, role, paths)
  local first = 0
  while arg[first - 1] do first = first - 1 end
  local command = { arg[first], arg[0], role, heap:fd() }
  table.move(paths, 1, #paths, #command + 1, command)
  for i, word in ipairs(command) do
    command[i] = "'" .. tostring(word):gsub("'", [['\'']]) .. "'"
  end
  return assert(io.popen(table.concat(command, " ")))
end

-- Shows a line of progress, which the next one covers, until it is over.
local function watch(heap, paths)
  local state = heap:root "state"
  local me = io.open("/proc/self/stat"):read "n"
  repeat
    local bell = heap:load(state, "u32", BELL)
    local over = heap:load(state, "u32", OVER) == 1
    local done, pids = count_done(heap, state, paths), {}
    for slot, pid, alive in heap:processes() do -- slot 0 is who started all
      if slot > 0 and alive and pid ~= me then pids[#pids + 1] = pid end
    end
    io.stderr:write(("\r%d of %d files, workers: %-30s"):format(
      done, #paths, table.concat(pids, " ")))
    if not over then heap:wait(heap:add(state, BELL), bell, 0.05) end
  until over
  io.stderr:write "\n"
end

local function report(heap)
  local words, all, total = heap:root "words", {}, 0
  for i = 0, SLOTS - 1 do
    local word = heap:load(words, "i64", 16 * i)
    if word ~= 0 then
      local n = heap:load(words, "i64", 16 * i + 8)
      all[#all + 1] = { heap:cstring(word), n }
      total = total + n
    end
  end
  table.sort(all, function(a, b)
    return a[2] > b[2] or a[2] == b[2] and a[1] < b[1]
  end)
  print(("%d words, %d of them different"):format(total, #all))
  for i = 1, math.min(#all, 10) do
    print(("%7d  %s"):format(all[i][2], all[i][1]))
  end
end

local ROLES <const> = { ["--worker"] = work, ["--watch"] = watch }

if ROLES[arg[1]] then
  local heap <close> = assert(mems.open { fd = tonumber(arg[2]) })
  ROLES[arg[1]](heap, table.move(arg, 3, #arg, 1, {}))
elseif #arg == 0 then
  io.stderr:write "usage: workers.lua FILE...\n"
  os.exit(1)
else
  local paths = table.move(arg, 1, #arg, 1, {})
  for _, path in ipairs(paths) do
    local file <close> = assert(io.open(path))
    local _, why = file:read(0)
    assert(not why, why and path .. ": " .. why)
  end
  local heap <close> = assert(mems.open { memfd = true, limit = 1 << 28 })
  local state = assert(heap:calloc(FILES + 16 * (#paths + 1), 1))
  heap:setroot("state", state)
  heap:setroot("words", heap:calloc(SLOTS, 16))
  local watcher, workers = start(heap, "--watch", paths), {}
  for i = 1, WORKERS do workers[i] = start(heap, "--worker", paths) end
  for _, worker in ipairs(workers) do worker:close() end -- however it ends
  local ok, problem = pcall(work, heap, paths) -- what the dead ones left
  heap:store(state, "u32", 1, OVER)
  ring(heap, state)
  watcher:close()
  assert(ok, problem)
  report(heap)
end

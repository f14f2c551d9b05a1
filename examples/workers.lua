-- Counts the words of many files with four processes that share one heap:
--
--   lua5.4 examples/workers.lua FILE...
--
-- A table of words lies in shared memory: an open hash table, whose slots hold
-- the address of a word and how often it was there. A slot is claimed by one
-- compare-and-swap, a word counted by one atomic addition; no lock is needed.
-- Files are dealt out by an atomic number. A worker counts a file for itself
-- and then adds what it has, so one that is killed before has counted nothing
-- of it: its file is done again by another. Which part of a file was added is
-- noted beside the file, so that not even a kill in the middle of that counts
-- a word twice.

local mems = require "mems"

local SLOTS <const>, WORKERS <const> = 1 << 16, 4
local NEW <const>, DONE <const> = 0, 1

-- What is found by roots: for each file its state and the slot that was added
-- last; for each slot the address of a word and its count.
local function open(name)
  local heap = assert(mems.open { shm = name, limit = 1 << 28 })
  return heap, heap:root("files"), heap:root("table")
end

-- The offset of the slot of a word, which is made if it is missing.
local function slot_of(heap, slots, word)
  local hash = 5381
  for i = 1, #word do hash = (hash * 33 + word:byte(i)) & 0xffffffff end
  while true do
    local at = hash % SLOTS * 16
    local held = heap:load(slots, "i64", at)
    if held == 0 then
      local p = assert(heap:malloc(#word + 1))
      heap:writestring(p, word .. "\0")
      held = mems.tointeger(p)
      local won, other = heap:cas(slots, "i64", 0, held, at)
      if not won then
        heap:free(p)
        held = other
      end
    end
    if heap:cstring(held) == word then return at end
    hash = hash + 1
  end
end

local function count(path)
  local counts = {}
  for line in io.lines(path) do
    for word in line:gmatch "%a+" do
      word = word:lower()
      counts[word] = (counts[word] or 0) + 1
    end
  end
  return counts
end

-- Adds the counts of file `i`, if no one who died has. The lock of a file is
-- for one worker at a time; who gets it from a dead one goes on where that
-- stopped, since all go through the words in the same order. A word is added
-- and noted in two steps, with the sum that it has to be noted first.
local function add(heap, files, slots, i, counts)
  local lock, base = heap:add(files, 64 * i), 64 * i
  local guard <close>, died = heap:locked(lock)
  if heap:load(files, "i64", base + 8) == DONE then return end
  local words = {}
  for word in pairs(counts) do words[#words + 1] = word end
  table.sort(words)
  local first = died and heap:load(files, "i64", base + 16) or 0
  for k = first + 1, #words do
    local at = slot_of(heap, slots, words[k])
    heap:fetch_add(slots, "i64", counts[words[k]], at + 8)
    heap:store(files, "i64", k, base + 16)
  end
  heap:store(files, "i64", DONE, base + 8)
end

return { open = open, slot_of = slot_of, count = count, add = add,
         SLOTS = SLOTS, WORKERS = WORKERS, NEW = NEW }

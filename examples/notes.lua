-- notes.lua FILE COMMAND ... - a small database of notes, in a heap that lives
-- in a file.
--
--   notes.lua FILE add KEY TEXT    a new note, or another text for an old one
--   notes.lua FILE get KEY         its text
--   notes.lua FILE find TEXT       the notes that have this in key or text
--   notes.lua FILE list            all of them, by key
--   notes.lua FILE delete KEY
--   notes.lua FILE check           how many there are, if all is in order
--   notes.lua FILE run             such commands from stdin, one a line
--
-- A note is one block: a link, and behind it key and text. The index is an
-- array of chains of notes. Links are addresses, and stand so in the file:
-- nothing is read in when it is opened, nothing written out when it is closed.
--
-- The program may be killed at any moment. Each change becomes valid by one
-- store, of a link; and two roots name what is on its way:
--
--   "new"   a note that is written, but in no chain yet
--   "old"   one that is taken out of its chain
--
-- When the file is opened again, what these name and no chain leads to is
-- freed. So no note is lost, and no block is left that nothing leads to.

local mems = require "mems"

local CHAINS <const> = 1024

local heap, Note, index -- once a file is open

local function fail(...)
  io.stderr:write("notes.lua: ", table.concat { ... }, "\n")
  os.exit(1, true)
end

local function usage()
  fail("usage: notes.lua FILE add KEY TEXT | get KEY | find TEXT | list | ",
       "delete KEY | check | run")
end

-- A block that was asked for, or the end of the program.
local function made(addr, why)
  if not addr then fail(why) end
  return addr
end

-- Key and text of the note at `addr`.
local function read(addr)
  local note = Note:at(addr)
  return heap:readstring(addr, note.keylen, Note.size),
         heap:readstring(addr, note.textlen, Note.size + note.keylen)
end

-- Loops over the addresses of all notes.
local function notes()
  return coroutine.wrap(function()
    for i = 1, #index do
      local addr = index[i]
      while addr do
        coroutine.yield(addr)
        addr = heap:peek(addr, "ptr")
      end
    end
  end)
end

-- Where the link to the note of a key is, and its address; or where the link
-- belongs, and nil.
local function find(key)
  local hash = 0
  for i = 1, #key do hash = (hash * 31 + key:byte(i)) & 0xffffffff end
  local link = heap:add(index:address(), hash % CHAINS * 8)
  local addr = heap:peek(link, "ptr")
  while addr and read(addr) ~= key do
    link, addr = addr, heap:peek(addr, "ptr") -- a note begins with its link
  end
  return link, addr
end

-- Does the index lead to the block that the root names? Else it is freed.
local function settle(root)
  local addr = heap:root(root)
  local kept = addr and index and addr == index:address()
  for note in addr and index and notes() or function() end do
    kept = kept or note == addr
  end
  if addr and not kept then heap:free_from(root) end
  heap:setroot(root, nil)
end

local function open(path)
  local why
  heap, why = mems.open { path = path }
  if not heap then fail(why) end
  Note = heap:struct {
    { "next", "ptr" }, -- of its chain
    { "stored", "i64" }, -- seconds, as os.time has them
    { "keylen", "u32" }, { "textlen", "u32" }, -- key and text lie behind
  }
  index = heap:root("index", "ptr")
  settle "new"
  settle "old"
  if index then return end
  local addr = made(heap:malloc_to("new", CHAINS * 8))
  heap:fill(addr, 0, CHAINS * 8)
  heap:setroot("index", addr)
  heap:setroot("new", nil)
  index = heap:root("index", "ptr")
end

local commands = {}

function commands.add(key, text)
  local link, old = find(key)
  local addr = made(heap:malloc_to("new", Note.size + #key + #text))
  local note = Note:at(addr)
  note.next = old and heap:peek(old, "ptr")
  note.stored, note.keylen, note.textlen = os.time(), #key, #text
  heap:writestring(addr, key .. text, Note.size)
  if old then heap:setroot("old", old) end
  heap:poke(link, "ptr", addr) -- from here on it is there, and the old one not
  heap:setroot("new", nil)
  if old then heap:free_from "old" end
end

function commands.delete(key)
  local link, addr = find(key)
  if not addr then return fail("there is no note ", key) end
  heap:setroot("old", addr)
  heap:poke(link, "ptr", heap:peek(addr, "ptr")) -- from here on it is gone
  heap:free_from "old"
end

function commands.get(key)
  local _, addr = find(key)
  if not addr then return fail("there is no note ", key) end
  print((select(2, read(addr))))
end

-- Prints the notes that have a text in them, by key.
function commands.find(what)
  local lines = {}
  for addr in notes() do
    local key, text = read(addr)
    if key:find(what, 1, true) or text:find(what, 1, true) then
      local day = os.date("!%Y-%m-%d", Note:at(addr).stored)
      lines[#lines + 1] = ("%-16s %s  %s"):format(key, day, text)
    end
  end
  table.sort(lines)
  for _, line in ipairs(lines) do print(line) end
end

function commands.list() commands.find "" end

function commands.check()
  local count = 0
  for _ in notes() do count = count + 1 end
  heap:check()
  local blocks = heap:stats "processes"
  if blocks ~= count + 1 then
    fail(("%d blocks, but %d notes and an index"):format(blocks, count))
  end
  print(count .. " notes, all in order")
end

-- How many words follow each.
local WORDS <const> = { add = 2, delete = 1, get = 1, find = 1, list = 0,
                        check = 0, run = 0 }

local function check_words(command, ...)
  if not WORDS[command] or select("#", ...) ~= WORDS[command] then usage() end
end

local function obey(command, ...)
  check_words(command, ...)
  commands[command](...)
end

-- Tells of each when it is done.
function commands.run()
  io.stdout:setvbuf "line"
  for line in io.lines() do
    local words = {}
    local command, rest = line:match "^(%l+) ?(.*)$"
    for i = 1, WORDS[command] or 0 do
      words[i], rest = rest:match(i < WORDS[command] and "^(%S+) ?(.*)$" or
        "^(.*)$")
    end
    obey(command, table.unpack(words))
    print("done " .. line)
  end
end

check_words(table.unpack(arg, 2)) -- before a file is made
open(arg[1])
obey(table.unpack(arg, 2))
heap:close()

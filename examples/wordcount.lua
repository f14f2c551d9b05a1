-- wordcount.lua FILE [HOW_MANY] - the most frequent words of a text, counted
-- in a hash table that lies wholly in mems memory.
--
-- A linked structure is made in mems memory as it is in C: a record is a
-- block, a field is an offset in it, and a link is the address of another
-- block, stored in a field of type ptr. Here there are two records and an
-- array of links:
--
--   table    [buckets ptr][size u64][words u64]
--   buckets  [ptr] * size, each the head of a chain
--   entry    [next ptr][count u64][hash u32][length u32][the word's bytes]
--
--   table -> buckets: [0] [1] [2] [3] ... [size - 1]
--                          |       |
--                        entry   entry -> entry
--
-- Size is a power of two, and a word's chain is its hash modulo size. When
-- there are as many words as buckets, a new array of twice the size takes
-- the place of the old one and every entry is linked into its new chain. No
-- entry moves: an address stays good until the block is freed.
--
-- The last link of a chain is address 0, which no block has: peek makes nil
-- of it, poke makes it of nil, and memory from calloc is full of it.
--
-- A word is a run of letters, digits, apostrophes and bytes from 128 up (so
-- that the letters of UTF-8 are not torn apart); apostrophes at its ends are
-- left out, and A to Z are taken as a to z.

local mems = require "mems"

-- The verbs that are called most, as locals: one look-up less for each call.
local peek_ptr, poke_ptr = mems.peek_ptr, mems.poke_ptr
local peek_u64, poke_u64 = mems.peek_u64, mems.poke_u64
local peek_u32, poke_u32 = mems.peek_u32, mems.poke_u32
local byte = string.byte

local LINK <const> = 8 -- bytes of a ptr

-- Offsets of the fields of a table, and its size.
local BUCKETS <const>, SIZE <const>, WORDS <const> = 0, 8, 16
local TABLE_SIZE <const> = 24

-- Offsets of the fields of an entry. Its size is BYTES and the word's.
local NEXT <const>, COUNT <const>, HASH <const> = 0, 8, 16
local LENGTH <const>, BYTES <const> = 20, 24

local FIRST_SIZE <const> = 16
local READ_SIZE <const> = 64 * 1024

local function new_table()
  local words = assert(mems.malloc(TABLE_SIZE))
  poke_ptr(words, assert(mems.calloc(FIRST_SIZE, LINK)), BUCKETS)
  poke_u64(words, FIRST_SIZE, SIZE)
  poke_u64(words, 0, WORDS)
  return words
end

-- The address of the bucket for `hash`: where the chain's first link lies.
local function bucket_of(words, hash)
  local slot = hash & peek_u64(words, SIZE) - 1
  return mems.add(peek_ptr(words, BUCKETS), slot * LINK)
end

-- bucket -> a -> ...  becomes  bucket -> entry -> a -> ...
local function push(bucket, entry)
  poke_ptr(entry, peek_ptr(bucket), NEXT)
  poke_ptr(bucket, entry)
end

-- An iterator over all entries, in no order. The link is read before the
-- entry is handed out: the loop may push it elsewhere, or free it.
local function entries(buckets, size)
  return coroutine.wrap(function()
    for slot = 0, size - 1 do
      local entry = peek_ptr(buckets, slot * LINK)
      while entry do
        local next_entry = peek_ptr(entry, NEXT)
        coroutine.yield(entry)
        entry = next_entry
      end
    end
  end)
end

local function all_entries(words)
  return entries(peek_ptr(words, BUCKETS), peek_u64(words, SIZE))
end

-- Twice the buckets. The stored hashes save computing them again.
local function grow(words)
  local old, size = peek_ptr(words, BUCKETS), peek_u64(words, SIZE)
  poke_ptr(words, assert(mems.calloc(size * 2, LINK)), BUCKETS)
  poke_u64(words, size * 2, SIZE)
  for entry in entries(old, size) do
    push(bucket_of(words, peek_u32(entry, HASH)), entry)
  end
  mems.free(old)
end

-- FNV-1a, 32 bits.
local function hash_of(word)
  local hash = 2166136261
  for i = 1, #word do
    hash = (hash ~ byte(word, i)) * 16777619 & 0xffffffff
  end
  return hash
end

local function word_of(entry)
  return mems.readstring(entry, peek_u32(entry, LENGTH), BYTES)
end

-- The entry for `word`, or nil. Hash and length tell most words apart, so
-- that hardly ever the bytes of another word are read.
local function find(words, word, hash)
  local entry = peek_ptr(bucket_of(words, hash))
  while entry do
    if peek_u32(entry, HASH) == hash and peek_u32(entry, LENGTH) == #word
      and word_of(entry) == word then
      break
    end
    entry = peek_ptr(entry, NEXT)
  end
  return entry
end

local function insert(words, word, hash)
  local entry = assert(mems.malloc(BYTES + #word))
  poke_u64(entry, 1, COUNT)
  poke_u32(entry, hash, HASH)
  poke_u32(entry, #word, LENGTH)
  mems.writestring(entry, word, BYTES)

  local count, size = peek_u64(words, WORDS), peek_u64(words, SIZE)
  if count == size then grow(words) end
  push(bucket_of(words, hash), entry)
  poke_u64(words, count + 1, WORDS)
end

local function count(words, word)
  local hash = hash_of(word)
  local entry = find(words, word, hash)
  if entry then
    poke_u64(entry, peek_u64(entry, COUNT) + 1, COUNT)
  else
    insert(words, word, hash)
  end
end

-- Counts each word of a file. It is read in blocks that end with a line, so
-- that no word is cut in two. Returns how many there were, or nil and why
-- the file can't be read.
local function count_file(words, file)
  local total = 0
  while true do
    local block, rest = file:read(READ_SIZE, "L")
    if not block then return not rest and total or nil, rest end
    local text = (block .. (rest or "")):lower()
    for word in text:gmatch("[%w\128-\255][%w'\128-\255]*") do
      if byte(word, -1) == 39 then word = word:match("^(.-)'*$") end
      count(words, word)
      total = total + 1
    end
  end
end

-- More frequent first, and among equals in the order of the words.
local function ranks_before(a, b)
  if a.count ~= b.count then return a.count > b.count end
  return a.word < b.word
end

-- The `how_many` first by rank, as a list of { count =, word = }.
local function most_frequent(words, how_many)
  local best = {}
  for entry in all_entries(words) do
    local item = { count = peek_u64(entry, COUNT), word = word_of(entry) }
    local rank = #best + 1
    while rank > 1 and ranks_before(item, best[rank - 1]) do
      rank = rank - 1
    end
    if rank <= how_many then
      table.insert(best, rank, item)
      best[how_many + 1] = nil
    end
  end
  return best
end

local function free_table(words)
  for entry in all_entries(words) do mems.free(entry) end
  mems.free(peek_ptr(words, BUCKETS))
  mems.free(words)
end

-- The totals at the end of the classic statistics, without the chains: here
-- these are as long as the text has different words.
local function print_totals()
  local out <close> = assert(io.tmpfile())
  mems.print_stats(out)
  out:seek("set")
  local in_totals = false
  for line in out:lines() do
    in_totals = in_totals or line:find("^Pages used") ~= nil
    if in_totals then print(line) end
  end
end

local function fail(status, message)
  io.stderr:write(message, "\n")
  os.exit(status, true)
end

local function main(path, how_many)
  how_many = math.tointeger(tonumber(how_many or 20))
  if not path or not how_many or how_many < 1 then
    fail(2, "usage: lua5.4 wordcount.lua FILE [HOW_MANY]")
  end
  local file, message = io.open(path, "rb")
  if not file then fail(1, "wordcount: " .. message) end

  assert(mems.init())
  local words = new_table()
  local total, problem = count_file(words, file)
  file:close()
  if not total then fail(1, "wordcount: " .. path .. ": " .. problem) end

  print(string.format("%d words, %d different", total, peek_u64(words, WORDS)))
  for _, item in ipairs(most_frequent(words, how_many)) do
    print(string.format("%8d %s", item.count, item.word))
  end
  print_totals()

  free_table(words)
  print("After all is freed:")
  mems.print_stats()
  print(string.format("Still allocated: %d blocks, %d bytes", mems.finish()))
end

main(...)

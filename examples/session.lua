-- session.lua - the classic session in Lua.
--
-- A block is named by a virtual address: a light userdata that stands for a
-- number, 1000 and up. mems.peek and mems.poke take it as it is; mems.get
-- tells where in the machine's memory it lies. session.c does the same and
-- prints the same.

local mems = require "mems"

local BLOCKS <const>, SIZE <const> = 10, 1000

local function say(...)
  print(string.format(...))
end

-- Any address inside a block will do: 4 further on is 4 further on.
local function show_get(block)
  local inside = mems.add(block, 4)
  mems.poke(inside, "u8", ("x"):byte())
  say("get(%d) - get(%d) = %d", mems.tointeger(inside), mems.tointeger(block),
      mems.diff(mems.get(inside), mems.get(block)))
end

assert(mems.init())
local block = {}
for i = 1, BLOCKS do
  block[i] = assert(mems.malloc(SIZE))
  say("malloc(%d) = %d", SIZE, mems.tointeger(block[i]))
end
show_get(block[1])
mems.print_stats()

mems.free(block[4])
say("free(%d)", mems.tointeger(block[4]))
mems.print_stats()

-- The hole fits, so it is used again before the OS is asked for more.
block[4] = assert(mems.malloc(SIZE))
say("malloc(%d) = %d", SIZE, mems.tointeger(block[4]))
mems.print_stats()

mems.finish()

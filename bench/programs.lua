--- Programs that do little but allocate: run once with the allocator that Lua
-- has, and once with another in front of it (shim.c). Prints "KEY ms".
--
--     lua5.4 bench/programs.lua trees | strings | closures | coroutines

local PARTS <const> = os.getenv "BENCH_SMOKE" and 20 or 1

local function tree(depth)
  if depth == 0 then return {} end
  return { tree(depth - 1), tree(depth - 1) }
end

local function nodes(t)
  return t[1] and 1 + nodes(t[1]) + nodes(t[2]) or 1
end

local programs = {}

--- Trees that are dropped, beside one that stays.
function programs.trees()
  local stays, sum = tree(14), 0
  for _ = 1, 2000 // PARTS do sum = sum + nodes(tree(10)) end
  return sum + nodes(stays)
end

--- Strings of all lengths to 500, of which the last 20000 stay.
function programs.strings()
  local last, sum = {}, 0
  for i = 1, 250000 // PARTS do
    last[i % 20000] = ("x"):rep(i * 7 % 500) .. i
    sum = sum + #last[i % 20000]
  end
  return sum
end

--- Closures over variables of their own, of which the last 50000 stay.
function programs.closures()
  local last, sum = {}, 0
  local function counter(from)
    local n, by = from, 1
    return function()
      n = n + by
      return n
    end
  end
  for i = 1, 1000000 // PARTS do
    last[i * 7 % 50000] = counter(i)
    sum = sum + (last[i % 50000] or counter(0))()
  end
  return sum
end

--- Coroutines that yield a few times, of which the last 2000 stay.
function programs.coroutines()
  local last, sum = {}, 0
  local function generate(n)
    return coroutine.wrap(function()
      for i = 1, n do coroutine.yield(i) end
      return 0
    end)
  end
  for i = 1, 200000 // PARTS do
    local next = generate(i % 5)
    last[i % 2000] = next
    sum = sum + next() + (last[i % 1999] and 1 or 0)
  end
  return sum
end

local name = arg[1]
local start = os.clock()
programs[name]()
print(name, (os.clock() - start) * 1000)

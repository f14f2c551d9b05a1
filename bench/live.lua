--- Shows from Lua that malloc, free, get and peek cost the same however many
-- blocks live: with 10 and with 1,000,000 of 48 bytes, written to, taken in
-- the order of their addresses and at random. Prints nanoseconds per call,
-- the loop included (medians), and the ratios to 10 blocks. In order they
-- are to stay below 3. At random, cache and TLB misses come on top; the last
-- verb, a read that checks nothing, shows how much they are.
--
--     lua5.4 bench/live.lua

package.path = "lua/?.lua;lua/?/init.lua;" .. package.path
package.cpath = "build/?.so;" .. package.cpath

local mems = require "mems"
local twin = require "bench.twin"

local smoke = os.getenv "BENCH_SMOKE" ~= nil
local MANY = smoke and 10000 or 1000000
local CALLS = 1000
local ROUNDS = smoke and 5 or 301
local SIZE = 48

local function shuffle(t)
  for i = #t, 2, -1 do
    local j = math.random(i)
    t[i], t[j] = t[j], t[i]
  end
end

local function median(t)
  table.sort(t)
  return t[#t // 2 + 1]
end

--- Each goes over CALLS blocks from index `at` on, from the start again
-- after the last.
local verbs = {
  { "malloc+free", function(p, at)
    local free, malloc = p.heap.free, p.heap.malloc
    local heap, blocks, live = p.heap, p.blocks, p.live
    for _ = 1, CALLS do
      free(heap, blocks[at])
      blocks[at] = malloc(heap, SIZE)
      at = at < live and at + 1 or 1
    end
  end },
  { "get", function(p, at)
    local get, heap, blocks, live = p.heap.get, p.heap, p.blocks, p.live
    for _ = 1, CALLS do
      get(heap, blocks[at])
      at = at < live and at + 1 or 1
    end
  end },
  { "peek", function(p, at)
    local peek, heap, blocks, live = p.heap.peek, p.heap, p.blocks, p.live
    for _ = 1, CALLS do
      peek(heap, blocks[at], "i32")
      at = at < live and at + 1 or 1
    end
  end },
  { "unchecked peek", function(p, at)
    local peek, blocks, live = twin.peek, p.physical, p.live
    for _ = 1, CALLS do
      peek(blocks[at], "i32")
      at = at < live and at + 1 or 1
    end
  end },
}

--- A heap with `live` blocks.
local function populate(name, live, random)
  local p = {
    name = name, live = live, heap = mems.open(), blocks = {}, physical = {},
    times = {},
  }
  for i = 1, live do
    p.blocks[i] = p.heap:malloc(SIZE)
    p.heap:poke(p.blocks[i], "i32", i)
  end
  if random then shuffle(p.blocks) end
  for i = 1, live do p.physical[i] = p.heap:get(p.blocks[i]) end
  for v = 1, #verbs do p.times[v] = {} end
  return p
end

--- Each verb takes other blocks than the one before it.
local function measure(p, round)
  for v, verb in ipairs(verbs) do
    local at = (round * #verbs + v) * CALLS % p.live + 1
    local start = twin.now()
    verb[2](p, at)
    p.times[v][round] = (twin.now() - start) / CALLS
  end
end

local heaps = {
  populate("10 live", 10),
  populate("many in order", MANY),
  populate("many at random", MANY, true),
}
for round = 1, ROUNDS do
  for _, p in ipairs(heaps) do measure(p, round) end
end
for v, verb in ipairs(verbs) do
  local few = median(heaps[1].times[v])
  print(("%s, 10 live\t%.1f"):format(verb[1], few))
  for i = 2, #heaps do
    local each = median(heaps[i].times[v])
    print(("%s, %s\t%.1f"):format(verb[1], heaps[i].name, each))
    print(("%s, %s, ratio\t%.2f"):format(verb[1], heaps[i].name, each / few))
  end
end

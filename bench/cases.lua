--- What is measured, and the bars. A bar is a ratio peer / mems to reach, or
-- for `most` a figure of mems not to pass.

local cases = {}

-- "check=3" is glibc's malloc with checks of its own, as mems has them; the
-- other peers check nothing.
cases.subjects = { "none", "mems", "glibc", "jemalloc", "mimalloc", "check=3" }
cases.peers = { "glibc", "jemalloc", "mimalloc", "check=3" }

local function bars(glibc, jemalloc, mimalloc)
  return { glibc = glibc, jemalloc = jemalloc, mimalloc = mimalloc }
end

local BATCH = bars(4.2, 1.0, 0.48)
local SCALE = bars(3.0, 0.5, 1.9)

-- The bars are for a machine on which an empty pair costs about 1.5 ns.
cases.empty = 1.5

--- What a ratio may stay below its bar, or a figure pass it: noise.
cases.noise = 0.1

--- `rounds` is how many of the rounds a slow workload takes part in.
cases.time = {
  { key = "hot64", name = "hot 64", bars = bars(1.3, 0.65, 1.05) },
  { key = "hot64-touch", name = "hot 64, touched" },
  { key = "hot4k", name = "hot 4096", bars = bars(2.2, 1.0, 1.6) },
  { key = "batch-order", name = "batch, in order", bars = BATCH },
  { key = "batch-reverse", name = "batch, reverse", bars = BATCH },
  { key = "batch-random", name = "batch, random", bars = BATCH },
  { key = "batch-few", name = "batch of 100", bars = bars(1.8, 0.6, 0.6) },
  { key = "batch-same", name = "batch of 5000, one size",
    bars = bars(1.5, 0.85, 0.35) },
  { key = "few30", name = "30 live", most = 120, empty = 1.5 },
  { key = "few100", name = "100 live", most = 15, empty = 1.5 },
  { key = "few300", name = "300 live", most = 15, empty = 1.5 },
  { key = "live4k", name = "live to 4096", bars = bars(4.5, 0.8, 1.4) },
  { key = "live4k-touch", name = "live to 4096, touched",
    bars = bars(1.8, 0.65, 0.55) },
  { key = "live64k", name = "live to 65536", bars = bars(9.0, 3.3, 1.9) },
  { key = "live64k-touch", name = "live to 65536, touched" },
  { key = "grow", name = "grow", bars = bars(2.9, 0.8, 1.7) },
  { key = "grow-touch", name = "grow, written" },
  { key = "large", name = "large, untouched", bars = bars(5.0, 3.0, 2.0) },
  { key = "large-first", name = "large, first byte" },
  { key = "large-pages", name = "large, every page", rounds = 3 },
  { key = "scale3", name = "scale 10^3" },
  { key = "scale4", name = "scale 10^4" },
  { key = "scale5", name = "scale 10^5" },
  { key = "scale6", name = "scale 10^6", bars = SCALE, rounds = 7 },
  { key = "scale7", name = "scale 10^7", rounds = 3 },
}

--- `most` is for a machine whose empty call costs `empty`.
cases.look = {
  { key = "get", name = "get, 10^6 blocks of 48", most = 15, empty = 1.7,
    bars = { glibc = 1 } },
  { key = "span", name = "span, the same", most = 15, empty = 1.7,
    bars = { glibc = 1 } },
  { key = "size", name = "size, the same" },
  { key = "get-1g", name = "get in 1 GiB", most = 5, empty = 1.7 },
  { key = "span-1g", name = "span in 1 GiB", most = 5, empty = 1.7 },
}

cases.memory = {
  { key = "memory-live4k", name = "live to 4096", most = 16, rounds = 1 },
  { key = "memory-live64k", name = "live to 65536", most = 16, rounds = 1 },
  { key = "memory-grow", name = "grow", most = 5, rounds = 1 },
}

cases.pause = {
  { key = "pause4k", name = "live to 4096, 1 GiB", rounds = 1 },
  { key = "pause64k", name = "live to 65536, 1 GiB", rounds = 1 },
}

cases.count = {
  { key = "count3", name = "scale 10^3" },
  { key = "count4", name = "scale 10^4" },
  { key = "count5", name = "scale 10^5" },
  { key = "count6", name = "scale 10^6" },
}

--- How far instructions per operation may spread over cases.count.
cases.count_spread = 1.1

--- `of`: what a Lua figure is divided by. For `gbs` (GB/s) more is better.
cases.lua = {
  { key = "loop" },
  { key = "nothing" },
  { key = "result" },
  { key = "t[i] read" },
  { key = "t[i] write" },
  { key = "string.unpack" },
  { key = "string.pack" },
  { key = "twin.peek" },
  { key = "peek", of = "twin.peek", most = 1.3 },
  { key = "peek", of = "string.unpack", most = 0.7 },
  { key = "twin.poke" },
  { key = "poke", of = "twin.poke", most = 1.3 },
  { key = "poke", of = "string.unpack", most = 0.7 },
  { key = "twin.peek_i32" },
  { key = "peek_i32", of = "twin.peek_i32", most = 1.35 },
  { key = "twin.poke_i32" },
  { key = "poke_i32", of = "twin.poke_i32", most = 1.35 },
  { key = "get", of = "result" },
  { key = "twin.malloc+free" },
  { key = "malloc+free", of = "twin.malloc+free", most = 1.2 },
  { key = "peekarray", most_ns = 12 },
  { key = "pokearray", most_ns = 12 },
  { key = "array read", of = "t[i] read" },
  { key = "array write", of = "t[i] write" },
  { key = "struct read", of = "t[i] read" },
  { key = "struct write", of = "t[i] write" },
}

cases.bulk = {
  { key = "fill", twin = "memset", least = 0.8 },
  { key = "copy", twin = "memcpy", least = 0.8 },
  { key = "compare", twin = "memcmp", least = 0.8 },
  { key = "find", twin = "memmem", least = 0.8 },
  { key = "writestring", twin = "memcpy from a string", least = 0.8 },
  { key = "readstring", twin = "lua_pushlstring", least = 0.8 },
}

--- `of`: what it is compared with; `most` or `least`: the ratio to keep to, of
-- ns or ms to that, or of GB/s.
cases.objects = {
  { key = "table read", unit = "ns" },
  { key = "table write", unit = "ns" },
  { key = "checkudata read", unit = "ns" },
  { key = "checkudata write", unit = "ns" },
  { key = "empty read", unit = "ns" },
  { key = "empty write", unit = "ns" },
  { key = "array f64 read", unit = "ns", of = "empty read", most = 1.35 },
  { key = "array f64 write", unit = "ns", of = "empty write", most = 1.35 },
  { key = "array i32 read", unit = "ns", of = "empty read" },
  { key = "array i32 write", unit = "ns", of = "empty write" },
  { key = "table.y read", unit = "ns" },
  { key = "table.y write", unit = "ns" },
  { key = "empty.y read", unit = "ns" },
  { key = "empty.y write", unit = "ns" },
  { key = "struct read", unit = "ns", of = "empty.y read", most = 1.6 },
  { key = "struct write", unit = "ns", of = "empty.y write", most = 1.6 },
  { key = "a[i].y", unit = "ns", of = "empty.y read" },
  { key = "get(a, i, 'y')", unit = "ns", of = "empty.y read" },
  { key = "set(a, i, 'y', v)", unit = "ns", of = "empty.y write" },
  { key = "move(p, i)", unit = "ns", of = "empty.y read" },
  { key = "table.sort", unit = "ms" },
  { key = "sort f64", unit = "ms", of = "table.sort", most = 0.1 },
  { key = "table sum", unit = "ms" },
  { key = "array sum", unit = "ms", of = "table sum" },
  { key = "table append", unit = "ns" },
  { key = "array append", unit = "ns", of = "table append" },
  { key = "table new", unit = "ns" },
  { key = "struct new", unit = "ns", of = "table new" },
  { key = "memset", unit = "GB/s" },
  { key = "fill 0", unit = "GB/s", of = "memset", least = 0.7 },
  { key = "fill 1.5", unit = "GB/s", of = "memset", least = 0.7 },
  { key = "memcpy", unit = "GB/s" },
  { key = "copy", unit = "GB/s", of = "memcpy", least = 0.7 },
  { key = "sum", unit = "GB/s", of = "memcpy", least = 0.7 },
  { key = "max", unit = "GB/s", of = "memcpy" },
  { key = "find", unit = "GB/s", of = "memcpy" },
  { key = "bytes in a table", unit = "bytes" },
  { key = "bytes in an array", unit = "bytes", of = "bytes in a table" },
  { key = "bytes in tables", unit = "bytes" },
  { key = "bytes in structs", unit = "bytes", of = "bytes in tables" },
  { key = "collect beside tables", unit = "ms" },
  { key = "collect beside structs", unit = "ms",
    of = "collect beside tables" },
}

--- The short table of the README: what a table takes and what mems takes.
cases.brief = {
  { name = "sort 10^6 floats", unit = "ms", table = "table.sort",
    mems = "sort f64" },
  { name = "sum of 10^6 floats", unit = "ms", table = "table sum",
    mems = "array sum" },
  { name = "10^6 floats: bytes for each", unit = "", mems = "bytes in an array",
    table = "bytes in a table" },
  { name = "10^6 records `{ x =, y = }`: bytes for each", unit = "",
    table = "bytes in tables", mems = "bytes in structs" },
  { name = "a full collection beside those", unit = "ms",
    table = "collect beside tables", mems = "collect beside structs" },
  { name = "read one element", unit = "ns", table = "table read",
    mems = "array f64 read" },
  { name = "write a field", unit = "ns", table = "table.y write",
    mems = "struct write" },
  { name = "append one number", unit = "ns", table = "table append",
    mems = "array append" },
  { name = "make a record of two floats", unit = "ns", table = "table new",
    mems = "struct new" },
}

--- `below`: the ratio of many blocks to few that is not to be reached.
cases.flat = {
  { key = "malloc+free", below = 3 },
  { key = "get", below = 3 },
  { key = "peek", below = 3 },
  { key = "unchecked peek" },
}

cases.ffi = {
  { key = "loop" }, { key = "peek" }, { key = "poke" },
  { key = "array read" }, { key = "array write" }, { key = "malloc+free" },
}

return cases

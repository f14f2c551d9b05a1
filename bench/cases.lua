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

--- What a live set that changes takes (space.c): `times` what lives at most,
-- and cases.space_constant, is the most that mems may map. That is no time, so
-- a smoke run checks it too.
cases.space = {
  { key = "space-small", name = "to 300" },
  { key = "space-mixed", name = "to 9000, 7 of 8 to 300" },
  { key = "space-wide", name = "to 65536" },
  { key = "space-creeping", name = "creeping, 32 to 1024", times = 3.5 },
  { key = "space-resized", name = "realloc, 100 to 5000" },
  { key = "space-appended", name = "realloc by half, 100 to 5000" },
  { key = "space-aligned", name = "to 9000, one in four aligned to 4096" },
}
cases.space_times = 2
cases.space_constant = 160 << 10
cases.space_live = { 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 8 << 20,
  64 << 20 }
cases.space_subjects = { "mems", "glibc", "jemalloc", "mimalloc" }

--- Every address turned into a pointer and back: `most` is ours over glibc's.
cases.translated = {
  { key = "hot64", name = "a pair, 64 bytes", most = 1.7 },
  { key = "hot4k", name = "a pair, 4096 bytes", most = 1.7 },
  { key = "keep", name = "10^5 of 16 to 500, replaced and read", most = 1.15 },
}

--- Programs of programs.lua under the shim, over the same under glibc.
cases.programs = {
  { key = "trees", name = "Lua: binary trees" },
  { key = "strings", name = "Lua: strings" },
  { key = "closures", name = "Lua: closures" },
}
cases.programs_most = 1.15

--- Modes of options.c: `times` what a plain heap takes; `bytes`: what writing
-- them takes comes on top.
cases.options = {
  { key = "plain", name = "plain" },
  { key = "request16", name = "requests aligned to 16", times = 1.5 },
  { key = "request64", name = "requests aligned to 64", times = 1.5 },
  { key = "request256", name = "requests aligned to 256", times = 1.5 },
  { key = "request4096", name = "requests aligned to 4096", times = 1.5 },
  { key = "heap16", name = "align = 16", times = 1.5 },
  { key = "heap64", name = "align = 64", times = 1.5 },
  { key = "heap256", name = "align = 256", times = 1.5 },
  { key = "heap4096", name = "align = 4096", times = 1.5 },
  { key = "quarantine", name = "quarantine of 1 MiB", times = 4 },
  { key = "fill", name = "fill", times = 4, bytes = true },
  { key = "written", name = "plain, written by the caller" },
}

--- Giving back and taking again: how much slower the slowest step may be.
cases.edge = { "1 of 1 MiB", "16 of 64 KiB", "4096 of 256 bytes" }
cases.edge_most = 2

--- Cases of bounds.c; one whose call may be refused is not judged.
cases.bounds = {
  { key = "limit-first", name = "at the limit, all holes too small: refused",
    refused = true },
  { key = "limit-second", name = "the same again, and larger ones" },
  { key = "with-room", name = "all holes too small, room to grow" },
  { key = "quarantine", name = "free into a full quarantine of 256 MiB" },
  { key = "growing", name = "malloc, 8 to 65536, up to 500 MiB" },
  { key = "last-small", name = "free all: 100 MiB of 64 bytes" },
  { key = "last-random", name = "free all: 1000 MiB of 64 to 4096" },
  { key = "last-mixed", name = "free all: 1000 MiB of 8 to 65536" },
  { key = "last-large", name = "free all: 1000 MiB of 1 to 64 MiB" },
  { key = "one-piece", name = "half of a heap that was small blocks" },
  { key = "churn", name = "80 % of 1 GiB, 8 bytes to 4 MiB" },
}
cases.bounds_most = 1000 -- microseconds

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

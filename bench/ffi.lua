--- LuaJIT's FFI, for orientation only: nothing here is checked.
--
--     luajit [-joff] bench/ffi.lua

local ffi = require "ffi"

ffi.cdef [[
void *malloc(size_t size);
void free(void *block);
]]

local smoke = os.getenv "BENCH_SMOKE" ~= nil
local ROUNDS = smoke and 1 or 9
local CALLS = smoke and 1000 or 300000

local block = ffi.new "int32_t[1024]"
local address = ffi.cast("char *", block)
local pointer = ffi.typeof "int32_t *"
local C, cast = ffi.C, ffi.cast

local cases = {
  { "loop", function(n)
    local sum = 0
    for i = 1, n do sum = sum + i end
    return sum
  end },
  { "peek", function(n)
    local sum = 0
    for i = 1, n do
      sum = sum + cast(pointer, address + (i % 1024) * 4)[0]
    end
    return sum
  end },
  { "poke", function(n)
    for i = 1, n do cast(pointer, address + (i % 1024) * 4)[0] = i end
  end },
  { "array read", function(n)
    local sum = 0
    for i = 1, n do sum = sum + block[i % 1024] end
    return sum
  end },
  { "array write", function(n)
    for i = 1, n do block[i % 1024] = i end
  end },
  { "malloc+free", function(n)
    for _ = 1, n do C.free(C.malloc(64)) end
  end },
}

for _ = 0, ROUNDS do
  for _, case in ipairs(cases) do
    case.times = case.times or {}
    local start = os.clock()
    case[2](CALLS)
    table.insert(case.times, os.clock() - start)
  end
end
for _, case in ipairs(cases) do
  table.remove(case.times, 1)
  table.sort(case.times)
  local middle = case.times[math.floor(#case.times / 2) + 1]
  print(("%s\t%.3f"):format(case[1], middle / CALLS * 1e9))
end

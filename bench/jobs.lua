--- Whole jobs: the same work with arrays and with plain Lua tables. Each case
-- gives two programs that have to come to the same result, and how much memory
-- their data take. Prints lines "key value": "NAME table" and "NAME mems" in
-- ms, "NAME ratio" how many times faster mems is, "NAME table bytes" and "NAME
-- mems bytes". Medians of rounds in which every program has its turn.
--
--     lua5.4 bench/jobs.lua [PATTERN]

package.path = "lua/?.lua;lua/?/init.lua;" .. package.path
package.cpath = "build/?.so;" .. package.cpath

local mems = require "mems"

local smoke = os.getenv "BENCH_SMOKE" ~= nil
local pattern = arg[1] or ""
local ROUNDS = smoke and 1 or 5
local N = smoke and 1000 or 1000000    -- elements of a list
local SIDE = smoke and 20 or 500       -- of an image or a plate
local ORDER = smoke and 8 or 160       -- of a matrix

local jobs = {}

-- Adds a job. tables() and arrays() each make their data and return a
-- function that does the work and returns a number to compare.
local function job(name, tables, arrays)
  if name:find(pattern) then
    jobs[#jobs + 1] = { name = name, table = tables, mems = arrays }
  end
end

local function random_list(n)
  local t = {}
  for i = 1, n do t[i] = math.random() end
  return t
end

local function list_of(values)
  return table.move(values, 1, #values, 1, {})
end

local NUMBERS <const> = random_list(N)
local PIXELS <const> = random_list(SIDE * SIDE)

job("sum", function()
  local t = list_of(NUMBERS)
  return function()
    local sum = 0
    for i = 1, #t do sum = sum + t[i] end
    return sum
  end
end, function()
  local a = mems.array("f64", NUMBERS)
  return function() return a:sum() end
end)

job("dot", function()
  local t, u = list_of(NUMBERS), list_of(NUMBERS)
  return function()
    local sum = 0
    for i = 1, #t do sum = sum + t[i] * u[i] end
    return sum
  end
end, function()
  local a, b = mems.array("f64", NUMBERS), mems.array("f64", NUMBERS)
  return function() return a:dot(b) end
end)

job("axpy", function()
  local t, u = list_of(NUMBERS), list_of(NUMBERS)
  return function()
    for i = 1, #t do t[i] = t[i] + 0.5 * u[i] end
    return t[N]
  end
end, function()
  local a, b = mems.array("f64", NUMBERS), mems.array("f64", NUMBERS)
  return function() return a:axpy(0.5, b)[N] end
end)

-- Each pixel that is far enough from the edge: the mean of 25.
job("blur", function()
  local t, out = list_of(PIXELS), {}
  for i = 1, #t do out[i] = 0.0 end
  return function()
    for y = 2, SIDE - 3 do
      for x = 3, SIDE - 2 do
        local sum = 0
        for dy = -2, 2 do
          local at = (y + dy) * SIDE + x
          sum = sum + t[at - 2] + t[at - 1] + t[at] + t[at + 1] + t[at + 2]
        end
        out[y * SIDE + x] = sum / 25
      end
    end
    return out[SIDE * 5 + 5]
  end
end, function()
  local n = SIDE * SIDE
  local a, rows, out = mems.array("f64", PIXELS), mems.array("f64", n),
    mems.array("f64", n)
  return function() -- the sum of five in a row, then of five such rows
    local inner = rows:slice(3, n - 2)
    inner:copy(a:slice(1, n - 4))
    for shift = 1, 4 do inner:add(a:slice(1 + shift, n - 4 + shift)) end
    local first, last = 2 * SIDE + 3, n - 2 * SIDE - 2
    local middle = out:slice(first, last)
    middle:copy(rows:slice(first - 2 * SIDE, last - 2 * SIDE))
    for row = -1, 2 do
      middle:add(rows:slice(first + row * SIDE, last + row * SIDE))
    end
    middle:mul(1 / 25)
    return out[SIDE * 5 + 5]
  end
end)

job("heat", function()
  local a = list_of(PIXELS)
  local b = list_of(PIXELS)
  return function()
    for y = 1, SIDE - 2 do
      for at = y * SIDE + 2, y * SIDE + SIDE - 1 do
        b[at] = (a[at - 1] + a[at + 1] + a[at - SIDE] + a[at + SIDE]) * 0.25
      end
    end
    return b[SIDE * 5 + 5]
  end
end, function()
  local a, b = mems.array("f64", PIXELS), mems.array("f64", PIXELS)
  local first, last = SIDE + 2, SIDE * SIDE - SIDE - 1
  local inner = b:slice(first, last)
  local function near(by) return a:slice(first + by, last + by) end
  return function()
    inner:copy(near(-1))
    inner:add(near(1)):add(near(-SIDE)):add(near(SIDE)):mul(0.25)
    return b[SIDE * 5 + 5]
  end
end)

job("matrix product", function()
  local a, b = {}, {}
  for i = 1, ORDER do
    a[i], b[i] = {}, {}
    for j = 1, ORDER do a[i][j], b[i][j] = i + j / 7, i - j / 3 end
  end
  return function()
    local c = {}
    for i = 1, ORDER do
      local row, from = {}, a[i]
      for j = 1, ORDER do
        local sum = 0
        for k = 1, ORDER do sum = sum + from[k] * b[k][j] end
        row[j] = sum
      end
      c[i] = row
    end
    return c[ORDER][3]
  end
end, function()
  local n = ORDER
  local function matrix()
    local m, rows = mems.array("f64", n * n), {}
    for i = 1, n do rows[i] = m:slice((i - 1) * n + 1, i * n) end
    return rows
  end
  local a, b, c = matrix(), matrix(), matrix()
  for i = 1, n do
    for j = 1, n do a[i][j], b[i][j] = i + j / 7, i - j / 3 end
  end
  return function() -- each row of the product is a sum of multiples of rows
    for i = 1, n do
      local row, from = c[i], a[i]
      row:fill(0)
      for k = 1, n do row:axpy(from[k], b[k]) end
    end
    return c[n][3]
  end
end)

job("sort by key", function()
  local t, sorted = {}, {}
  for i = 1, N do t[i] = { key = NUMBERS[i], id = i, a = 0.5, b = 0.5 } end
  return function()
    table.move(t, 1, N, 1, sorted)
    table.sort(sorted, function(x, y) return x.key < y.key end)
    return sorted[N // 2].id
  end
end, function()
  local S <const> = mems.struct { { "key", "f64" }, { "id", "u64" },
    { "a", "f64" }, { "b", "f64" } }
  local a = S:array(N)
  for i = 1, N do a[i] = { NUMBERS[i], i, 0.5, 0.5 } end
  local sorted = a:clone()
  return function()
    sorted:copy(a)
    return sorted:sort("key"):get(N // 2, "id")
  end
end)

-- A file of random bytes, or of text; gone at the end.
local files = {}
local function file_of(text, times)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "wb"))
  for _ = 1, times do file:write(text) end
  files[#files + 1] = path
  return path
end

local LOADED <const> = 64 * N -- bytes

job("file load", function()
  local path, text = file_of(("0123456789abcdef"):rep(64), LOADED // 1024), nil
  local function run()
    local file <close> = assert(io.open(path, "rb"))
    text = nil -- luacheck: ignore
    text = file:read("a")
    return #text
  end
  run()
  return run
end, function()
  local path, b = file_of(("0123456789abcdef"):rep(64), LOADED // 1024), nil
  local function run()
    if b then b:release() end
    b = assert(mems.readfile(path))
    return #b
  end
  run()
  return run
end)

local RECORDS <const> = {}
for i = 1, N // 20 do
  RECORDS[i] = { id = i, name = "record " .. i, score = i / 8 }
end

-- MessagePack of integers below 2^32, floats, short strings and tables.
job("msgpack encode", function()
  local char, pack = string.char, string.pack
  local out, n
  local function put(s)
    n = n + 1
    out[n] = s
  end
  local function encode(v)
    local kind = math.type(v) or type(v)
    if kind == "integer" then
      put(v < 128 and char(v) or pack(">BI4", 0xce, v))
    elseif kind == "float" then
      put(pack(">Bd", 0xcb, v))
    elseif kind == "string" then
      put(char(0xa0 | #v))
      put(v)
    elseif v[1] then
      put(pack(">BI4", 0xdd, #v))
      for i = 1, #v do encode(v[i]) end
    else
      put "\x83"
      for key, value in pairs(v) do
        encode(key)
        encode(value)
      end
    end
  end
  local text
  local function run()
    out, n = {}, 0
    encode(RECORDS)
    text, out = table.concat(out), nil
    return #text
  end
  run()
  return run
end, function()
  local function encode(s, v)
    local kind = math.type(v) or type(v)
    if kind == "integer" then
      if v < 128 then
        s:put("u8", v)
      else
        s:put("u8", 0xce):put("u32be", v)
      end
    elseif kind == "float" then
      s:put("u8", 0xcb):put("f64be", v)
    elseif kind == "string" then
      s:put("u8", 0xa0 | #v):putstring(v)
    elseif v[1] then
      s:put("u8", 0xdd):put("u32be", #v)
      for i = 1, #v do encode(s, v[i]) end
    else
      s:put("u8", 0x83)
      for key, value in pairs(v) do
        encode(s, key)
        encode(s, value)
      end
    end
  end
  local b
  local function run()
    if b then b:release() end
    b = mems.buffer(0)
    encode(b:stream(), RECORDS)
    return #b
  end
  run()
  return run
end)

-- Lines of three numbers become columns, and each column its sum, its greatest
-- value and its median.
local LINES <const> = N // 10
local FIELDS <const> = "([^,]*),([^,]*),([^\n]*)\n"

local function csv()
  local rows = {}
  for i = 1, LINES do
    rows[i] = ("%d,%.6f,%.3f\n"):format(i, NUMBERS[i], NUMBERS[i] * 100)
  end
  return table.concat(rows)
end

job("CSV columns", function()
  local text = csv()
  local columns
  local function run()
    local a, b, c, n = {}, {}, {}, 0
    for x, y, z in text:gmatch(FIELDS) do
      n = n + 1
      a[n], b[n], c[n] = tonumber(x), tonumber(y), tonumber(z)
    end
    columns = { a, b, c }
    local total = 0
    for _, column in ipairs(columns) do
      local sum, most = 0, -math.huge
      for i = 1, n do
        local v = column[i]
        sum = sum + v
        if v > most then most = v end
      end
      local sorted = table.move(column, 1, n, 1, {})
      table.sort(sorted)
      total = total + sum + most + sorted[(n + 1) // 2]
    end
    return total
  end
  run()
  return run
end, function()
  local text = csv()
  local columns
  local function run()
    local kinds = { "i32", "f64", "f64" }
    columns = {}
    for i, kind in ipairs(kinds) do columns[i] = mems.array(kind, LINES) end
    local a, b, c = table.unpack(columns)
    local n = 0
    for x, y, z in text:gmatch(FIELDS) do
      n = n + 1
      a[n], b[n], c[n] = x, y, z -- which makes numbers of them
    end
    local total = 0
    for _, column in ipairs(columns) do
      total = total + column:sum() + column:max() +
        column:clone():sort()[(n + 1) // 2]
    end
    return total
  end
  run()
  return run
end)

local function bytes()
  collectgarbage()
  collectgarbage()
  return collectgarbage "count" * 1024 + mems.stats().used
end

local function seconds(run)
  collectgarbage()
  local start = os.clock()
  local result = run()
  return os.clock() - start, result
end

local function median(figures)
  table.sort(figures)
  return figures[#figures // 2 + 1]
end

-- Measures one job and prints its lines.
local function measure(it)
  local figures, results = { table = {}, mems = {} }, {}
  local run, size = {}, {}
  for _, kind in ipairs { "table", "mems" } do
    local before = bytes()
    run[kind] = it[kind]()
    size[kind] = bytes() - before
  end
  for round = 0, ROUNDS do
    for kind, list in pairs(figures) do
      local time
      time, results[kind] = seconds(run[kind])
      if round > 0 then list[round] = time end
    end
  end
  local a, b = results.table, results.mems
  assert(math.abs(a - b) <= 1e-6 * math.abs(a), it.name .. ": results differ")
  local slow, fast = median(figures.table), median(figures.mems)
  print(("%s table\t%.3f\n%s mems\t%.3f\n%s ratio\t%.1f"):format(it.name,
    slow * 1e3, it.name, fast * 1e3, it.name, slow / fast))
  print(("%s table bytes\t%d\n%s mems bytes\t%d"):format(it.name,
    size.table // 1, it.name, size.mems // 1))
end

mems.init()
for _, it in ipairs(jobs) do measure(it) end
mems.finish()
for _, path in ipairs(files) do os.remove(path) end

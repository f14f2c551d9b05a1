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

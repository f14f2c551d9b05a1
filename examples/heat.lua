-- heat.lua [SIZE [STEPS]] - heat that spreads over a square plate whose left
-- edge is hot; prints the mean temperature, and the plate if it is small.
--
-- Two arrays of SIZE rows. A step is the mean of four neighbours: the rows
-- above and below, and the same row one to the left and one to the right, are
-- slices of the other array, which are added whole. It is several times as
-- fast as the same loop over tables.

local mems = require "mems"

local HOT <const> = 100.0

assert(mems.init())

-- One step from plate `a` to plate `b`, both of `n` rows of `n`. The elements
-- from the second row to the last but one lie one behind the other, so they
-- are one slice, and its neighbours are others. That does the left and right
-- edges as well, which `restore` puts back.
local function stepper(a, b, n)
  local first, last = n + 2, n * n - n - 1
  local inner = b:slice(first, last)
  local left, right = a:slice(first - 1, last - 1), a:slice(first + 1, last + 1)
  local above = a:slice(first - n, last - n)
  local below = a:slice(first + n, last + n)
  local hot = b:slice(n + 1, n * n - n, n)
  local cold = b:slice(2 * n, n * n - n, n)
  return function()
    inner:copy(left)
    inner:add(right):add(above):add(below):mul(0.25)
    hot:fill(HOT)
    cold:fill(0)
  end
end

-- Prints the plate, a character for each point.
local function show(plate, n)
  local shades = " .:-=+*%#"
  for row = 1, n do
    local line = {}
    for column = 1, n do
      local t = plate[(row - 1) * n + column]
      local at = 1 + math.floor(t / HOT * (#shades - 1) + 0.5)
      line[column] = shades:sub(at, at)
    end
    print((table.concat(line):gsub("%s+$", "")))
  end
end

local size = math.tointeger(tonumber(arg[1] or 40))
local steps = math.tointeger(tonumber(arg[2] or 500))
assert(size and size > 2 and steps and steps >= 0,
  "usage: heat.lua [SIZE [STEPS]]")

mems.scope(function(s)
  local a = assert(s:array("f64", size * size))
  local b = assert(s:array("f64", size * size))
  for _, plate in ipairs { a, b } do
    plate:slice(1, size * size, size):fill(HOT)
  end
  local forth, back = stepper(a, b, size), stepper(b, a, size)
  local start = os.clock()
  for i = 1, steps do
    if i % 2 == 1 then forth() else back() end
  end
  local plate = steps % 2 == 1 and b or a
  print(("%d steps of %d points: %.3f s"):format(steps, size * size,
    os.clock() - start))
  print(("mean temperature: %.6f"):format(plate:mean()))
  if size <= 80 then show(plate, size) end
end)

mems.finish()

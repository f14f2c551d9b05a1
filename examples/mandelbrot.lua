-- mandelbrot.lua [FILE [WIDTH [HEIGHT]]] - the Mandelbrot set, computed into
-- mems memory; shown in the terminal, or written to FILE as a picture (PPM,
-- which most viewers open).
--
-- Two arrays: how soon each point left the circle of radius 2, one number for
-- each pixel, and the picture, three bytes for each, which is written to the
-- file in pieces of a row, straight from memory.

local mems = require "mems"

local MOST <const> = 200 -- rounds before a point counts as inside

assert(mems.init())

-- The rounds that the point x, y needs to leave, with a fraction so that
-- colours change smoothly; 0 if it does not.
local function rounds(x, y)
  local a, b = 0.0, 0.0
  for i = 1, MOST do
    local a2, b2 = a * a, b * b
    if a2 + b2 > 256 then
      return i - math.log(math.log(a2 + b2) / 2, 2)
    end
    a, b = a2 - b2 + x, 2 * a * b + y
  end
  return 0.0
end

-- Fills the array `field`, row by row, with the part of the plane around
-- -0.65, 0 that is 3.2 wide. A pixel is `tall` times as high as it is wide.
local function compute(field, width, height, tall)
  local scale = 3.2 / width
  local i = 0
  for row = 1, height do
    local y = (row - (height + 1) / 2) * scale * tall
    for column = 1, width do
      i = i + 1
      field[i] = rounds((column - (width + 1) / 2) * scale - 0.65, y)
    end
  end
end

-- A wave from 0 to 255 for one of the three colours.
local function wave(n, phase)
  return math.floor(127.5 * (1 - math.cos(n * 0.11 + phase)))
end

-- Colours the points outside; returns how many were inside.
local function colour(field, pixels)
  local inside = 0
  for i = 1, #field do
    local n, at = field[i], 3 * i - 2
    if n > 0 then
      pixels[at] = wave(n, 0.2)
      pixels[at + 1] = wave(n, 0.6)
      pixels[at + 2] = wave(n, 1.2)
    else
      inside = inside + 1
    end
  end
  return inside
end

local function write(path, pixels, width, height)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(("P6\n%d %d\n255\n"):format(width, height)))
  local row = 3 * width
  for i = 0, height - 1 do
    assert(file:write(mems.readstring(pixels, row, i * row)))
  end
end

-- Prints the field as text, a character for each point.
local function show(field, width, height)
  local shades = " .:-=+*%#"
  for row = 0, height - 1 do
    local line = {}
    for column = 1, width do
      local n = field[row * width + column]
      local at = n == 0 and #shades or math.min(1 + n // 3, #shades - 1)
      line[column] = shades:sub(math.floor(at), math.floor(at))
    end
    print(table.concat(line))
  end
end

local path = arg[1]
local width = math.tointeger(tonumber(arg[2] or path and 600 or 72))
local height = math.tointeger(tonumber(arg[3] or
  width and width * 2 // (path and 3 or 6)))
assert(width and width > 0 and height and height > 0,
  "usage: mandelbrot.lua [FILE [WIDTH [HEIGHT]]]")

mems.scope(function(s)
  local field = assert(s:array("f32", width * height))
  compute(field, width, height, path and 1 or 2)
  if not path then return show(field, width, height) end
  local pixels = assert(s:array("u8", 3 * width * height))
  local inside = colour(field, pixels)
  write(path, pixels, width, height)
  print(("%d x %d, %d points inside, %d bytes of mems memory"):format(width,
    height, inside, mems.stats().owned))
end)
assert(mems.stats().processes == 0)

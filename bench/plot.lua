--- Draws build/bench.json as docs/benchmarks.svg: for each workload one bar
-- per peer, from 1 to the ratio peer / mems, on a log scale.
--
--     lua5.4 bench/plot.lua [RESULT.json PICTURE.svg]

package.path = "bench/?.lua;" .. package.path

local cases = require "cases"
local json = require "json"

local SOURCE = arg[1] or "build/bench.json"
local TARGET = arg[2] or "docs/benchmarks.svg"
local WIDTH, LEFT, RIGHT, TOP, BOTTOM = 860, 200, 50, 104, 52
local BAR, GAP = 9, 12
local GROUP = #cases.peers * BAR + GAP
local COLORS = {
  glibc = "#4c78a8", jemalloc = "#e8923a", mimalloc = "#54a06a",
  ["check=3"] = "#b279a2",
}
local NAMES = { ["check=3"] = "glibc with its own checks (check=3)" }
local INK, PALE, RULE = "#24292f", "#57606a", "#e3e6ea"

local function escape(text)
  return (text:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;",
    [">"] = "&gt;" }))
end

local SUPERSCRIPT = { ["3"] = "³", ["4"] = "⁴", ["5"] = "⁵", ["6"] = "⁶",
  ["7"] = "⁷" }

--- 10^3 as a person writes it.
local function raised(text) return (text:gsub("%^(%d)", SUPERSCRIPT)) end

--- A power of two as a fraction or a number.
local function ratio_label(exponent)
  local power = ("%d"):format(2 ^ math.abs(exponent))
  return exponent < 0 and "1/" .. power or power
end

--- An element: its name, attributes in the order given, its text if any.
local function element(name, attributes, text)
  local parts = { "<" .. name }
  for i = 1, #attributes, 2 do
    local value = attributes[i + 1]
    if math.type(value) == "float" then value = ("%.1f"):format(value) end
    parts[#parts + 1] = (' %s="%s"'):format(attributes[i], value)
  end
  parts[#parts + 1] = text and ">" .. escape(text) .. "</" .. name .. ">"
    or "/>"
  return table.concat(parts)
end

local function label(x, y, text, size, fill, anchor, weight)
  return element("text", { "x", x, "y", y, "font-size", size, "fill", fill,
    "text-anchor", anchor or "start", "font-weight", weight or "normal" },
    text)
end

--- Rows of { name, ratios by peer }, for the workloads that were measured.
local function read_rows(result)
  local rows = {}
  for _, workload in ipairs(cases.time) do
    local of = result.c[workload.key] or {}
    local row = { name = workload.name, ratios = {} }
    for _, peer in ipairs(cases.peers) do
      if of.mems and of[peer] then
        row.ratios[peer] = of[peer].ns / of.mems.ns
      end
    end
    if next(row.ratios) then rows[#rows + 1] = row end
  end
  return rows
end

--- The powers of two that enclose all ratios, as exponents.
local function range(rows)
  local low, high = -1, 1
  for _, row in ipairs(rows) do
    for _, ratio in pairs(row.ratios) do
      low = math.min(low, math.floor(math.log(ratio, 2)))
      high = math.max(high, math.ceil(math.log(ratio, 2)))
    end
  end
  return low, high
end

--- A function from a ratio to its x.
local function scale(low, high)
  local unit = (WIDTH - LEFT - RIGHT) / (high - low)
  return function(ratio) return LEFT + (math.log(ratio, 2) - low) * unit end
end

local function head(out, result)
  out[#out + 1] = label(24, 34, "mems beside malloc, jemalloc and mimalloc",
    20, INK, "start", "bold")
  out[#out + 1] = label(24, 56, "time of the other / time of mems, log scale:"
    .. " to the right of 1, mems is faster", 13, PALE)
  local x = LEFT
  for _, peer in ipairs(cases.peers) do
    out[#out + 1] = element("rect", { "x", x, "y", 72, "width", 12, "height",
      12, "rx", 2, "fill", COLORS[peer] })
    out[#out + 1] = label(x + 18, 83, NAMES[peer] or peer, 13, INK)
    x = x + 100
  end
  if result.smoke then
    out[#out + 1] = label(x, 83, "smoke run: figures mean nothing", 13, "#c00")
  end
end

local function axis(out, low, high, x_of, bottom)
  for exponent = low, high do
    local x, one = x_of(2 ^ exponent), exponent == 0
    out[#out + 1] = element("line", { "x1", x, "y1", TOP - 8, "x2", x, "y2",
      bottom, "stroke", one and INK or RULE, "stroke-width", one and 1.5 or 1 })
    out[#out + 1] = label(x, bottom + 18, ratio_label(exponent), 12,
      one and INK or PALE, "middle", one and "bold" or "normal")
  end
end

local function bars(out, row, y, x_of)
  local one = x_of(1)
  for i, peer in ipairs(cases.peers) do
    local ratio = row.ratios[peer]
    if ratio then
      local x, top = x_of(ratio), y + (i - 1) * BAR
      local right = ratio >= 1
      out[#out + 1] = element("rect", { "x", math.min(x, one), "y", top,
        "width", math.max(math.abs(x - one), 0.5), "height", BAR - 1.5,
        "fill", COLORS[peer] })
      out[#out + 1] = label(x + (right and 4 or -4), top + BAR - 1.5,
        ("%.2f"):format(ratio), 9.5, PALE, right and "start" or "end")
    end
  end
end

local function draw(result)
  local rows, out = read_rows(result), {}
  local low, high = range(rows)
  local x_of = scale(low, high)
  local bottom = TOP + #rows * GROUP
  local height = bottom + BOTTOM
  out[1] = ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d"'
    .. ' viewBox="0 0 %d %d" font-family="%s">'):format(WIDTH, height, WIDTH,
    height, "Helvetica, Arial, DejaVu Sans, sans-serif")
  out[2] = element("rect", { "width", WIDTH, "height", height, "fill",
    "#ffffff" })
  head(out, result)
  axis(out, low, high, x_of, bottom)
  for i, row in ipairs(rows) do
    local y = TOP + (i - 1) * GROUP + GAP / 2
    out[#out + 1] = label(LEFT - 34, y + #cases.peers * BAR / 2 + 4,
      raised(row.name), 13, INK, "end")
    bars(out, row, y, x_of)
  end
  out[#out + 1] = label(24, height - 12, ("%s; %s; median of %d runs"):format(
    result.machine, result.date, result.rounds), 11, PALE)
  out[#out + 1] = "</svg>\n"
  return table.concat(out, "\n")
end

local result = json.load(SOURCE)
if not result then
  io.stderr:write("bench: there is no ", SOURCE, " yet: `make bench` makes",
    " it, in some minutes\n")
  os.exit(1)
end
local file = assert(io.open(TARGET, "w"))
assert(file:write(draw(result)))
assert(file:close())
print(TARGET)

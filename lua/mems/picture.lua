--- Pictures of a heap: an SVG for the eye, blocks of characters for a
-- terminal.
--
-- Both show the addresses from left to right and from top to bottom, as text
-- is read. What is too small to be seen is taken together (@{extents}), and
-- shown by how much of it is live. So the work and the result are bounded,
-- however large the heap is.
-- @module mems

local picture = {}

local floor, max, min = math.floor, math.max, math.min

-- Pixels.
local LEFT <const>, RIGHT <const>, HEIGHT <const>, GAP <const> = 100, 16, 22, 6
local SMALLEST <const> = 5 -- what an extent that was taken together takes
local ROWS <const> = 40    -- of a large heap; up to so many nodes have their
                           -- own
local SITES <const> = 20000 -- blocks whose sites are looked up

local HOLE <const>, WAITING <const>, INK <const> = "#eceae4", "#e4572e",
  "#222222"

-- Colours of blocks by size: the first is for up to 15 bytes, each further
-- one for four times as many.
local COLOURS <const> = {
  "#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962",
  "#addc30", "#d8c000", "#b08000",
}

-- Which colour a block of so many bytes has.
local function colour_of(bytes)
  local i = 1
  while bytes >= 16 and i < #COLOURS do bytes, i = bytes / 4, i + 1 end
  return i
end

local ESCAPES <const> = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;",
                          ['"'] = "&quot;" }

local function escape(text)
  return (text:gsub('[&<>"]', ESCAPES):gsub("[\0-\8\11\12\14-\31]", "?"))
end

-- A number of bytes, short.
local function short(bytes)
  local units, i = { "B", "KiB", "MiB", "GiB", "TiB" }, 1
  while bytes >= 1024 and i < #units do bytes, i = bytes / 1024, i + 1 end
  local text = bytes < 10 and i > 1 and ("%.1f"):format(bytes) or
    ("%d"):format(floor(bytes + 0.5))
  return text:gsub("%.0$", "") .. " " .. units[i]
end

--
-- What there is to show
--

-- How rows are called: by their address, or if that is long, by how far from
-- the first one they begin.
local function label_of(addr, base)
  if base < 1 << 32 then return ("%d"):format(addr) end
  local from = addr - base
  return from > 0 and from % (1 << 20) == 0 and
    ("+%d MiB"):format(from >> 20) or ("+%d"):format(from)
end

-- What then tells the first one, or nothing.
local function base_of(base)
  return base < 1 << 32 and "" or ("; counted from address %d"):format(base)
end

-- The nodes: a list of { first address, bytes }.
local function nodes_of(heap)
  local list = {}
  for addr, size in heap.nodes() do
    list[#list + 1] = { heap.tointeger(addr), size }
  end
  return list
end

-- Where each address goes. With few nodes each has rows of its own; else they
-- flow. Gives rows, a list of { first address, bytes }, and the bytes of a
-- full row.
local function layout(nodes, rows_wanted)
  local rows, mapped, longest, least = {}, 0, 0, math.maxinteger
  for _, node in ipairs(nodes) do
    mapped = mapped + node[2]
    longest, least = max(longest, node[2]), min(least, node[2])
  end
  local full = 4096
  while full * rows_wanted < mapped do full = full * 2 end
  if #nodes <= rows_wanted and least >= full // 8 then
    full = min(full, longest)
    while longest > full * rows_wanted do full = full * 2 end
  else
    nodes = { { nodes[1][1], mapped } }
  end
  for _, node in ipairs(nodes) do
    for at = 0, node[2] - 1, full do
      rows[#rows + 1] = { node[1] + at, min(full, node[2] - at) }
    end
  end
  return rows, full
end

-- Calls f(row, offset in it, bytes) for each part of a range that lies in one
-- row, the rows being in order; begins at row `i`, and gives the last one.
local function each_part(rows, i, addr, size, f)
  while size > 0 do
    while addr >= rows[i][1] + rows[i][2] do i = i + 1 end
    local at = addr - rows[i][1]
    local part = min(size, rows[i][2] - at)
    f(i, at, part)
    addr, size = addr + part, size - part
  end
  return i
end

-- Where blocks were allocated, if that is known: address to text.
local function sites_of(heap, stats)
  local sites = {}
  if stats.processes > SITES then return sites end
  local known, step = pcall(heap.leaks)
  if not known then return sites end
  for addr, _, site in step do sites[heap.tointeger(addr)] = site end
  return sites
end

--
-- SVG
--

local function put(out, format, ...)
  out[#out + 1] = format:format(...)
end

local function plural(n, what)
  return ("%d %s%s"):format(n, what, n == 1 and "" or "s")
end

-- What stands beside the pointer over an extent.
local function tooltip(e, sites)
  local run = e.slot > 0 and ("\nin a run of slots of %d bytes"):format(e.slot)
    or e.slot < 0 and "\nin runs of several sizes" or ""
  if e.blocks + e.holes > 1 then
    local mean = e.blocks > 0 and
      (", %d bytes each on average"):format(e.requested // e.blocks) or ""
    return ("%d to %d, %d bytes\n%s%s\n%s, %d bytes%s%s"):format(e.addr,
      e.addr + e.size - 1, e.size, plural(e.blocks, "block"), mean,
      plural(e.holes, "hole"), e.size - e.live, e.waiting > 0 and
      (", of which %d wait in the quarantine"):format(e.waiting) or "", run)
  elseif e.blocks == 1 then
    local site = sites[e.addr]
    return ("block %d of %d bytes, takes %d%s%s"):format(e.addr, e.requested,
      e.size, run, site and "\nallocated at " .. site or "")
  end
  return ("%s %d of %d bytes%s"):format(e.waiting > 0 and
    "freed, waits in the quarantine:" or "hole", e.addr, e.size, run)
end

local function rect(out, x, y, width, height, fill)
  put(out, '<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>',
      x, y, max(width, 0.3), height, fill)
end

-- Draws one extent: what is live from the bottom up, on it what waits.
local function draw_extent(out, place, row, e, sites, used)
  local live, waiting = e.live / e.size, e.waiting / e.size
  local colour
  if e.blocks > 0 then
    local i = colour_of(e.requested // e.blocks)
    used[i], colour = true, COLOURS[i]
  end
  put(out, "<g>")
  row = each_part(place.rows, row, e.addr, e.size, function(i, at, size)
    local x, y = LEFT + at * place.scale, place.y[i]
    local width = size * place.scale
    local inner = width > 3 and width - 0.6 or width
    if live < 1 then rect(out, x, y, inner, HEIGHT, HOLE) end
    if live > 0 then
      rect(out, x, y + HEIGHT * (1 - live), inner, HEIGHT * live, colour)
    end
    if waiting > 0 then
      rect(out, x, y + HEIGHT * (1 - live - waiting), inner, HEIGHT * waiting,
           WAITING)
    end
    if e.slot > 0 then
      rect(out, x, y + HEIGHT + 1, width, 2.5, COLOURS[colour_of(e.slot)])
    elseif e.slot < 0 then
      rect(out, x, y + HEIGHT + 1, width, 2.5, "#999999")
    end
  end)
  put(out, "<title>%s</title></g>", escape(tooltip(e, sites)))
  return row
end

local function text(out, x, y, anchor, string)
  put(out, '<text x="%d" y="%d" text-anchor="%s">%s</text>', x, y, anchor,
      escape(string))
end

-- The frame of a row, and the address at its left.
local function draw_rows(out, place, nodes)
  for i, row in ipairs(place.rows) do
    text(out, LEFT - 8, place.y[i] + 15, "end",
         label_of(row[1], place.rows[1][1]))
  end
  local at = 1
  for _, node in ipairs(nodes) do
    at = each_part(place.rows, at, node[1], 1, function(i, offset)
      put(out, '<path d="M%.2f %.2fv%d" stroke="%s" stroke-width="1.5">'
        .. "<title>node %d of %s</title></path>", LEFT + offset * place.scale,
        place.y[i] - 2, HEIGHT + 5, INK, node[1], short(node[2]))
    end)
  end
end

-- The colours that were used, and what they mean; gives the next line.
local function draw_legend(out, y, used, stats, runs)
  local x = LEFT
  local function entry(fill, label)
    local width = 28 + 7 * #label
    if x + width > out.width - RIGHT then x, y = LEFT, y + 20 end
    rect(out, x, y - 10, 12, 12, fill)
    text(out, x + 17, y, "start", label)
    x = x + width
  end
  for i = 1, #COLOURS do
    if used[i] then
      local least, above = i > 1 and 4 ^ i or 1, 4 ^ (i + 1)
      entry(COLOURS[i], i == #COLOURS and short(least) .. " and more" or
        ("%s to %s"):format(short(least), short(above)))
    end
  end
  entry(HOLE, "hole")
  if stats.quarantined > 0 then entry(WAITING, "in the quarantine") end
  if runs then entry(INK, "below: a run of slots, by their size") end
  return y + 24
end

-- Two lines with the totals.
local function draw_totals(out, y, stats, title)
  put(out, '<text x="%d" y="%d" font-size="15" font-weight="bold">%s</text>',
      LEFT, y, escape(title))
  text(out, LEFT, y + 20, "start", ("%s: %s asked for, %s used, %s mapped in \z
    %s, peak %s"):format(plural(stats.processes, "block"),
    short(stats.requested), short(stats.used), short(stats.mapped),
    plural(stats.nodes, "node"), short(stats.peak)))
  text(out, LEFT, y + 36, "start", ("%s: %s%s%s"):format(
    plural(stats.holes, "hole"), short(stats.unused), stats.quarantined > 0 and
    ", of which " .. short(stats.quarantined) .. " wait in the quarantine" or
    "", base_of(stats.base)))
end

local SUMS <const> = { "size", "blocks", "live", "requested", "holes",
  "waiting" }

-- Calls f(extent) for all of them; those of runs of several sizes, whose slot
-- is -1, are taken together as well.
local function each_extent(heap, unit, f)
  local last
  for addr, size, blocks, live, requested, holes, waiting, slot in
    heap.extents(unit) do
    local e = { addr = heap.tointeger(addr), size = size, blocks = blocks,
      live = live, requested = requested, holes = holes, waiting = waiting,
      slot = slot }
    if last and last.size + size <= unit then
      for _, name in ipairs(SUMS) do last[name] = last[name] + e[name] end
      if last.slot ~= slot then last.slot = -1 end
    else
      if last then f(last) end
      last = e
    end
  end
  if last then f(last) end
end

-- All extents; gives which colours were used, and whether there are runs.
local function draw_extents(out, heap, place, sites)
  local unit, row, used, runs = floor(SMALLEST / place.scale), 1, {}, false
  if unit < 64 then unit = 0 end
  each_extent(heap, unit, function(e)
    row = draw_extent(out, place, row, e, sites, used)
    runs = runs or e.slot ~= 0
  end)
  return used, runs
end

-- The whole SVG.
local function draw(heap, options)
  local stats, nodes = heap.stats(), nodes_of(heap)
  local width = options.width or 960
  local rows, full = layout(nodes, ROWS)
  local place = { rows = rows, y = {}, scale = (width - LEFT - RIGHT) / full }
  local y = 84
  for i in ipairs(rows) do place.y[i], y = y, y + HEIGHT + GAP end
  local out = { width = width }
  put(out, "") -- the head: the height is known last
  put(out, '<rect width="100%%" height="100%%" fill="#ffffff"/>')
  draw_totals(out, 28, stats, options.title or "mems heap")
  local used, runs = draw_extents(out, heap, place, sites_of(heap, stats))
  draw_rows(out, place, nodes)
  y = draw_legend(out, y + 18, used, stats, runs)
  if #rows == 0 then text(out, LEFT, 96, "start", "nothing is mapped") end
  out[1] = ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" \z
    viewBox="0 0 %d %d" font-family="sans-serif" font-size="12" fill="%s">')
    :format(width, y, width, y, INK)
  put(out, "</svg>\n")
  return table.concat(out, "\n")
end

--
-- What the verbs are
--

-- Raises in the name of the verb's caller, which is `level` calls further up.
local function refuse(level, n, verb, format, ...)
  error(("bad argument #%d to '%s' (%s)"):format(n, verb,
        format:format(...)), level + 1)
end

-- A value as a message shows it.
local function shown(value)
  if type(value) == "string" then return ("%q"):format(value) end
  if type(value) == "table" or type(value) == "function" or
      type(value) == "userdata" then
    return "a " .. type(value)
  end
  return tostring(value)
end

local function check_width(level, n, verb, what, width, least, most)
  if width ~= nil and (math.type(width) ~= "integer" or width < least or
                       width > most) then
    refuse(level + 1, n, verb, "%s has to be an integer from %d to %d, got %s",
           what, least, most, shown(width))
  end
end

local KNOWN <const> = { width = true, title = true }

local function check_options(options)
  if options ~= nil and type(options) ~= "table" then
    refuse(3, 2, "picture", "a table of options expected, got %s",
           shown(options))
  end
  for key in pairs(options or {}) do
    if not KNOWN[key] then
      refuse(3, 2, "picture", "unknown option %s", shown(key))
    end
  end
  options = options or {}
  check_width(3, 2, "picture", "option 'width'", options.width, 300, 10000)
  if options.title ~= nil and type(options.title) ~= "string" then
    refuse(3, 2, "picture", "option 'title' has to be a string, got %s",
           shown(options.title))
  end
  return options
end

--- What mems.picture does.
function picture.draw(heap, path, options)
  if path ~= nil and type(path) ~= "string" then
    refuse(2, 1, "picture", "a path expected, got %s", shown(path))
  end
  local svg = draw(heap, check_options(options))
  if path == nil then return svg end
  local file, message, code = io.open(path, "w")
  if not file then return nil, message, code end
  local written
  written, message, code = file:write(svg)
  if not file:close() and written then
    return nil, path .. ": can't be written", 5
  end
  if not written then return nil, message, code end
  return true
end

-- A character by how much of it is live.
local LEVELS <const> = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }

local function character(live, waiting)
  if live > 0 then return LEVELS[max(1, min(8, floor(live * 8 + 0.5)))] end
  return waiting > 0 and "x" or "·"
end

--- What mems.map does.
function picture.map(heap, width)
  check_width(2, 1, "map", "width", width, 8, 1000)
  width = width or 64
  local nodes, lines = nodes_of(heap), {}
  if #nodes == 0 then return "nothing is mapped" end
  local rows, full = layout(nodes, 24)
  local cell, live, waiting = full / width, {}, {}
  for i in ipairs(rows) do live[i], waiting[i] = {}, {} end
  local function spread(i, at, size, share, shares)
    for column = floor(at / cell), floor((at + size - 1) / cell) do
      local from, to = max(at, column * cell), min(at + size, (column + 1) *
                                                   cell)
      local now = shares[i][column] or 0
      shares[i][column] = now + share * max(0, to - from) / cell
    end
  end
  local row = 1
  for addr, size, _, used, _, _, waits in heap.extents(floor(cell)) do
    row = each_part(rows, row, heap.tointeger(addr), size,
      function(i, at, part)
        spread(i, at, part, used / size, live)
        spread(i, at, part, waits / size, waiting)
      end)
  end
  local base = rows[1][1]
  local digits = #label_of(rows[#rows][1], base)
  for i, r in ipairs(rows) do
    local line = { ("%" .. digits .. "s "):format(label_of(r[1], base)) }
    for column = 0, math.ceil(r[2] / cell) - 1 do
      line[#line + 1] = character(live[i][column] or 0,
                                  waiting[i][column] or 0)
    end
    lines[i] = table.concat(line)
  end
  lines[#lines + 1] = ("%s a character; %s to %s: how much is live, %s: \z
    nothing, x: freed and waits%s"):format(short(cell), LEVELS[1], LEVELS[8],
    "·", base_of(base))
  return table.concat(lines, "\n")
end

return picture

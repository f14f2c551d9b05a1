--- The tables of what is measured for mems alone, or in ways of its own.

local cases = require "cases"
local cell = require "cell"

local own = {}

local judged, number = cell.judged, cell.number

local function bytes(value)
  if value >= 1 << 20 then return ("%.4g MiB"):format(value / (1 << 20)) end
  return ("%.4g KiB"):format(value / 1024)
end

--- The most that mems may map for a live set, or nil if nothing was measured.
local function space_most(found, case)
  if not found then return nil end
  return (case.times or cases.space_times) * found.peak + cases.space_constant
end

local function each_space(result, visit)
  for _, case in ipairs(cases.space) do
    for _, live in ipairs(cases.space_live) do
      local found = (result.space or {})[case.key .. " " .. live]
      if found then visit(case, live, found) end
    end
  end
end

--- Does mems map more than it may anywhere, or is it not known?
function own.space_missed(result)
  local missed = false
  each_space(result, function(case, _, found)
    local most = space_most(found.mems, case)
    if not most or found.mems.mapped > most then missed = true end
  end)
  return missed
end

function own.space(result)
  local t = {
    title = "C: bytes over what lives at most, while it changes; bytes after"
      .. " all is freed; mems may map " .. cases.space_times .. " times that"
      .. " (creeping 3.5) and " .. bytes(cases.space_constant),
    head = { "", "live", "mems maps" }, rows = {},
  }
  for _, subject in ipairs(cases.space_subjects) do
    t.head[#t.head + 1] = subject .. " holds"
  end
  for _, subject in ipairs { "glibc", "jemalloc", "mimalloc" } do
    t.head[#t.head + 1] = subject .. " maps"
  end
  for _, subject in ipairs(cases.space_subjects) do
    t.head[#t.head + 1] = "freed: " .. subject
  end
  each_space(result, function(case, _, found)
    local function over(subject, key)
      local of = found[subject]
      return of and ("%.2f"):format(of[key] / of.peak) or "-"
    end
    local ours = found.mems
    local most = space_most(ours, case)
    local maps = over("mems", "mapped")
    if ours and not result.unjudged then
      maps = ("%s (<= %.2f%s)"):format(maps, most / ours.peak,
        ours.mapped <= most and "" or " MISS")
    end
    local row = { case.name, ours and bytes(ours.peak) or "-", maps }
    for _, subject in ipairs(cases.space_subjects) do
      row[#row + 1] = over(subject, "resident")
    end
    for _, subject in ipairs { "glibc", "jemalloc", "mimalloc" } do
      row[#row + 1] = over(subject, "mapped")
    end
    for _, subject in ipairs(cases.space_subjects) do
      local of = found[subject]
      row[#row + 1] = of and bytes(of["resident.freed"]) or "-"
    end
    t.rows[#t.rows + 1] = row
  end)
  return t
end

--- Ours over glibc's, by rows of figures "KEY glibc" and "KEY translated".
local function over_glibc(result, t, list, found, key, most)
  for _, case in ipairs(list) do
    local function of(subject)
      local figures = (found or {})[case.key .. " " .. subject]
      return figures and figures[key or case.key]
    end
    local theirs, ours = of "glibc", of "translated"
    if theirs and ours then
      local bar = case.most or most
      t.rows[#t.rows + 1] = { case.name, number(theirs), number(ours),
        judged(result, ("%.2f"):format(ours / theirs),
          ours / theirs <= bar * (1 + cases.noise), "<= " .. bar) }
    end
  end
end

function own.translated(result)
  local t = {
    title = "Every address turned into a pointer and back: C in ns per"
      .. " operation, Lua 5.4 under a malloc of mems in ms",
    head = { "", "glibc", "mems", "mems / glibc" }, rows = {},
  }
  over_glibc(result, t, cases.translated, result.translated, "ns")
  over_glibc(result, t, cases.programs, result.programs, nil,
    cases.programs_most)
  return t
end

--- The most that an option may take, of one kind of figure.
local function option_most(found, case, key)
  if not case.times then return nil end
  local most = case.times * found.plain[key]
  if case.bytes then
    most = most + math.max(0, found.written[key] - found.plain[key])
  end
  return most
end

function own.options(result)
  local t = {
    title = "C: options of a heap, ns for a malloc and a free",
    head = { "", "hot 64", "over plain", "1 of 1000 replaced", "over plain" },
    rows = {},
  }
  local found = result.options or {}
  for _, case in ipairs(cases.options) do
    local row, of = { case.name }, found[case.key]
    for _, key in ipairs { "hot", "replace" } do
      local value, plain = of and of[key], found.plain and found.plain[key]
      if value and plain then
        local text, most = ("%.2f"):format(value / plain),
          option_most(found, case, key)
        if most then
          text = judged(result, text, value <= most * (1 + cases.noise),
            ("<= %.3g"):format(most / plain))
        end
        row[#row + 1] = number(value)
        row[#row + 1] = text
      end
    end
    if #row > 1 then t.rows[#t.rows + 1] = row end
  end
  return t
end

function own.edge(result)
  local t = {
    title = "C: freeing and taking 1 MiB while more and more of the heap is"
      .. " free, the slowest step over the middle one",
    head = { "", "ratio" }, rows = {},
  }
  for _, key in ipairs(cases.edge) do
    local ratio = ((result.edge or {}).edge or {})[key]
    if ratio then
      t.rows[#t.rows + 1] = { key, judged(result, ("%.2f"):format(ratio),
        ratio <= cases.edge_most * (1 + cases.noise),
        "<= " .. cases.edge_most) }
    end
  end
  return t
end

function own.bounds(result)
  local t = {
    title = "C: the slowest call of mems, microseconds, the least of 3 runs;"
      .. " and without what the kernel takes",
    head = { "", "calls", "slowest", "without kernel", "> 1 ms" }, rows = {},
  }
  for _, case in ipairs(cases.bounds) do
    local of = (result.bounds or {})[case.key]
    if of then
      local alone, slow = number(of["own.us"]), ("%.0f"):format(of.over1ms)
      if not case.refused then
        slow = judged(result, slow, of["own.us"] <= cases.bounds_most, "0")
      end
      t.rows[#t.rows + 1] = { case.name, ("%.0f"):format(of.calls),
        number(of.us), alone, slow }
    end
  end
  return t
end

return own

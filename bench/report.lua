--- The tables: from results to rows of strings, and those to text for a
-- terminal or to Markdown. A cell that misses its bar says so.

local cases = require "cases"
local cell = require "cell"
local own = require "own"

local report = {}

local BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"

local judged, number = cell.judged, cell.number

--- The figure `key` of a workload for one allocator, or nil.
local function figure(result, workload, subject, key)
  local of = result.c[workload] and result.c[workload][subject]
  return of and of[key]
end

local function ratio_cell(result, workload, peer, key)
  local ours = figure(result, workload.key, "mems", key)
  local theirs = figure(result, workload.key, peer, key)
  if not ours or not theirs then return "-" end
  local ratio = theirs / ours
  local text = ("%.2f"):format(ratio)
  local bar = workload.bars and workload.bars[peer]
  if not bar then return text end
  return judged(result, text, ratio >= bar * (1 - cases.noise),
    ("%.4g"):format(bar))
end

--- The most that ours may be: for times with what an empty call costs more on
-- this machine.
local function most_of(result, workload, key)
  local empty = figure(result, workload.key, "none", key)
  if not workload.empty or not empty then return workload.most end
  return workload.most + math.max(0, empty - workload.empty)
end

local function own_cell(result, workload, key)
  local ours = figure(result, workload.key, "mems", key)
  local text = number(ours)
  if not ours or not workload.most then return text end
  local most = most_of(result, workload, key)
  local noise = workload.empty and cases.noise or 0
  return judged(result, text, ours <= most * (1 + noise),
    "<= " .. number(most))
end

--- A table of workloads by allocators; with ratios unless `plain`.
local function compared(result, title, list, key, plain)
  local t = { title = title, head = { "" }, rows = {} }
  for _, subject in ipairs(cases.subjects) do
    if not (plain and subject == "none") then
      t.head[#t.head + 1] = subject
    end
  end
  for _, peer in ipairs(plain and {} or cases.peers) do
    t.head[#t.head + 1] = "x " .. peer
  end
  for _, workload in ipairs(list) do
    local row = { workload.name }
    for _, subject in ipairs(cases.subjects) do
      if subject == "mems" then
        row[#row + 1] = own_cell(result, workload, key)
      elseif not (plain and subject == "none") then
        row[#row + 1] = number(figure(result, workload.key, subject, key))
      end
    end
    for _, peer in ipairs(plain and {} or cases.peers) do
      row[#row + 1] = ratio_cell(result, workload, peer, key)
    end
    if result.c[workload.key] then t.rows[#t.rows + 1] = row end
  end
  return t
end

--- One row of the table of pauses; `bar` marks the ones that are judged.
local function pause_row(result, key, name, subject, call)
  local function of(which)
    return figure(result, key, subject, call .. "." .. which)
  end
  if not of "always.max" then return nil end
  local slow, stops = of "always.over50us", of "always.over1ms"
  local row = { name }
  for _, share in ipairs { "p50", "p99", "p99.9", "p99.99", "max" } do
    row[#row + 1] = ("%.2f"):format(of("always." .. share) / 1000)
  end
  row[#row + 1] = ("%.2f"):format(slow)
  row[#row + 1] = ("%.2f"):format(stops)
  if subject == "mems" then
    row[7] = judged(result, row[7], slow <= 1, "<= 1")
    row[8] = judged(result, row[8], stops == 0, "0")
  end
  row[#row + 1] = ("%.1f"):format(of "once.max" / 1000)
  row[#row + 1] = ("%.2f"):format(of "once.over50us")
  row[#row + 1] = ("%.2f"):format(of "once.over1ms")
  return row
end

local function pauses(result, workload)
  local t = {
    title = "Pauses, " .. workload.name .. ": microseconds per call, the"
      .. " least of 3 runs; calls per 10^5 over 50 us and 1 ms; and both"
      .. " in 1 run",
    head = { "", "p50", "p99", "p99.9", "p99.99", "max", "> 50 us",
      "> 1 ms", "max, 1 run", "> 50 us", "> 1 ms" },
    rows = {},
  }
  t.rows[1] = pause_row(result, workload.key, "empty call", "none", "empty")
  for _, call in ipairs { "malloc", "free" } do
    for _, subject in ipairs(cases.subjects) do
      if subject ~= "none" then
        t.rows[#t.rows + 1] = pause_row(result, workload.key,
          subject .. " " .. call, subject, call)
      end
    end
  end
  return t
end

local function counts(result)
  local t = {
    title = "Instructions per operation (callgrind)",
    head = { "", "mems" }, rows = {},
  }
  local least, most = math.huge, 0
  for _, workload in ipairs(cases.count) do
    local each = result.count[workload.key]
    if each then
      least, most = math.min(least, each), math.max(most, each)
      t.rows[#t.rows + 1] = { workload.name, number(each) }
    end
  end
  if #t.rows > 1 then
    local spread = most / least
    t.rows[#t.rows + 1] = { "most / least", judged(result,
      ("%.2f"):format(spread), spread <= cases.count_spread,
      "<= " .. cases.count_spread) }
  end
  return t
end

local function lua_row(result, case)
  local ours = result.lua[case.key]
  if not ours then return nil end
  local of, text, ratio = case.of and result.lua[case.of], number(ours), "-"
  if of then
    ratio = ("%.2f"):format(ours / of)
    if case.most then
      ratio = judged(result, ratio, ours / of <= case.most,
        "<= " .. case.most)
    end
  end
  if case.most_ns then
    text = judged(result, text, ours <= case.most_ns, "<= " .. case.most_ns)
  end
  return { case.key, text, ratio, of and case.of or "" }
end

local function lua_calls(result)
  local t = {
    title = "Lua 5.4: ns per iteration, loop included",
    head = { "", "ns", "ratio", "to" }, rows = {},
  }
  for _, case in ipairs(cases.lua) do
    t.rows[#t.rows + 1] = lua_row(result, case)
  end
  return t
end

local function bulk(result)
  local t = {
    title = "Lua 5.4, bulk verbs on 64 MiB: GB/s",
    head = { "", "mems", "in C", "", "ratio" }, rows = {},
  }
  for _, case in ipairs(cases.bulk) do
    local ours = result.lua["bulk." .. case.key]
    local theirs = result.lua["bulk.twin." .. case.key]
    if ours and theirs then
      local ratio = ours / theirs
      t.rows[#t.rows + 1] = { case.key, number(ours), number(theirs),
        case.twin, judged(result, ("%.2f"):format(ratio),
          ratio >= case.least, ">= " .. case.least) }
    end
  end
  return t
end

local function object_row(result, case)
  local ours = result.objects[case.key]
  if not ours then return nil end
  local of, ratio = case.of and result.objects[case.of], "-"
  if of then
    ratio = ("%.2f"):format(ours / of)
    if case.most then
      ratio = judged(result, ratio, ours / of <= case.most,
        "<= " .. case.most)
    elseif case.least then
      ratio = judged(result, ratio, ours / of >= case.least,
        ">= " .. case.least)
    end
  end
  return { case.key, number(ours), case.unit, ratio, case.of or "" }
end

local function objects(result)
  local t = {
    title = "Lua 5.4, arrays and structs: one access, loop included;"
      .. " 10^6 f64 sorted; 64 MiB of f64; bytes for each of 10^6 f64",
    head = { "", "figure", "unit", "ratio", "to" }, rows = {},
  }
  for _, case in ipairs(cases.objects) do
    t.rows[#t.rows + 1] = object_row(result, case)
  end
  return t
end

local function ffi(result)
  local t = {
    title = "LuaJIT's FFI, unchecked, for orientation: ns per iteration",
    head = { "", "-joff", "JIT" }, rows = {},
  }
  for _, case in ipairs(cases.ffi) do
    local off = result.ffi.joff and result.ffi.joff[case.key]
    local on = result.ffi.jit and result.ffi.jit[case.key]
    t.rows[#t.rows + 1] = { case.key, number(off), number(on) }
  end
  return t
end

local function flat(result)
  local t = {
    title = "Lua 5.4: ns per call with 10 and with 10^6 live blocks of 48"
      .. " bytes, loop included",
    head = { "", "10", "10^6 in order", "ratio", "10^6 at random", "ratio" },
    rows = {},
  }
  for _, verb in ipairs(cases.flat) do
    local few = result.flat[verb.key .. ", 10 live"]
    local many = result.flat[verb.key .. ", many in order"]
    local random = result.flat[verb.key .. ", many at random"]
    if few and many and random then
      local ratio = ("%.2f"):format(many / few)
      if verb.below then
        ratio = judged(result, ratio, many / few < verb.below,
          "< " .. verb.below)
      end
      t.rows[#t.rows + 1] = { verb.key, number(few), number(many), ratio,
        number(random), ("%.2f"):format(random / few) }
    end
  end
  return t
end

--- What the bars are for, where ratios are judged.
local function bars_for(result)
  local empty = figure(result, "hot64", "none", "ns")
  if result.smoke or result.unjudged or not empty then return "" end
  return (" (bars are for a machine whose empty pair costs 1 to 2 ns, here"
    .. " %.1f; %d %% of noise allowed)"):format(empty, cases.noise * 100)
end

--- Does mems map more than it may? A fact, and no time.
report.space_missed = own.space_missed

--- Every table that has rows.
local function tables(result)
  local list = {
    compared(result, "C: ns per operation (one malloc, one free); x is"
      .. " peer / mems" .. bars_for(result), cases.time, "ns"),
    compared(result, "C: ns per look-up; peers: malloc_usable_size",
      cases.look, "ns"),
    compared(result, "C: resident bytes over payload, percent",
      cases.memory, "percent", true),
    own.space(result),
  }
  for _, workload in ipairs(cases.pause) do
    list[#list + 1] = pauses(result, workload)
  end
  list[#list + 1] = own.bounds(result)
  list[#list + 1] = counts(result)
  list[#list + 1] = own.translated(result)
  list[#list + 1] = own.options(result)
  list[#list + 1] = own.edge(result)
  if result.lua then
    list[#list + 1] = lua_calls(result)
    list[#list + 1] = bulk(result)
  end
  if result.objects then list[#list + 1] = objects(result) end
  if result.flat then list[#list + 1] = flat(result) end
  if result.ffi then list[#list + 1] = ffi(result) end
  for i = #list, 1, -1 do
    if #list[i].rows == 0 then table.remove(list, i) end
  end
  return list
end

local function widths(t)
  local width = {}
  for i, text in ipairs(t.head) do width[i] = #text end
  for _, row in ipairs(t.rows) do
    for i, text in ipairs(row) do width[i] = math.max(width[i] or 0, #text) end
  end
  return width
end

local function line(row, width, mark)
  local cells = {}
  for i, text in ipairs(row) do
    local space = (" "):rep(width[i] - #text)
    cells[i] = i == 1 and text .. space or space .. text
  end
  return mark and "| " .. table.concat(cells, " | ") .. " |"
    or (table.concat(cells, "  "):gsub("%s+$", ""))
end

local function heading(result)
  return ("%s; %s; median of %d runs%s"):format(result.machine, result.date,
    result.rounds, result.smoke and " (smoke: figures mean nothing)" or "")
end

--- Prints every table.
function report.print(result)
  print(heading(result))
  for _, t in ipairs(tables(result)) do
    local width = widths(t)
    print("\n" .. t.title)
    print(line(t.head, width))
    for _, row in ipairs(t.rows) do print(line(row, width)) end
  end
end

-- Text in lines of at most 78 columns.
local function wrapped(text)
  local lines, row = {}, ""
  for word in text:gmatch("%S+") do
    if #row + #word > 77 then lines[#lines + 1], row = row, "" end
    row = row == "" and word or row .. " " .. word
  end
  lines[#lines + 1] = row
  return table.concat(lines, "\n")
end

-- A table in Markdown.
local function grid(t)
  local width, rule, out = widths(t), {}, {}
  for i in ipairs(t.head) do
    width[i] = math.max(width[i], 3)
    rule[i] = ("-"):rep(width[i] - 1) .. (i == 1 and "-" or ":")
  end
  out[1], out[2] = line(t.head, width, true), line(rule, width, true)
  for _, row in ipairs(t.rows) do out[#out + 1] = line(row, width, true) end
  return table.concat(out, "\n")
end

local function markdown(result)
  local out = { heading(result) .. "." }
  for _, t in ipairs(tables(result)) do
    out[#out + 1] = "\n" .. wrapped(t.title .. ".") .. "\n\n" .. grid(t)
  end
  return table.concat(out, "\n")
end

--- The README's table: what a table takes and what mems takes.
local function brief(result)
  local t = { head = { "", "table of Lua", "mems", "table / mems" }, rows = {} }
  for _, case in ipairs(cases.brief) do
    local theirs = result.objects[case.table]
    local ours = result.objects[case.mems]
    if theirs and ours then
      local ratio, digits = theirs / ours, ours < 1 and "%.2f" or "%.1f"
      local function shown(value)
        local text = (value >= 100 and "%.0f" or digits):format(value)
        return case.unit == "" and text or text .. " " .. case.unit
      end
      t.rows[#t.rows + 1] = { case.name, shown(theirs), shown(ours),
        (ratio >= 10 and "%.0f" or ratio >= 1 and "%.1f" or "%.2f")
          :format(ratio) }
    end
  end
  return ("%s; %s.\n\n%s"):format(result.machine, result.date, grid(t))
end

--- Puts text between the marks in the file at `path`.
local function insert(path, text)
  local file = assert(io.open(path))
  local all = file:read "a"
  file:close()
  local _, from = all:find(BEGIN, 1, true)
  local to = all:find(END, 1, true)
  assert(from and to, path .. " has no " .. BEGIN .. " and " .. END)
  file = assert(io.open(path, "w"))
  assert(file:write(all:sub(1, from), "\n", text, "\n", all:sub(to)))
  assert(file:close())
end

--- Puts the tables into docs/benchmarks.md, and the short one into README.md.
function report.write_docs(result)
  result = setmetatable({ unjudged = true }, { __index = result })
  insert("docs/benchmarks.md", markdown(result))
  if result.objects then insert("README.md", brief(result)) end
end

return report

--- Reads a program or library of Linux (ELF, 64 bits): its header, its sections
-- and how many symbols of each kind it has. The file is one buffer; structs
-- and arrays lie over its bytes, nothing is copied.
--
--     lua5.4 examples/elf.lua FILE

local mems = require "mems"

local Symbol <const> = mems.struct({
  { "name", "u32le" },
  { "kind", "u8", bits = 4 }, { "binding", "u8", bits = 4 },
  { "visibility", "u8", bits = 2 }, { "section", "u16le", offset = 6 },
  { "value", "u64le" }, { "size", "u64le" },
}, {
  kinds = { [0] = "none", "object", "function", "section", "file", "common",
            "tls" },
})

local Section <const> = mems.struct({
  { "name", "u32le" }, { "kind", "u32le" }, { "flags", "u64le" },
  { "address", "u64le" }, { "offset", "u64le" }, { "size", "u64le" },
  { "link", "u32le" }, { "info", "u32le" }, { "align", "u64le" },
  { "entry", "u64le" },
}, {
  DYNSYM = 11,
  -- Its flags as readelf has the first three.
  letters = function(section)
    local out = ""
    for bit, letter in ipairs { "W", "A", "X" } do
      if section.flags >> (bit - 1) & 1 == 1 then out = out .. letter end
    end
    return out
  end,
})

local Header <const> = mems.struct({
  { "magic", "u8", 4 }, { "class", "u8" }, { "order", "u8" },
  { "kind", "u16le", offset = 16 }, { "machine", "u16le" },
  { "version", "u32le" }, { "entry", "u64le" }, { "programs", "u64le" },
  { "sections", "u64le" }, { "flags", "u32le" }, { "size", "u16le" },
  { "program_size", "u16le" }, { "program_count", "u16le" },
  { "section_size", "u16le" }, { "section_count", "u16le" },
  { "names", "u16le" },
}, {
  kinds = { "relocatable file", "program", "library or program",
            "core dump" },
  machines = { [3] = "x86", [62] = "x86-64", [183] = "AArch64",
               [243] = "RISC-V" },
})

-- The string that a table of strings has at an offset.
local function name_at(file, strings, offset)
  return file:cstring(nil, strings.offset + offset)
end

local function print_sections(file, sections, strings)
  for i, section in ipairs(sections) do
    print(("[%2d] %-20s %-3s %12x %9d"):format(i - 1,
      name_at(file, strings, section.name), section:letters(),
      section.address, section.size))
  end
end

-- How many symbols of each kind there are.
local function count_symbols(file, section)
  local count = {}
  local symbols = mems.view(Symbol, file, section.offset,
                            section.size // Symbol.size)
  local symbol = symbols[1]
  for i = 1, #symbols do
    local kind = symbol:move(i).kinds[symbol.kind] or "other"
    count[kind] = (count[kind] or 0) + 1
  end
  return count
end

local function print_symbols(file, sections)
  for _, section in ipairs(sections) do
    if section.kind == Section.DYNSYM then
      local lines = {}
      for kind, n in pairs(count_symbols(file, section)) do
        lines[#lines + 1] = ("%s %d"):format(kind, n)
      end
      table.sort(lines)
      print("dynamic symbols: " .. table.concat(lines, ", "))
    end
  end
end

local function main(path)
  if not path then error("usage: elf.lua FILE", 0) end
  mems.init()
  local file <close> = assert(mems.readfile(path))
  if #file < Header.size or file:readstring(4) ~= "\x7fELF" then
    error(path .. " is no ELF file", 0)
  end
  local header = Header:at(file)
  if header.class ~= 2 or header.order ~= 1 then
    error(path .. " is not of 64 bits, the lowest byte first", 0)
  end
  print(("%s: %s for %s, entry at 0x%x"):format(path,
    header.kinds[header.kind] or "a file",
    header.machines[header.machine] or "machine " .. header.machine,
    header.entry))
  local sections = mems.view(Section, file, header.sections,
                             header.section_count)
  print_sections(file, sections, sections[header.names + 1])
  print_symbols(file, sections)
end

local ok, message = pcall(main, ...)
if not ok then
  io.stderr:write(tostring(message), "\n")
  os.exit(1)
end

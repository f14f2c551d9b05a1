--- reference.lua OUT: writes the doc comments of the module as one file that
-- LDoc reads, by sections, without what is for editors only.

package.path = ".ci/?.lua;" .. package.path

local doc = require "doc"

-- What stands under the heading of a section.
local INTROS <const> = {
  Heap = "Opening and closing. Every function below is one of the module, on "
    .. "the default heap, and a method of what @{open} gives.",
  Blocks = "Memory by the block, as C has it.",
  Addresses = "Arithmetic. Needs no heap.",
  Memory = "Reading and writing a value, checked. Where an address is taken "
    .. "as `memory` an object will do: a buffer, an array or a struct. All of "
    .. "these are methods of buffers as well, without the first argument.",
  Bulk = "Many bytes at once. Methods of buffers as well.",
  Strings = "Bytes to and from strings. Methods of buffers as well.",
  Files = "Between files and memory, with no string in between. Methods of "
    .. "buffers, arrays and structs as well.",
  Stream = "Values one behind the other, read and written where the stream "
    .. "is.",
  Inspection = "What a heap looks like, and who forgot to free.",
  Object = "What buffers, arrays and structs have in common. They own their "
    .. "memory, or are parts of one that does.",
  Buffer = "Bytes that free themselves.",
  Array = "Elements of one type, counted from 1.",
  Struct = "Fields laid out as in C. `S` is a type, `p` an object of it.",
  Living = "Heaps in files, what keeps them, and how a script finds what is "
    .. "in one.",
  Sharing = "Processes that use one heap: atomic numbers, waiting, locks.",
  Scope = "What is allocated through a scope is freed at its end.",
}

local ENTITY <const> = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }

-- Text as LDoc takes it: with some HTML.
local function marked(text)
  return (text:gsub("[&<>]", ENTITY):gsub("`([^`]+)`", "<code>%1</code>"))
end

local items, texts = doc.items()
local out = { "/***\n" .. marked(texts.mems) .. "\n@module mems\n*/\n" }
local section
for _, item in ipairs(items) do
  if item.section ~= section then
    section = item.section
    out[#out + 1] = ("/***\n%s.\n%s\n@section %s\n*/\n"):format(section,
      marked(INTROS[section]), section:lower())
  end
  local body = ("\n" .. item.body):gsub("\n@within[^\n]*", "")
    :gsub("\n@luals[^\n]*", "")
  out[#out + 1] = "/***" .. marked(body) .. "*/\n"
end

local file <close> = assert(io.open(..., "w"))
file:write(table.concat(out, "\n"))

-- examples/wordcount.lua against a plain Lua table on the same text.

local shell = require "spec.support.shell"

local SCRIPT <const> = "examples/wordcount.lua"
local EVERY <const> = 1000000 -- words to ask for, where all are wanted

-- The same rule said another way: every byte is looked up in a set.
local LETTERS <const> = {}
for byte = 0, 255 do
  local char = string.char(byte)
  LETTERS[byte] = byte >= 128 or char == "'" or char:find("^[A-Za-z0-9]$")
    and true
end

-- word -> count, how many words, how many different ones.
local function plain_count(text)
  local counts, total, different, start = {}, 0, 0, nil
  text = text:lower() .. " "
  for i = 1, #text do
    if LETTERS[text:byte(i)] then
      start = start or i
    elseif start then
      local word = text:sub(start, i - 1):gsub("^'+", ""):gsub("'+$", "")
      start = nil
      if word ~= "" then
        different = different + (counts[word] and 0 or 1)
        counts[word] = (counts[word] or 0) + 1
        total = total + 1
      end
    end
  end
  return counts, total, different
end

-- The lines that the script is to print for `counts`.
local function ranked(counts, how_many)
  local words, lines = {}, {}
  for word in pairs(counts) do words[#words + 1] = word end
  table.sort(words, function(a, b)
    if counts[a] ~= counts[b] then return counts[a] > counts[b] end
    return a < b
  end)
  for i = 1, math.min(how_many, #words) do
    lines[i] = string.format("%8d %s\n", counts[words[i]], words[i])
  end
  return table.concat(lines)
end

-- At least `size` bytes of lines of words, Zipf-like: the n-th word comes
-- about 1/n as often as the first. The same on every machine.
local function generate(size, vocabulary)
  local state = 2463534242
  local function random(n)
    state = state ~ (state << 13) & 0xffffffff
    state = state ~ state >> 17
    state = state ~ (state << 5) & 0xffffffff
    return state % n
  end
  local syllables = { "ba", "den", "ko", "li", "mu", "'", "re", "sten", "to",
    "u", "vi", "zaal", "5", "\u{e9}l", "ny" }
  local ends = { " ", " ", " ", " ", ", ", ". ", "\n", " '", "' ", "-", "\r\n",
    "; ", "\0", "\t", " (" }
  local words = {}
  for i = 1, vocabulary do
    local parts, n = {}, i
    repeat
      parts[#parts + 1] = syllables[n % #syllables + 1]
      n = n // #syllables
    until n == 0
    words[i] = table.concat(parts)
  end
  local text, length = {}, 0
  while length < size do
    local rank = math.floor(math.exp(random(1 << 24) / (1 << 24)
                                     * math.log(vocabulary + 1)))
    local word = words[math.min(rank, vocabulary)]
    if random(8) == 0 then word = word:upper() end
    local piece = word .. ends[random(#ends) + 1]
    text[#text + 1] = piece
    length = length + #piece
  end
  return table.concat(text)
end

-- Runs the script and takes its output apart.
local function wordcount(...)
  local printed, complained, code = shell.lua(SCRIPT, ...)
  assert.equal("", complained)
  assert.equal(0, code)
  local total, different, rest =
    printed:match("^(%d+) words, (%d+) different\n(.*)$")
  assert.is_string(total, printed)
  local words, totals, freed = rest:match(
    "^(.-)(Pages used:.-\n%-+\n)After all is freed:\n(.*)$")
  assert.is_string(words, printed)
  return { total = tonumber(total), different = tonumber(different),
    words = words, totals = totals, freed = freed }
end

local function compare_with_plain(path, text)
  local counts, total, different = plain_count(text)
  local all = wordcount(path, EVERY)
  assert.equal(total, all.total)
  assert.equal(different, all.different)
  assert.is_true(ranked(counts, EVERY) == all.words, "the counts differ")
  local top = wordcount(path)
  assert.equal(ranked(counts, 20), top.words)
  return top, different
end

local function system_text()
  for _, path in ipairs { "/usr/share/common-licenses/GPL-3",
    "/usr/share/licenses/common/GPL-3.0-only/license.txt",
    "/usr/share/perl5/perlfaq.pod", "/etc/services" } do
    if shell.exists(path) then return path end
  end
  return "LICENSE"
end

describe("wordcount", function()
  local path

  before_each(function() path = os.tmpname() end)
  after_each(function() os.remove(path) end)

  it("counts a generated text of 1 MB as a Lua table does", function()
    local text = generate(shell.scaled(1024 * 1024), 4000)
    shell.write(path, text)
    local _, different = compare_with_plain(path, text)
    assert.is_true(different > 16, "the table never grew")
  end)

  it("counts a text of this system as a Lua table does", function()
    local system = system_text()
    compare_with_plain(system, shell.read(system))
  end)

  it("counts a line that is longer than a block", function()
    local text = ("far off, far on "):rep(20000) .. ("x"):rep(200000)
    shell.write(path, text)
    local result = wordcount(path)
    assert.equal(80001, result.total)
    assert.equal(ranked(plain_count(text), 20), result.words)
  end)

  it("keeps apostrophes inside a word only, and ranks equals by word",
    function()
      shell.write(path, "'Tis don't ''' 'quoted' dogs' b a c'' '\nDON'T")
      assert.equal("       2 don't\n       1 a\n       1 b\n       1 c\n" ..
        "       1 dogs\n       1 quoted\n       1 tis\n",
        wordcount(path).words)
    end)

  it("prints as many words as it is asked for", function()
    shell.write(path, "one two two three three three")
    assert.equal("       3 three\n       2 two\n", wordcount(path, 2).words)
  end)

  it("prints no word of an empty file", function()
    local result = wordcount(path)
    assert.equal(0, result.total)
    assert.equal("", result.words)
  end)

  it("prints the totals of the classic statistics", function()
    shell.write(path, "a few words")
    assert.matches("^Pages used:\t%d+\nSpace unused:\t%d+\n" ..
      "Main Chain Length:\t%d+\nSub%-chain Length array: %[[%d, ]+%]\n" ..
      "%-%-%-%-%-+\n$", wordcount(path).totals)
  end)

  it("leaves nothing but holes", function()
    shell.write(path, generate(20000, 500))
    local freed = wordcount(path).freed
    local nodes = 0
    for chain in freed:gmatch("MAIN%[%d+:%d+%]%-> ([^\n]+)") do
      assert.equal("NULL", (chain:gsub("H%[%d+:%d+%] <%-> ", "")))
      nodes = nodes + 1
    end
    assert.is_true(nodes > 0)
    assert.matches("\nStill allocated: 0 blocks, 0 bytes\n$", freed)
  end)

  it("tells how it is used if no file is named", function()
    local printed, complained, code = shell.lua(SCRIPT)
    assert.equal("", printed)
    assert.matches("^usage: .*wordcount%.lua FILE", complained)
    assert.equal(2, code)
  end)

  it("refuses a number of words that is none", function()
    for _, number in ipairs { "x", "0", "-1", "1.5" } do
      shell.write(path, "word")
      local printed, complained, code = shell.lua(SCRIPT, path, number)
      assert.equal("", printed)
      assert.matches("^usage: ", complained)
      assert.equal(2, code)
    end
  end)

  it("names a file that is missing or can't be read", function()
    for _, bad in ipairs { "/nowhere/text", "/" } do
      local printed, complained, code = shell.lua(SCRIPT, bad)
      assert.equal("", printed)
      assert.matches("^wordcount: " .. bad .. ": %u[%w ]+\n$", complained)
      assert.equal(1, code)
    end
  end)
end)

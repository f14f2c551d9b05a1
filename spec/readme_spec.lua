-- The examples in README.md and docs run, and give what they say they give.
--
-- All ```lua blocks of a file are one program, in order. A comment "--> text"
-- behind a line, or below it, is a promise: the values of the expression, or
-- of the variables that are assigned, are that text, as tostring shows them
-- and with ", " between. A promise "--> error: text" means that the line
-- raises an error which ends so. A long text goes on in lines "--  text".
-- What the program prints stands in ```output blocks.

local shell = require "spec.support.shell"

-- A line of code with the promise that it makes, as code that checks it.
local function checked(code, promise)
  local targets = code:match("^%s*local%s+([%w_, ]-)%s*=") or
    code:match("^%s*([%w_.]+)%s*=[^=]")
  local raised = promise:match("^error: (.*)$")
  if raised then
    return ("PROMISE.raises(%q, function() %s end)"):format(raised, code)
  elseif targets then
    return ("%s; PROMISE.gives(%q, %s)"):format(code, promise, targets)
  end
  return ("PROMISE.gives(%q, %s)"):format(promise, code)
end

-- The lines of a file as { code =, promise = }, those outside of Lua blocks
-- empty, so that line numbers stay; and the text of its output blocks.
local function lines_of(text)
  local out, output, inside, holder = {}, {}, nil, nil
  for line in text:gmatch("([^\n]*)\n") do
    local entry = { code = "" }
    local code, promise = line:match("^(.-)%s*%-%->%s*(.-)%s*$")
    local more = holder and line:match("^%s*%-%-  (.*)$")
    if line:find("^```") then
      inside, holder = not inside and line or nil, nil
    elseif inside == "```output" then
      output[#output + 1] = line .. "\n"
    elseif inside ~= "```lua" then
      holder = nil
    elseif more then
      holder.promise = holder.promise .. " " .. more
    elseif promise then
      holder = code == "" and out[#out] or entry
      holder.promise, entry.code = promise, code
    else
      entry.code, holder = line, nil
    end
    out[#out + 1] = entry
  end
  return out, table.concat(output)
end

-- Runs the examples of a text: what they printed, what they should print,
-- what went wrong, and how many promises there were.
local function run(text)
  local lines, output = lines_of(text)
  local out, promises = {}, 0
  for number, line in ipairs(lines) do
    if line.promise then promises = promises + 1 end
    out[number] = line.promise and checked(line.code, line.promise) or line.code
  end
  local path = os.tmpname()
  shell.write(path, 'local PROMISE <const> = require "spec.support.promises";'
    .. table.concat(out, "\n"))
  local printed, complained = shell.lua(path)
  os.remove(path)
  return printed, output, complained, promises
end

local function assert_kept(path)
  local printed, output, complained, promises = run(shell.read(path))
  assert.equal("", complained, path)
  assert.equal(output, printed, path)
  return promises
end

describe("the examples", function()
  it("of README.md run and keep their promises", function()
    assert.is_true(assert_kept "README.md" >= 20)
  end)

  it("of the docs run and keep their promises", function()
    local paths = shell.run("ls docs/*.md")
    for path in paths:gmatch("%S+") do
      if shell.read(path):find("\n```lua\n") then assert_kept(path) end
    end
  end)
end)

describe("the C program in README.md #style", function()
  it("compiles without a warning and runs", function()
    local program = os.tmpname()
    shell.write(program .. ".c", shell.read("README.md"):match("```c\n(.-)```"))
    local _, complained, code = shell.run(string.format(
      "cc -std=c11 -Wall -Wextra -Werror -Isrc %s.c -o %s \z
       build/libmems.a && %s", program, program, program))
    os.remove(program)
    os.remove(program .. ".c")
    assert.equal("", complained)
    assert.equal(0, code)
  end)
end)

describe("the reader of examples", function()
  local function complaint(text)
    local _, _, complained = run("```lua\n" .. text .. "\n```\n")
    return complained
  end

  it("takes a promise that is kept", function()
    assert.equal("", complaint("local a = 1 --> 1\na + 1 --> 2"))
    assert.equal("", complaint("error('no') --> error: no"))
  end)

  it("takes one below the line, over several lines", function()
    assert.equal("", complaint("local a = 'x y'\n--> x\n--  y\na --> x y"))
    assert.match("gives x y z, not x y\n",
                 complaint("local a = 'x y z'\n--> x\n--  y\na = 1 --> 1"))
  end)

  it("refuses one that is not", function()
    assert.match(":2: gives 1, not 2\n", complaint("local a = 1 --> 2\na = 1"))
    assert.match(":2: gives 2, not 3\n", complaint("1 + 1 --> 3"))
    assert.match("no error, not the error no\n",
                 complaint("local _ = 1 --> error: no"))
  end)

  it("compares what is printed", function()
    local printed, output = run("```lua\nprint 'a'\n```\n```output\na\n```\n")
    assert.equal("a\n", printed)
    assert.equal(output, printed)
  end)
end)

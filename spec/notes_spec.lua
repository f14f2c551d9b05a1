-- examples/notes.lua, which is killed at random.

local place = require "spec.support.place"
local shell = require "spec.support.shell"

local PROGRAM <const> = "examples/notes.lua"

describe(PROGRAM, function()
  local path
  before_each(function() path = place.new() end)
  after_each(function() place.clear() end)

  -- What a command prints.
  local function notes(...)
    local printed, complained, code = shell.lua(PROGRAM, path, ...)
    assert.equal("", complained)
    assert.equal(0, code)
    return printed
  end

  it("keeps notes from one call to the next", function()
    notes("add", "milk", "two bottles")
    notes("add", "eggs", "six")
    notes("add", "milk", "three bottles")
    assert.equal("three bottles\n", notes("get", "milk"))
    local list = notes "list"
    assert.match("^eggs +%d+%-%d+%-%d+  six\nmilk .*  three bottles\n$", list)
    assert.equal("milk", notes("find", "bott"):match "^%w+")
    assert.equal("2 notes, all in order\n", notes "check")
    notes("delete", "eggs")
    assert.equal("", notes("find", "six"))
    assert.equal("1 notes, all in order\n", notes "check")
  end)

  it("says what is wrong", function()
    for _, words in ipairs { {}, { path }, { path, "list", 1 },
                             { path, "add", "x" }, { path, "nosuch" } } do
      local _, complained, code = shell.lua(PROGRAM, table.unpack(words))
      assert.equal(1, code)
      assert.match("usage: notes.lua FILE", complained)
      assert.is_nil(io.open(path))
    end
    for _, command in ipairs { "get", "delete" } do
      local _, complained, code = shell.lua(PROGRAM, path, command, "x")
      assert.equal(1, code)
      assert.equal("notes.lua: there is no note x\n", complained)
    end
    local _, complained, code = shell.lua(PROGRAM, "/none/x", "list")
    assert.equal(1, code)
    assert.match("No such file or directory", complained)
  end)

  -- Commands for one run: changes of notes of a few keys.
  local function changes(round)
    local lines = {}
    for i = 1, 2000 do
      local key = "key" .. math.random(60)
      lines[i] = ("add %s %s"):format(key, ("%d-%d "):format(round, i)
        :rep(math.random(60)))
      if math.random(3) == 1 then
        lines[i] = lines[i] .. "\ndelete " .. key
      end
    end
    return table.concat(lines, "\n") .. "\n"
  end

  -- What a line makes of the notes that there were.
  local function apply(there, line)
    local command, key, text = line:match "^(%l+) (%S+) ?(.*)$"
    there[key] = command == "add" and text or nil
  end

  local function same(a, b)
    for key, value in pairs(a) do
      if b[key] ~= value then return false end
    end
    for key in pairs(b) do
      if a[key] == nil then return false end
    end
    return true
  end

  local function copy(t)
    local other = {}
    for key, value in pairs(t) do other[key] = value end
    return other
  end

  -- Runs commands from a file, in a process that is killed so many seconds
  -- later if it has not ended. Gives what it printed and whether it was killed.
  local function run(input, seconds)
    local printed, _, code = shell.run(table.concat({
      "LUA_PATH_5_4=" .. shell.quote(package.path),
      "LUA_CPATH_5_4=" .. shell.quote(package.cpath),
      "lua5.4", PROGRAM, path, "run <", input,
      seconds and "& sleep " .. seconds .. "; kill -9 $!; wait $!" or "",
    }, " "))
    return printed, code == 137
  end

  -- The notes that the file has.
  local function found(input)
    local keys, there = {}, {}
    for key in notes "list":gmatch "(%S+)[^\n]*\n" do
      keys[#keys + 1] = "get " .. key
    end
    shell.write(input, table.concat(keys, "\n") .. "\n")
    if #keys == 0 then return there end
    local printed = run(input)
    for text, key in printed:gmatch "([^\n]*)\ndone get (%S+)\n" do
      there[key] = text
    end
    return there
  end

  it("loses no note and leaves no block behind, whenever killed", function()
    local input, there, kills = os.tmpname(), {}, 0
    for round = 1, shell.scaled(40) do
      local text = changes(round)
      shell.write(input, text)
      local printed, killed = run(input, round % 12 * 0.003 + 0.004)
      if killed then kills = kills + 1 end
      local done, next_one = 0, nil
      for line in printed:gmatch "done ([^\n]*)\n" do
        done = done + 1
        apply(there, line)
      end
      for line in text:gmatch "[^\n]+" do
        done = done - 1
        if done == -1 then next_one = line end
      end
      if io.open(path) then
        assert.match("^%d+ notes, all in order\n$", notes "check")
        local now, after = found(input), copy(there)
        if next_one then apply(after, next_one) end
        assert.is_true(same(there, now) or same(after, now), next_one)
        there = now
      end
    end
    os.remove(input)
    assert.is_true(kills > 0)
  end)
end)

-- examples/workers.lua, whose workers are killed as they go.

local shell = require "spec.support.shell"

describe("examples/workers.lua", function()
  local paths = {}

  setup(function()
    for i = 1, 40 do
      paths[i] = os.tmpname()
      local words = {}
      for k = 1, 600 do -- most are in one file only
        local tail = k % 3 == 0 and k % 17 or 600 * i + k
        words[k] = "word" .. tostring(tail):gsub("%d", function(digit)
          return ("abcdefghij"):sub(digit + 1, digit + 1)
        end)
      end
      shell.write(paths[i], table.concat(words, " ") .. "\n")
    end
  end)

  teardown(function()
    for _, path in ipairs(paths) do os.remove(path) end
  end)

  -- Calls `watch` with each state of the line of progress.
  local function follow(pipe, watch)
    local line = ""
    for char in function() return pipe:read(1) end do
      if char:find "[\r\n]" then
        watch(line)
        line = ""
      else
        line = line .. char
      end
    end
  end

  -- The counts that it prints.
  local function count(watch)
    local out = os.tmpname()
    local command = shell.words("examples/workers.lua",
                                table.unpack(paths))
    local pipe = assert(io.popen(command .. " 2>&1 >" .. out))
    follow(pipe, watch)
    assert.is_true((pipe:close()))
    local printed = shell.read(out)
    os.remove(out)
    return printed
  end

  local function pids_in(line)
    return (line:match "workers: (.*)" or ""):gmatch "%d+"
  end

  local function kill(pid)
    return os.execute("kill -9 " .. pid .. " 2>/dev/null")
  end

  -- What is seen in time depends on the machine: a few tries, and in the
  -- slow builds the workers may be done before anybody has read a line.
  local function seen_at_last(try)
    for _ = 1, 10 do
      if try() or shell.scaled(100) < 100 then return true end
    end
    return false
  end

  local expected

  it("counts, and shows a line of progress", function()
    assert.is_true(seen_at_last(function()
      local most, last = 0, nil
      expected = count(function(line)
        local n = 0
        for _ in pids_in(line) do n = n + 1 end
        most, last = math.max(most, n), line
      end)
      assert.matches("^24000 words, 16017 of them different\n *%d+  word",
                     expected)
      assert.matches("^40 of 40 files", last)
      return most == 4
    end))
  end)

  it("counts the same whoever is killed", function()
    local kills, rounds = 0, 0
    assert.is_true(seen_at_last(function()
      local seen = {}
      assert.equal(expected, count(function(line)
        for pid in pids_in(line) do
          if not seen[pid] and math.random(3) == 1 and kill(pid) then
            kills = kills + 1
          end
          seen[pid] = true
        end
      end))
      rounds = rounds + 1
      return rounds >= 5 and kills > 0
    end))
  end)

  it("counts the same when all workers are killed", function()
    assert.is_true(seen_at_last(function()
      local kills = 0
      assert.equal(expected, count(function(line)
        for pid in pids_in(line) do
          if kill(pid) then kills = kills + 1 end
        end
      end))
      return kills >= 4
    end))
  end)

  it("refuses what is no file", function()
    for path, why in pairs { ["no-such-file"] = "No such file",
                             spec = "Is a directory" } do
      local printed, complained, code = shell.lua("examples/workers.lua", path)
      assert.equal("", printed)
      assert.matches(path .. ": " .. why, complained, 1, true)
      assert.equal(1, code)
    end
  end)

  it("ends, and says why, when the work can't be done", function()
    local script = os.tmpname()
    local text = shell.read "examples/workers.lua"
    assert.truthy(text:find("1 << 15", 1, true))
    shell.write(script, (text:gsub("1 << 15", "1 << 7")))
    local printed, complained, code = shell.run("timeout 100 env " ..
      shell.words(script, paths[1]))
    os.remove(script)
    assert.equal("", printed)
    assert.matches("too many words", complained)
    assert.equal(1, code)
  end)

  it("says how it is called", function()
    local _, complained, code = shell.lua("examples/workers.lua")
    assert.equal("usage: workers.lua FILE...\n", complained)
    assert.equal(1, code)
  end)
end)

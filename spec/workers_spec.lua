-- examples/workers.lua, whose workers are killed as they go.

local shell = require "spec.support.shell"

describe("examples/workers.lua", function()
  local paths = {}

  setup(function()
    for i = 1, 40 do
      paths[i] = os.tmpname()
      local words = {}
      for k = 1, 600 do
        words[k] = "word" .. ("abcdefghij"):rep(1 + k % 3):sub(1, 1 + k % 17)
      end
      shell.write(paths[i], table.concat(words, " ") .. "\n")
    end
  end)

  teardown(function()
    for _, path in ipairs(paths) do os.remove(path) end
  end)

  -- The counts that it prints; `watch` gets each line of progress.
  local function count(watch)
    local out = os.tmpname()
    local command = shell.words("examples/workers.lua",
                                table.unpack(paths))
    local pipe = assert(io.popen(command .. " 2>&1 >" .. out))
    for line in pipe:lines() do watch(line) end
    assert.is_true((pipe:close()))
    local printed = shell.read(out)
    os.remove(out)
    return printed
  end

  it("counts the same whoever is killed", function()
    local expected = count(function() end)
    assert.matches("%d  word", expected)
    local kills = 0
    for _ = 1, 5 do
      local seen = {}
      assert.equal(expected, count(function(line)
        for pid in (line:match "workers: (.*)" or ""):gmatch "%d+" do
          if not seen[pid] and math.random(3) == 1 and
             os.execute("kill -9 " .. pid .. " 2>/dev/null") then
            kills = kills + 1
          end
          seen[pid] = true
        end
      end))
    end
    assert.is_true(kills > 0)
  end)

  it("says how it is called", function()
    local _, complained, code = shell.lua("examples/workers.lua")
    assert.equal("usage: workers.lua FILE...\n", complained)
    assert.equal(1, code)
  end)
end)

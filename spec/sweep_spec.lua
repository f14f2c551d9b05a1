-- The sweep: every function and method there is, while finalizers and other
-- code of a script run in the middle of it, and while Lua has no memory for
-- each of its allocations. spec/sweep.lua runs more of it: `make sweep`.

local inside = require "spec.support.inside"
local shell = require "spec.support.shell"
local verbs = require "spec.support.verbs"

describe("the sweep", function()
  it("has a way to call each function and method there is", function()
    local missing, count = {}, 0
    for _, verb in ipairs(verbs.all()) do
      count = count + 1
      if not verb.recipes then
        missing[#missing + 1] = verb.kind .. "." .. verb.name
      end
    end
    assert.same({}, missing)
    assert.is_true(count > 350)
  end)

  it("has no way to call what is not there", function()
    assert.same({}, verbs.unused())
  end)

  it("finds what is registered anew", function()
    local mems = require "mems"
    local heap <close> = mems.open()
    for where, kind in pairs {
      [mems] = "mems", [debug.getmetatable(heap)] = "heap",
      [debug.getmetatable(mems.struct { { "x", "u8" } })] = "type",
    } do
      where.__newverb = print
      local found
      for _, verb in ipairs(verbs.all()) do
        if verb.name == "__newverb" then
          found = verb
          assert.equal(kind, verb.kind)
          assert.is_nil(verb.recipes)
        end
      end
      where.__newverb = nil
      assert.truthy(found)
    end
  end)

  it("finds no call that a script's code breaks #swept", function()
    local printed, complained, code = shell.lua("spec/sweep.lua", "few")
    assert.equal("", complained)
    assert.equal(0, code, printed)
    assert.matches("%d+ ways to call", printed)
  end)
end)

describe("a call whose allocations fail", function()
  if not inside.built then return pending("needs the probes: `make test`") end

  local probe, leave

  setup(function() probe, leave = select(2, inside.enter()) end)
  teardown(function() leave() end)

  -- Sweeps all verbs in a state of its own. Gives "FAILURES STARVED LAST".
  local CODE <const> = [[
    local sweep = require "spec.support.sweep"
    local out = { text = {} }
    function out:write(...)
      local line = table.concat { ... }
      if line:find "^FAILED" then self.text[#self.text + 1] = line end
    end
    local report = sweep.report(out)
    for _, flavor in ipairs { "default", "opened", "watched" } do
      for i, verb in ipairs(sweep.verbs(flavor)) do
        if i %% %d == 0 and (flavor ~= "watched" or not verb.typed) then
          sweep.starve(report, flavor, verb, fail, %d)
        end
      end
    end
    return table.concat(out.text) .. report.events
  ]]

  for more, shown in pairs { [0] = "one", [math.maxinteger // 2] =
                             "all from one on" } do
    it("is not half done, and nothing is lost: " .. shown, function()
      local state = probe.starved()
      assert(state:run(("package.path = %q"):format(package.path)))
      local step = math.min(50, 100 // shell.scaled(100))
      local text = assert(state:run(CODE:format(step, more)))
      local failed, starved = text:match("^(.-)(%d+)$")
      assert.equal("", failed)
      assert.is_true(more == 0 or tonumber(starved) > 300 // step)
      assert.same({ 0, 0 }, { state:close() })
    end)
  end
end)

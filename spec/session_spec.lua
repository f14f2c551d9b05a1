-- The classic session, to the byte, from both languages.

local shell = require "spec.support.shell"

-- The chain with all ten blocks, and with the fourth freed.
local FULL <const> = [[
----- MeMS SYSTEM STATS -----
MAIN[1000:5095]-> P[1000:1999] <-> P[2000:2999] <-> P[3000:3999] <-> ]] ..
  [[P[4000:4999] <-> H[5000:5095] <-> NULL
MAIN[5096:9191]-> P[5096:6095] <-> P[6096:7095] <-> P[7096:8095] <-> ]] ..
  [[P[8096:9095] <-> H[9096:9191] <-> NULL
MAIN[9192:13287]-> P[9192:10191] <-> P[10192:11191] <-> ]] ..
  "H[11192:13287] <-> NULL\n" ..
  "Pages used:\t3\n" ..
  "Space unused:\t2288\n" ..
  "Main Chain Length:\t3\n" .. [[
Sub-chain Length array: [5, 5, 3, ]
-----------------------------
]]

local FREED <const> = [[
----- MeMS SYSTEM STATS -----
MAIN[1000:5095]-> P[1000:1999] <-> P[2000:2999] <-> P[3000:3999] <-> ]] ..
  [[H[4000:5095] <-> NULL
MAIN[5096:9191]-> P[5096:6095] <-> P[6096:7095] <-> P[7096:8095] <-> ]] ..
  [[P[8096:9095] <-> H[9096:9191] <-> NULL
MAIN[9192:13287]-> P[9192:10191] <-> P[10192:11191] <-> ]] ..
  "H[11192:13287] <-> NULL\n" ..
  "Pages used:\t3\n" ..
  "Space unused:\t3288\n" ..
  "Main Chain Length:\t3\n" .. [[
Sub-chain Length array: [4, 5, 3, ]
-----------------------------
]]

local EXPECTED <const> = [[
malloc(1000) = 1000
malloc(1000) = 2000
malloc(1000) = 3000
malloc(1000) = 4000
malloc(1000) = 5096
malloc(1000) = 6096
malloc(1000) = 7096
malloc(1000) = 8096
malloc(1000) = 9192
malloc(1000) = 10192
get(1004) - get(1000) = 4
]] .. FULL .. "free(4000)\n" .. FREED .. "malloc(1000) = 4000\n" .. FULL

describe("the classic session", function()
  it("prints the classic text from Lua", function()
    local printed, complained, code = shell.lua("examples/session.lua")
    assert.equal("", complained)
    assert.equal(EXPECTED, printed)
    assert.equal(0, code)
  end)

  it("prints the same from C", function()
    local printed, complained, code = shell.c_example("session")
    assert.equal("", complained)
    assert.equal(EXPECTED, printed)
    assert.equal(0, code)
  end)

  it("needs no header of ours but mems.h and only the classic functions",
    function()
      local source = shell.read("examples/session.c")
      for header in source:gmatch('#include%s+"(.-)"') do
        assert.equal("mems.h", header)
      end
      local classic = { mems_init = true, mems_finish = true,
        mems_malloc = true, mems_free = true, mems_get = true,
        mems_print_stats = true }
      for name in source:gmatch("(mems_%w+[_%w]*)%s*%(") do
        assert.is_true(classic[name], name)
      end
    end)
end)

-- The test build of mems, with the probes that look inside: the same module,
-- but its requests to the OS can be made to fail, and its heaps be broken.

local PATH <const> = "build/test/mems/core.so"

local shell = require "spec.support.shell"

local inside = {}

--- Is there a test build? `make test` makes one. One that can't be loaded is
-- an error.
inside.built = shell.exists(PATH) and
  assert(package.loadlib(PATH, "luaopen_mems_probe")) ~= nil

-- Metatables and modules of the ordinary build, while the other is in use:
-- both builds know theirs by the same names.
local function take_away(from)
  local taken = {}
  for name, value in pairs(from) do
    if type(name) == "string" and name:find("^mems") then
      taken[name] = value
    end
  end
  for name in pairs(taken) do from[name] = nil end
  return taken
end

local function put_back(into, taken)
  take_away(into)
  for name, value in pairs(taken) do into[name] = value end
end

-- Where the metatables of the test build are while it is not in use: it makes
-- them once in a Lua state.
local KEPT <const> = "test build of mems"

--- Loads the test build in place of the ordinary one.
-- @return its `mems`, its probes, and a function that undoes it
function inside.enter()
  local registry, path = debug.getregistry(), package.cpath
  local metatables, modules = take_away(registry), take_away(package.loaded)
  put_back(registry, registry[KEPT] or {})
  package.cpath = "build/test/?.so;" .. path
  local mems = require "mems"
  assert(package.searchpath("mems.core", package.cpath) == PATH)
  local probe = package.loadlib(PATH, "luaopen_mems_probe")()
  return mems, probe, function()
    package.cpath = path
    collectgarbage()
    registry[KEPT] = take_away(registry)
    put_back(registry, metatables)
    put_back(package.loaded, modules)
  end
end

return inside

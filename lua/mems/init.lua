--- Memory of your own, from mmap, behind virtual addresses, with every access
-- checked.
--
-- `mems.FUNCTION(...)` works on the default heap, which @{init} opens, and
-- `heap:FUNCTION(...)` does the same on a heap that @{open} gave. The one
-- difference is how they are closed: `mems.finish()` and `heap:close()`.
--
-- An address is a light userdata, as @{malloc} gives it, or an integer. What
-- is wrong with a call raises an error; what the machine refuses gives nil, a
-- message and a code: `mems.EINVAL`, `mems.ENOMEM`, `mems.ELIMIT`,
-- `mems.EFOREIGN`, `mems.EFREED`, `mems.EINSIDE`, `mems.ERANGE`,
-- `mems.EINIT` or `mems.EBROKEN`.
--
-- `mems.types` has for each type its `name`, its `size` in bytes and, if it
-- is a number, its range from `min` to `max`; the `max` of `u64` is -1, as
-- unsigned integers wrap around in Lua. `mems._VERSION` is a string.
-- @module mems

local mems = require "mems.core"
local scope = require "mems.scope"

-- The metatable of heaps, which the C module hands over.
local methods = mems.methods or {}

--- Runs a function in a scope: all that it allocates through the scope is
-- freed when it returns or raises. Without a function it gives the scope, for
-- a `<close>` variable. See @{scope:malloc} and what follows.
-- @function scope
-- @luals return any ...
-- @luals overload fun(): mems.scope
-- @tparam[opt] function f called with the scope and the other arguments; it
-- may yield
-- @param ... arguments
-- @return what `f` returns; or the scope
-- @usage
-- mems.scope(function(s)
--   local p = s:malloc(100)
--   return mems.readstring(p, 10)
-- end)
-- local s <close> = mems.scope()
function mems.scope(f, ...)
  scope.check(mems.nodes) -- any verb that needs an open heap
  return scope.run(mems, f, ...)
end

function methods.scope(heap, f, ...)
  scope.check(methods.nodes, heap)
  return scope.run(scope.functions(heap), f, ...)
end

mems.methods = nil

return mems

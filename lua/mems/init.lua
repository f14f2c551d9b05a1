--- Memory of your own, from mmap, behind virtual addresses, with every access
-- checked.
--
-- `mems.FUNCTION(...)` works on the default heap, which @{init} opens, and
-- `heap:FUNCTION(...)` does the same on a heap that @{open} gave. The one
-- difference is how they are closed: `mems.finish()` and `heap:close()`.
--
-- An address is a light userdata, as @{malloc} gives it, or an integer. Where
-- bytes are read or written a buffer, an array or a struct will do as well;
-- their type is called `memory` below.
--
-- What is wrong with a call raises an error. What the machine refuses gives
-- nil, a message and one of the @{codes}.
-- @module mems

--- What comes third after nil and a message, and other fields of the module.
-- @table codes
-- @within Heap
-- @luals class mems
-- @luals param types table<mems.type, mems.typeinfo>
-- @tfield integer EINVAL an argument is out of its range
-- @tfield integer ENOMEM the system refused memory
-- @tfield integer ELIMIT the heap's limit would be passed
-- @tfield integer EFOREIGN the address was never allocated
-- @tfield integer EFREED the address is free
-- @tfield integer EINSIDE the address is inside a block, not at its start
-- @tfield integer ERANGE the range runs past the end of its block
-- @tfield integer EINIT the default heap is not initialised
-- @tfield integer EBROKEN the heap is damaged
-- @tfield integer EBUSY another process has the file open, or an open heap its
-- addresses; or one that shares the heap was stopped, see @{lockwait}
-- @tfield integer ENOSPC the disk has no room
-- @tfield integer EFILE the system refused something about a file
-- @tfield integer EFORMAT the file is no heap that can be opened here
-- @tfield integer EREADONLY the heap is read-only
-- @tfield integer ECLOSED the heap is closed: the process was forked
-- @tfield integer ENOROOT no root has this name
-- @tfield integer ECHANGED the heap was changed while it was saved
-- @tfield integer ETIME what was waited for did not come in time
-- @tfield table types for each name of a type its @{typeinfo}
-- @tfield string _VERSION the module's name and version

--- What `mems.types` has for a type.
-- @table typeinfo
-- @within Memory
-- @tfield string name
-- @tfield integer size in bytes
-- @tfield[opt] number min the least value; integers and floats only
-- @tfield[opt] number max the greatest; -1 for `u64`, as unsigned integers wrap
-- around in Lua

if not _VERSION:find "^Lua 5%.[45]$" then
  error("mems needs Lua 5.4 or 5.5, and this is " ..
        (rawget(_G, "jit") and rawget(_G, "jit").version or _VERSION), 0)
end

local mems = require "mems.core"
local picture = require "mems.picture"
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

--- A picture of the heap: one SVG in a file or a string, which needs nothing
-- else. It shows the nodes, and in them, to scale, each block by its size, the
-- holes, the runs with their slots and what waits in the quarantine; beside
-- them totals and a legend. The pointer over a part shows its address and
-- size and, with the option `trace`, where it was allocated. In a large heap
-- small neighbours are taken together, and shown by how much of them is live:
-- the picture of 1 GiB is as readable as that of a page, and not larger.
-- @function picture
-- @within Inspection
-- @luals return string|true|nil
-- @tparam[opt] string path of the file; without it the text is given
-- @tparam[opt] table options `width`, in pixels, from 300 (960); `title`
-- @return true, or the text
-- @treturn[2] nil if the file can't be written
-- @treturn[2] string a message
-- @treturn[2] integer the system's number, as `io.open` gives it
-- @usage heap:picture("heap.svg", { title = "after an hour" })
function mems.picture(path, options)
  scope.check(mems.nodes)
  return picture.draw(mems, path, options)
end

function methods.picture(heap, path, options)
  scope.check(methods.nodes, heap)
  return picture.draw(scope.functions(heap), path, options)
end

--- The same for a terminal: lines of text, at most 24 or one for each node,
-- in which each character shows how much of some bytes is live.
-- @function map
-- @within Inspection
-- @tparam[opt=64] integer width in characters, from 8 to 1000
-- @treturn string
-- @usage print(mems.map())
function mems.map(width)
  scope.check(mems.nodes)
  return picture.map(mems, width)
end

function methods.map(heap, width)
  scope.check(methods.nodes, heap)
  return picture.map(scope.functions(heap), width)
end

-- What lets go of a lock at the end of a scope.
local guard = { __close = function(self) self.unlock() end }

local function guarded(unlock, taken, why, code)
  if not taken then return nil, why, code end
  return setmetatable({ unlock = unlock }, guard), why
end

--- Takes a lock for the scope of a `<close>` variable; see @{lock}.
-- @function locked
-- @within Sharing
-- @luals return table?, string?, integer?
-- @tparam memory addr
-- @tparam[opt] number seconds
-- @treturn[1] table it is let go at the end of the scope
-- @treturn[1] ?string `"owner died"`
-- @treturn[2] nil
-- @treturn[2] string `"timeout"`
-- @treturn[2] integer `mems.ETIME`
-- @usage
-- do
--   local guard <close> = heap:locked(p)
--   list.total = list.total + 1
-- end
function mems.locked(addr, seconds)
  scope.check(mems.nodes)
  return guarded(function() mems.unlock(addr) end, mems.lock(addr, seconds))
end

function methods.locked(heap, addr, seconds)
  scope.check(methods.nodes, heap)
  return guarded(function() heap:unlock(addr) end, heap:lock(addr, seconds))
end

mems.methods = nil

return mems

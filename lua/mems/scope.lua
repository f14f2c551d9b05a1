--- Scopes: what is allocated through one is freed at its end.
--
-- A scope is a list of objects, a buffer for each block among them. Each frees
-- its memory once, however it comes to that: so a block that was freed, moved
-- or handed over by other means meanwhile does no harm at the end.
-- @module mems

local scope = {}

local methods = {}
local meta = { __index = methods, __name = "mems.scope" }

--- The methods of a heap as functions, as those of the default heap are.
function scope.functions(heap)
  return setmetatable({}, {
    __index = function(functions, name)
      local function f(...) return heap[name](heap, ...) end
      functions[name] = f
      return f
    end,
  })
end

local function new(heap)
  -- entries: objects in the order they came, false for those that have gone;
  -- places: from an object, or the address of a block, to its entry
  return setmetatable({ heap = heap, entries = {}, places = {} }, meta)
end

--- Raises what verb(...) raises, in the name of the caller's caller.
function scope.check(verb, ...)
  local ok, message = pcall(verb, ...)
  if not ok then error(message, 3) end
end

--- What mems.scope does, which calls it last, so that level 2 is its caller.
function scope.run(heap, f, ...)
  if f == nil then return new(heap) end
  if type(f) ~= "function" then
    error(("bad argument #1 to 'scope' (a function expected, got a %s)")
      :format(type(f)), 2)
  end
  local s <close> = new(heap)
  return f(s, ...)
end

local function check_open(s)
  if getmetatable(s) ~= meta then
    error("mems.scope expected", 3)
  elseif not s.entries then
    error("the scope is closed", 3)
  end
end

-- The key that `x`, an object or an address, is found by.
local function key_of(s, x)
  local plain = type(x) == "number" or
    type(x) == "userdata" and getmetatable(x) == nil
  return plain and s.heap.tointeger(x) or x
end

local function enter(s, object, key)
  local place = #s.entries + 1
  s.entries[place] = object
  s.places[key] = place
end

-- The object that stands for `x`, and its key; raises if there is none.
local function find(s, x, verb)
  local key = key_of(s, x)
  local place = s.places[key]
  if not place then
    error(("bad argument #1 to '%s' (the scope has no %s)")
      :format(verb, tostring(x)), 3)
  end
  return s.entries[place], key
end

local function forget(s, key)
  local entries, places = s.entries, s.places
  entries[places[key]] = false
  places[key] = nil
  while entries[#entries] == false do entries[#entries] = nil end
end

local function enter_object(s, object, ...)
  if object then enter(s, object, object) end
  return object, ...
end

-- Enters a block: a buffer, which its address stands for.
local function enter_block(s, buffer, ...)
  if not buffer then return buffer, ... end
  local addr = buffer:address()
  enter(s, buffer, s.heap.tointeger(addr))
  return addr
end

local function check_count(n, arg, verb, what)
  if math.type(n) ~= "integer" or n < 1 then
    error(("bad argument #%d to '%s' (%s has to be a positive integer, " ..
      "got %s)"):format(arg, verb, what, tostring(n)), 3)
  end
end

--- As @{malloc}; freed with the scope.
-- @function scope:malloc
-- @tparam integer size
-- @tparam[opt] integer align
-- @treturn address
function methods:malloc(size, align)
  check_open(self)
  check_count(size, 1, "malloc", "size")
  return enter_block(self, self.heap.buffer(size, align))
end

--- As @{calloc}; freed with the scope.
-- @function scope:calloc
-- @tparam integer count
-- @tparam integer size
-- @treturn address
function methods:calloc(count, size)
  check_open(self)
  check_count(count, 1, "calloc", "count")
  check_count(size, 2, "calloc", "size")
  local too_many = count > math.maxinteger // size
  local bytes = too_many and math.maxinteger or count * size
  return enter_block(self, self.heap.buffer(bytes))
end

--- As @{realloc}, for a block of the scope.
-- @function scope:realloc
-- @tparam address addr
-- @tparam integer size
-- @treturn address
function methods:realloc(addr, size)
  check_open(self)
  check_count(size, 2, "realloc", "size")
  local buffer, key = find(self, addr, "realloc")
  local ok, message, code = buffer:resize(size)
  if not ok then return nil, message, code end
  local moved = buffer:address()
  local place = self.places[key]
  self.places[key] = nil
  self.places[self.heap.tointeger(moved)] = place
  return moved
end

--- As @{buffer}; released with the scope.
-- @function scope:buffer
-- @tparam integer|string what
-- @treturn buffer
function methods:buffer(what)
  check_open(self)
  return enter_object(self, self.heap.buffer(what))
end

--- As @{array}; released with the scope.
-- @function scope:array
-- @tparam type|struct type
-- @tparam integer|table what
-- @treturn array
function methods:array(type, what)
  check_open(self)
  return enter_object(self, self.heap.array(type, what))
end

--- An object of a type of struct, as @{struct:new}; released with the scope.
-- @function scope:struct
-- @luals generic T
-- @luals param type mems.structtype<T>
-- @luals return T
-- @tparam struct type
-- @tparam[opt] table values
-- @treturn object
function methods:struct(type, values)
  check_open(self)
  return enter_object(self, type:new(values))
end

--- Frees a block of the scope, or releases an object of it, before its end.
-- @function scope:free
-- @param x an address or an object that the scope gave
function methods:free(x)
  check_open(self)
  local object, key = find(self, x, "free")
  forget(self, key)
  object:release()
end

--- Takes a block or an object out of the scope: it outlives it.
-- @function scope:keep
-- @luals generic T
-- @luals param x T
-- @luals return T
-- @param x an address or an object that the scope gave
-- @return `x`
function methods:keep(x)
  check_open(self)
  local object, key = find(self, x, "keep")
  forget(self, key)
  if math.type(key) == "integer" then object:disown() end
  return x
end

--- Ends the scope: all of it is freed, what came last first. The second time
-- it does nothing. A `<close>` variable does the same.
-- @function scope:close
function methods:close()
  if getmetatable(self) ~= meta then error("mems.scope expected", 2) end
  local entries = self.entries
  if not entries then return end
  self.entries, self.places = nil, nil
  for i = #entries, 1, -1 do
    if entries[i] then entries[i]:release() end
  end
end

meta.__close = methods.close

function meta:__tostring()
  if not self.entries then return "mems.scope (closed)" end
  return ("mems.scope (%d entries)"):format(#self.entries)
end

return scope

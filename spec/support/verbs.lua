-- Every function and method that the module has, found by looking, and how
-- each is called: recipes, which give the arguments of a call in a world. What
-- has no recipe is named; so nothing new can be left out of a sweep.

local mems = require "mems"
local place = require "spec.support.place"
local shell = require "spec.support.shell"

local verbs = {}

-- The recipes, for each kind of object; a list of functions of the world for
-- each name.
local recipes = {}

recipes.shared = {
  malloc = { function() return 700 end, function() return 700, 64 end },
  calloc = { function() return 7, 100 end },
  realloc = {
    function(w) return w.block, w.bytes * 2 end,
    function(w) return w.other, 10 end,
    function(w) return w.array:address(), w.bytes * 2 end,
    function() return nil, 50 end,
  },
  free = {
    function(w) return w.other end,
    function(w) return w.buffer:address() end,
  },
  get = { function(w) return w.block end },
  size = { function(w) return w.block end },
  add = { function(w) return w.block, 8 end },
  diff = { function(w) return w.block, w.other end },
  tointeger = { function(w) return w.block end },
  toaddress = { function() return 5000 end },
  peek = {
    function(w) return w.block, "i32", 8 end,
    function(w) return w.buffer, "u64be" end,
  },
  poke = {
    function(w) return w.block, "i32", 7, 8 end,
    function(w) return w.array, "ptr", w.block, 8 end,
  },
  peekarray = {
    function(w) return w.block, "ptr", 30 end,
    function(w) return w.array, "f64", 30, 8 end,
    function(w) return w.array, "f64", 300 end,
  },
  pokearray = {
    function(w) return w.block, "u8", w.values end,
    function(w) return w.array, "f64", w.values, 8 end,
    function(w) return w.block, "f64", w.many, w.bytes - 2400 end,
    function(w) return w.buffer, "f64", w.many end,
  },
  readstring = {
    function(w) return w.block, w.bytes end,
    function(w) return w.array, 100, 8 end,
  },
  writestring = {
    function(w) return w.block, w.long end,
    function(w) return w.array, w.long end,
  },
  cstring = {
    function(w) return w.block, w.bytes end,
    function(w) return w.view end,
    function(w) return w.buffer, w.bytes end,
  },
  pack = {
    function(w) return w.block, "s8z", w.long:sub(1, -40), "z" end,
    function(w) return w.array, "s8z", "s", "z" end,
  },
  unpack = {
    function(w) return w.block, "s8z" end,
    function(w) return w.buffer, "c300i8" end,
  },
  fill = {
    function(w) return w.block, 7, w.bytes end,
    function(w) return w.array, 7, w.bytes end,
  },
  copy = {
    function(w) return w.block, w.buffer, 1000 end,
    function(w) return w.larges, w.block, 1000 end,
    function(w) return w.view, w.numbers, 32 end,
  },
  compare = {
    function(w) return w.buffer, w.block, 1000 end,
    function(w) return w.block, w.some, 100 end,
  },
  find = {
    function(w) return w.block, w.bytes, w.long end,
    function(w) return w.array, w.bytes, "\1" end,
  },
  stats = { function() end },
  nodes = { function() end },
  extents = { function() end, function() return 512 end },
  picture = { function() end },
  map = { function() end, function() return 20 end },
  segments = {
    function() end,
    function(w) return w.block end,
  },
  print_stats = { function() return verbs.nowhere end },
  trim = { function() end },
  reset = { function() end },
  check = { function() end },
  leaks = { function() end },
  buffer = {
    function(w) return w.bytes end,
    function(w) return w.long end,
    function() return 300, 64 end,
  },
  own = { function(w) return w.other end },
  array = {
    function() return "f64", 300 end,
    function(w) return "u16", w.values end,
    function(w) return "f64", w.many end,
    function(w) return w.Small, w.records end,
    function(w) return w.Large, 3 end,
    function(w) return w.Small, 3, w.record end,
    function(w) return "f32", w.stepped end,
    function(w) return w.Large, w.larges end,
  },
  struct = { function(w) return w.definition end },
  scope = {
    function()
      return function(s)
        s:buffer(100)
        s:malloc(50)
        s:array("i32", 9)
        return s:keep(s:buffer("kept"))
      end
    end,
    function() end,
  },
}

recipes.mems = {
  init = { function(w) return w.options end, function() end },
  open = { function(w) return w.options end, function() end },
  finish = { function() end },
}

recipes.heap = {
  close = { function() end },
  __close = { function() end },
  __gc = { function() end },
  __tostring = { function() end },
}

-- What all objects have, and how each is made in a world.
local function common(get)
  local alone = { get }
  return {
    address = alone, size = alone, release = alone, disown = alone,
    __close = alone, __gc = alone, __tostring = alone, __len = alone,
    __eq = { function(w) return get(w), get(w) end },
    __index = { function(w) return get(w), "address" end,
                function(w) return get(w), "nosuch" end },
    __newindex = { function(w) return get(w), "nosuch", 1 end },
  }
end

local function extend(base, more)
  for name, list in pairs(more) do base[name] = list end
  return base
end

-- The verbs on memory, with a buffer for the address.
recipes.buffer = extend(common(function(w) return w.buffer end), {
  slice = { function(w) return w.buffer, 100, 200 end },
  resize = {
    function(w) return w.buffer, w.bytes * 2 end,
    function(w) return w.buffer, 10 end,
  },
  fill = {
    function(w) return w.buffer, 7 end,
    function(w) return w.piece, 7, 100 end,
  },
  find = { function(w) return w.buffer, w.long end },
  peek = { function(w) return w.buffer, "f64", 8 end },
  poke = { function(w) return w.piece, "f64", 1.5, 8 end },
  peekarray = { function(w) return w.buffer, "f32", 30 end },
  pokearray = {
    function(w) return w.buffer, "i16", w.values, 100 end,
    function(w) return w.buffer, "f64", w.many end,
  },
  readstring = { function(w) return w.buffer, w.bytes end },
  writestring = { function(w) return w.buffer, w.long end },
  cstring = { function(w) return w.buffer, w.bytes end },
  pack = { function(w) return w.buffer, "s8z", w.long:sub(1, -40), "z" end },
  unpack = { function(w) return w.buffer, "c300i8" end },
  copy = { function(w) return w.buffer, w.array, 1000 end },
  compare = { function(w) return w.buffer, w.array, 1000 end },
})

recipes.array = extend(common(function(w) return w.array end), {
  get = {
    function(w) return w.smalls, 30, "s" end,
    function(w) return w.larges, 4, "n" end,
  },
  set = {
    function(w) return w.smalls, 30, "s", "EVIL" end,
    function(w) return w.larges, 4, "n", w.values end,
  },
  slice = {
    function(w) return w.array, 2, 9 end,
    function(w) return w.array, 2, 9, 3 end,
  },
  resize = {
    function(w) return w.array, w.bytes // 4 end,
    function(w) return w.smalls, 2 end,
  },
  append = {
    function(w) return w.array, 7 end,
    function(w) return w.smalls, w.record end,
    function(w) return w.larges, w.larges[2] end,
  },
  totable = {
    function(w) return w.array, 5, 9 end,
    function(w) return w.smalls, 10, 14 end,
    function(w) return w.numbers end,
  },
  copy = {
    function(w) return w.array, w.some, 9 end,
    function(w) return w.array, w.values end,
    function(w) return w.array, w.many end,
    function(w) return w.larges, { w.row } end,
    function(w) return w.stepped, w.some end,
    function(w) return w.array, w.floats end,
  },
  clone = {
    function(w) return w.stepped end,
    function(w) return w.larges end,
  },
  map = {
    function(w)
      return w.some, function(v) return v + #("x"):rep(3) end
    end,
  },
  fill = {
    function(w) return w.array, 7 end,
    function(w) return w.larges, w.row end,
    function(w) return w.smalls, w.record, 3, 20 end,
  },
  find = { function(w) return w.array, 7 end },
  sum = { function(w) return w.array end },
  min = { function(w) return w.array end },
  max = { function(w) return w.numbers end },
  mean = { function(w) return w.stepped end },
  count = { function(w) return w.array, 7 end },
  add = {
    function(w) return w.array, 7 end,
    function(w) return w.stepped, w.some end,
  },
  sub = { function(w) return w.some, w.stepped end },
  mul = { function(w) return w.some, w.some end },
  div = { function(w) return w.floats, w.floats end },
  axpy = { function(w) return w.some, 3, w.stepped end },
  dot = { function(w) return w.some, w.stepped end },
  cumsum = { function(w) return w.stepped end },
  clamp = { function(w) return w.array, 2, 9 end },
  apply = { function(w) return w.floats, "sqrt" end },
  sort = {
    function(w) return w.array end, function(w) return w.some end,
    function(w) return w.stepped, "desc" end,
    function(w) return w.smalls, "x" end,
    function(w) return w.larges, "s", "desc" end,
    function(w)
      return w.some, function(a, b) return a + #("x"):rep(3) < b end
    end,
    function(w) return w.smalls, function(a, b) return a.s < b.s end end,
  },
  argsort = {
    function(w) return w.array end,
    function(w) return w.smalls, "s" end,
    function(w) return w.larges, function(a, b) return a.s < b.s end end,
  },
  gather = {
    function(w) return w.larges, { 4, 1, 1 } end,
    function(w) return w.array, w.floats end,
  },
  permute = {
    function(w) return w.larges, { 4, 1, 3, 2 } end,
    function(w) return w.numbers, w.on.array("u8", { 4, 1, 3, 2 }) end,
  },
  reverse = { function(w) return w.smalls end },
  search = { function(w) return w.stepped, 3 end },
  __index = {
    function(w) return w.array, 30 end,
    function(w) return w.smalls, 30 end,
    function(w) return w.numbers, 2 end,
    function(w) return w.array, "append" end,
    function(w) return w.array, "nosuch" end,
  },
  __newindex = {
    function(w) return w.array, 30, 7 end,
    function(w) return w.larges, 4, w.row end,
    function(w) return w.smalls, 30, w.sub end,
    function(w) return w.numbers, 2, 7 end,
  },
  __len = { function(w) return w.array end, function(w) return w.some end },
  __tostring = {
    function(w) return w.array end, function(w) return w.larges end,
  },
})

recipes.struct = extend(common(function(w) return w.one end), {
  totable = {
    function(w) return w.view end, function(w) return w.last end,
  },
  move = {
    function(w) return w.view, w.other end,
    function(w) return w.sub, 3 end,
  },
  release = {
    function(w) return w.one end, function(w) return w.view end,
  },
  __index = {
    function(w) return w.view, "s" end,
    function(w) return w.last, "n" end,
    function(w) return w.sub, "x" end,
    function(w) return w.one, "nosuch" end,
  },
  __newindex = {
    function(w) return w.view, "s", "EVIL" end,
    function(w) return w.last, "n", w.values end,
    function(w) return w.sub, "s", "EVIL" end,
    function(w) return w.one, "x", 7 end,
  },
  __tostring = {
    function(w) return w.view end, function(w) return w.last end,
  },
})

recipes.type = {
  new = {
    function(w) return w.Small end,
    function(w) return w.Small, w.record end,
    function(w) return w.Large, w.row end,
  },
  array = {
    function(w) return w.Small, 30 end,
    function(w) return w.Small, w.records end,
    function(w) return w.Small, 3, w.record end,
    function(w) return w.Small, w.smalls end,
    function(w) return w.Large, { w.row, w.row } end,
  },
  at = {
    function(w) return w.Small, w.block end,
    function(w) return w.Large, w.buffer end,
  },
  __index = {
    function(w) return w.Small, "offsets" end,
    function(w) return w.Small, "size" end,
    function(w) return w.Large, "nosuch" end,
  },
  __newindex = { function(w) return w.Small, "size", 7 end },
  __tostring = { function(w) return w.Large end },
  __gc = { function(w) return w.Large end },
}

recipes.scope = {
  malloc = { function(w) return w.scope, 300 end },
  calloc = { function(w) return w.scope, 3, 100 end },
  realloc = { function(w) return w.scope, w.scoped, 3000 end },
  buffer = {
    function(w) return w.scope, 300 end,
    function(w) return w.scope, w.long end,
  },
  array = { function(w) return w.scope, "f64", 30 end },
  struct = { function(w) return w.scope, w.Small, w.record end },
  free = {
    function(w) return w.scope, w.scoped end,
    function(w) return w.scope, w.held end,
  },
  keep = { function(w) return w.scope, w.scoped end },
  close = { function(w) return w.scope end },
  __close = { function(w) return w.scope end },
  __tostring = { function(w) return w.scope end },
}

-- Bits and pairs.

extend(recipes.shared, {
  readbits = {
    function(w) return w.block, 13, 40 end,
    function(w) return w.array, 7, 64 end,
  },
  writebits = {
    function(w) return w.block, 13, 40, 12345 end,
    function(w) return w.array, 7, 64, -1 end,
  },
  popcount = {
    function(w) return w.block end,
    function(w) return w.array, 8, 100 end,
  },
})
table.insert(recipes.shared.struct, function(w)
  return w.definition, { method = print }
end)
for kind, get in pairs {
  buffer = function(w) return w.buffer end,
  array = function(w) return w.array end,
} do
  extend(recipes[kind], {
    readbits = { function(w) return get(w), 13, 40 end },
    writebits = { function(w) return get(w), 13, 40, 12345 end },
    popcount = { get, function(w) return get(w), 8, 100 end },
  })
end
recipes.array.__pairs = { function(w) return w.array end,
                          function(w) return w.stepped end }
recipes.struct.__pairs = { function(w) return w.one end,
                           function(w) return w.last end }

-- Views, files and streams.

--- Where files are written to, and where there is always more to read.
verbs.nowhere = assert(io.open("/dev/null", "w"))
verbs.zeros = assert(io.open("/dev/zero", "r"))

extend(recipes.shared, {
  view = {
    function(w) return "f64", w.buffer, 8 end,
    function(w) return w.Small, w.block end,
    function() return "nosuch", 5000 end,
  },
  read = {
    function(w) return w.block, verbs.zeros, 100, 8 end,
    function(w) return w.array, verbs.zeros end,
  },
  write = {
    function(w) return w.block, verbs.nowhere, 100, 8 end,
    function(w) return w.array, verbs.nowhere end,
  },
  readfile = {
    function() return "lua/mems/init.lua" end,
    function() return "/proc/self/maps" end,
    function() return "/" end,
  },
  hexdump = {
    function(w) return w.block, 100, 8 end,
    function(w) return w.array end,
  },
})
table.insert(recipes.shared.buffer, function(w) return w.array end)
table.insert(recipes.shared.copy, function(w)
  return w.block, w.text, nil, 8, 1
end)

-- A file for copies of heaps, and one that has a copy.
local COPIES <const> = { to = place.new(), from = place.new() }

do
  local heap <close> = assert(mems.open())
  heap:setroot("text", heap:buffer("kept"))
  assert(heap:save(COPIES.from))
end

extend(recipes.shared, {
  setroot = {
    function(w) return "root", w.block end,
    function(w)
      w.raw[#w.raw + 1] = w.array:address()
      return "root", w.array
    end,
    function(w)
      w.on.setroot("root", w.other)
      return "root", nil
    end,
  },
  root = {},
  roots = { function(w) w.on.setroot("root", w.other) end },
  malloc_to = {
    function() return "cell", 100 end,
    function(w) return w.block, 100, 8 end,
  },
  free_from = {
    function(w)
      w.on.setroot("cell", w.other)
      return "cell"
    end,
    function(w)
      w.on.poke(w.block, "ptr", w.other, 8)
      return w.block, 8
    end,
  },
  realloc_to = {
    function(w)
      w.on.setroot("cell", w.other)
      return "cell", 1000
    end,
    function(w)
      w.on.poke(w.block, "ptr", w.other, 8)
      return w.block, 1000, 8
    end,
  },
  sync = { function() end },
  recovered = { function() end },
  save = {
    function() return COPIES.to end,
    function() return COPIES.to, { progress = function() end } end,
  },
})
for i, get in ipairs {
  function() end, function() return "u16" end, function() return "buffer" end,
  function(w) return w.Small end,
} do
  recipes.shared.root[i] = function(w)
    w.on.setroot("root", w.block)
    return "root", get(w)
  end
end
-- Cells are at the start of a block; the lock has to be of a shared heap, so
-- here it raises.
local function atomic(...)
  local rest = table.pack(...)
  return {
    function(w) return w.block, "i64", table.unpack(rest, 1, rest.n) end,
    function(w) return w.array, "u32", table.unpack(rest, 1, rest.n) end,
  }
end
extend(recipes.shared, {
  load = atomic(), store = atomic(5), exchange = atomic(5), cas = atomic(0, 5),
  fetch_add = atomic(5), fetch_and = atomic(5), fetch_or = atomic(5),
  wait = {
    function(w) return w.block, 0x12345678, 0 end,
    function(w) return w.buffer, 0x12345678 end,
  },
  notify = {
    function(w) return w.block end, function(w) return w.array, 3 end,
  },
  lock = { function(w) return w.block, 0 end },
  locked = { function(w) return w.block, 0 end },
  unlock = { function(w) return w.block end },
  lockwait = { function() return 1 end },
  fd = { function() end },
  processes = { function() end },
})
recipes.mems.unlink = { function() return "mems-none-of-this-name" end }
recipes.mems.restore = {
  function() return COPIES.from end,
  function() return COPIES.from, { limit = 1 << 20, trace = true } end,
}

-- Those of all objects, with what `get` gives.
local function shared_by(get)
  return {
    clone = { get }, buffer = { get }, readonly = { get },
    read = { function(w) return get(w), verbs.zeros end },
    write = { function(w) return get(w), verbs.nowhere end },
  }
end

extend(recipes.array, shared_by(function(w) return w.array end))
extend(recipes.struct, shared_by(function(w) return w.one end))
extend(recipes.buffer, shared_by(function(w) return w.buffer end))
extend(recipes.buffer, {
  append = {
    function(w) return w.buffer, w.long, 12, w.array end,
    function(w) return w.buffer, w.buffer, w.piece end,
  },
  hexdump = { function(w) return w.buffer, 100, 8 end },
  stream = { function(w) return w.buffer, 8 end },
})

recipes.stream = {
  put = {
    function(w) return w.stream, "f64", 1, 2, 3 end,
    function(w) return w.stream:seek(w.bytes), "ptr", w.block end,
  },
  get = { function(w) return w.stream, "u16" end },
  putstring = { function(w) return w.stream, w.long end },
  getstring = {
    function(w) return w.stream, 100 end, function(w) return w.stream end,
  },
  putvarint = { function(w) return w.stream:seek(w.bytes), 300 end },
  getvarint = { function(w) return w.stream end },
  putzigzag = { function(w) return w.stream:seek(w.bytes), -300 end },
  getzigzag = { function(w) return w.stream end },
  pack = { function(w) return w.stream, "s8z", w.long, "z" end },
  unpack = { function(w) return w.stream, "c300i8" end },
  seek = { function(w) return w.stream, 100 end },
  tell = { function(w) return w.stream end },
  left = { function(w) return w.stream end },
  has = { function(w) return w.stream, 100 end },
  align = { function(w) return w.stream:seek(w.bytes), 4096 end },
  __tostring = { function(w) return w.stream end },
}

-- Memory of a host program, where there is one.
local function lent(w) return w.lent or w.buffer end
for name, recipe in pairs {
  release = lent, clone = lent, readonly = lent, __gc = lent, __close = lent,
  slice = function(w) return lent(w), 3 end,
  peek = function(w) return lent(w), "u8" end,
  poke = function(w) return lent(w), "u8", 7 end,
  copy = function(w) return w.buffer, lent(w), 3 end,
  resize = function(w) return lent(w), 10 end,
} do
  local list = recipes.buffer[name]
  if list then recipes.buffer[name] = { recipe, table.unpack(list) } end
end

-- Typed peeks and pokes, which come from the table of types, are called alike.
local function typed(kind, name)
  local verb, type = name:match("^(p[eo][ek][ke])_(%l+%d*%l*)$")
  if not verb or not mems.types[type] then return end
  local value = type:find("^ptr") and 4096 or not type:find("^bool") and 7
  local object = kind == "buffer" and "piece" or "block"
  if verb == "peek" then
    return { function(w) return w[object], 8 end }
  end
  return { function(w) return w[object], value, 8 end }
end

-- What verbs of another kind are when a type has them: refused.
local function inherited(kind, name)
  if kind ~= "type" or not recipes.struct[name] then return end
  return { function(w) return w.Small end }
end

-- What is registered: found in metatables, and behind functions in them.

-- All names of functions in a table, and in the tables that these lead to:
-- through upvalues, and through __index.
local function names_in(from, into, seen)
  if seen[from] then return into end
  seen[from] = true
  for name, value in pairs(from) do
    if type(name) == "string" and type(value) == "function" then
      into[name] = true
      for i = 1, 5 do
        local _, up = debug.getupvalue(value, i)
        if type(up) == "table" then names_in(up, into, seen) end
      end
    elseif name == "__index" and type(value) == "table" then
      names_in(value, into, seen)
    end
  end
  return into
end

-- The names of methods that editors are told of.
local function documented()
  local names = {}
  local text = shell.read "library/mems.lua"
  for name in text:gmatch("\nfunction %l+[.:]([%w_]+)") do
    names[name] = true
  end
  return names
end

-- The functions that an object has: events of its metatable, methods.
local function functions_of(object, names, found)
  local metatable = debug.getmetatable(object)
  for name, f in pairs(metatable) do
    if type(f) == "function" and name:find("^__") then found[name] = f end
  end
  for name in pairs(names_in(metatable, names, {})) do
    local ok, f = pcall(function() return object[name] end)
    if ok and type(f) == "function" then found[name] = f end
  end
  return found
end

-- kind -> name -> function, of all there is.
local function registered()
  local heap <close> = assert(mems.open())
  local S = heap:struct { { "x", "i32", 3 } }
  local samples = {
    heap = { heap }, type = { S }, struct = { S:new(), S:array(1)[1] },
    array = { heap:array("u8", 3), heap:array("u8", 3):slice(1), S:new().x },
    buffer = { heap:buffer(3), heap:buffer(3):slice(0) },
    scope = { heap:scope() }, stream = { heap:buffer(3):stream() },
  }
  local all, names = { mems = {} }, documented()
  for name, f in pairs(mems) do
    if type(f) == "function" then all.mems[name] = f end
  end
  for kind, list in pairs(samples) do
    all[kind] = {}
    for _, object in ipairs(list) do
      functions_of(object, names, all[kind])
    end
  end
  return all
end

-- Iterators are gone through.
local function through(f, ...)
  for first in f(...) do assert(first) end
end

local ITERATORS <const> = { nodes = true, segments = true, leaks = true,
  extents = true }

--- The list of all verbs, sorted: kind, name, f, and their recipes (nil if
-- there is none).
function verbs.all()
  local list = {}
  for kind, functions in pairs(registered()) do
    for name, f in pairs(functions) do
      local both = kind == "mems" or kind == "heap"
      local verb = { kind = kind, name = name, f = f,
        typed = name:find("^p[eo][ek][ke]_") ~= nil and
          not name:find("_u16le$"),
        recipes = recipes[kind][name] or both and recipes.shared[name] or
          typed(kind, name) or inherited(kind, name) }
      if both and ITERATORS[name] then
        function verb.f(...) return through(f, ...) end
      end
      list[#list + 1] = verb
    end
  end
  table.sort(list, function(a, b)
    return a.kind .. "." .. a.name < b.kind .. "." .. b.name
  end)
  return list
end

--- Names of recipes that no verb has; of events each kind has its own.
function verbs.unused()
  local all, unused = registered(), {}
  for kind, list in pairs(recipes) do
    for name in pairs(list) do
      local there = all[kind] and all[kind][name]
      if kind == "shared" then there = all.mems[name] and all.heap[name] end
      if not there and not name:find("^__") then
        unused[#unused + 1] = kind .. "." .. name
      end
    end
  end
  table.sort(unused)
  return unused
end

return verbs

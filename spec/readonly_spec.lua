-- Views that nothing can be written to through.

local inside = require "spec.support.inside"
local mems = require "mems"
local refused = require "spec.support.misuse".refused
local shell = require "spec.support.shell"
local verbs = require "spec.support.verbs"
local world = require "spec.support.world"

local FLAVOR <const> = { opened = true }
local STEP <const> = math.min(5, 100 // shell.scaled(100)) -- of verbs

-- All bytes that a call on objects may reach: those of the owners that are
-- left where they were, and of the block that has a view.
local function bytes_of(w, addresses)
  local parts = {}
  for i, object in ipairs(w:owners()) do
    local ok, addr = pcall(object.address, object)
    if not addresses[i] then addresses[i] = addr end
    parts[i] = ok and addr == addresses[i] and
      w.on.readstring(addr, object:size())
  end
  parts[#parts + 1] = w.on.readstring(w.block, w.bytes)
  return parts
end

-- Calls a recipe of a verb in a world whose objects are read-only or not.
-- Gives whether bytes changed that were there before and after, whether it
-- raised, and the error.
local function call(verb, recipe, frozen)
  local w, addresses = world.new(FLAVOR), {}
  if frozen then w:freeze() end
  local before = bytes_of(w, addresses)
  local arguments = table.pack(recipe(w))
  local ok, message = pcall(verb.f, table.unpack(arguments, 1, arguments.n))
  local after, changed = bytes_of(w, addresses), false
  for i, bytes in ipairs(before) do
    if after[i] and bytes ~= after[i] then changed = true end
  end
  w:lost {}
  return changed, not ok, message
end

-- Methods of objects, and nothing that may end the heap.
local function of_objects()
  local list = {}
  for _, verb in ipairs(verbs.all()) do
    if verb.kind ~= "mems" and verb.kind ~= "heap" and verb.kind ~= "scope" then
      list[#list + 1] = verb
    end
  end
  return list
end

-- The verbs of a heap with an object for the address.
local function of_heaps()
  local list = {}
  for _, verb in ipairs(verbs.all()) do
    local name = verb.name
    if verb.kind == "heap" and (name:find "^p[eo][ek][ke]" or
        name:find "^write" or name == "fill" or name == "copy" or
        name == "pack" or name == "read") then
      local recipes = {}
      for i, recipe in ipairs(verb.recipes) do
        recipes[i] = function(w)
          local arguments = table.pack(recipe(w))
          if name ~= "copy" or i ~= 2 then arguments[1] = w.array end
          return w.heap, table.unpack(arguments, 1, arguments.n)
        end
      end
      list[#list + 1] = { kind = "heap", name = name, f = verb.f,
                          recipes = recipes }
    end
  end
  return list
end

-- What a verb is to say of an object that is a view, not the owner.
local REFUSED <const> = { "is read%-only", "part of another object",
                          "a slice has the size" }

local function says_why(message)
  for _, pattern in ipairs(REFUSED) do
    if tostring(message):find(pattern) then return true end
  end
end

local function sweep(list)
  local writers, wrong = 0, {}
  for k = 1, #list, STEP do
    local verb = list[k]
    for i, recipe in ipairs(verb.recipes) do
      local name = ("%s.%s/%d"):format(verb.kind, verb.name, i)
      local changed, raised, message = call(verb, recipe, true)
      if changed then wrong[#wrong + 1] = name .. " wrote" end
      if call(verb, recipe, false) then
        writers = writers + 1
        if not raised or not says_why(message) then
          wrong[#wrong + 1] = name .. ": " .. tostring(message)
        end
      end
    end
  end
  return writers, wrong
end

describe("a read-only view", function()
  local heap
  before_each(function() heap = mems.open() end)
  after_each(function() heap:close() end)

  it("raises in each method that writes, and no byte changes", function()
    local writers, wrong = sweep(of_objects())
    assert.same({}, wrong)
    assert.is_true(writers * STEP > 60, writers)
  end)

  it("raises in each verb that writes to it, and no byte changes", function()
    local writers, wrong = sweep(of_heaps())
    assert.same({}, wrong)
    assert.is_true(writers * STEP > 40, writers)
  end)

  it("shows what is written to the object itself", function()
    local b = heap:buffer(8)
    local r = b:readonly()
    b:poke_u8(7)
    assert.equal(7, r:peek_u8())
    assert.equal(b, r)
    assert.equal(b:address(), r:address())
    assert.equal(8, #r)
    assert.match("'poke_u8': the buffer is read%-only",
                 refused(r.poke_u8, r, 1))
    assert.match("#1 to 'fill' %(the buffer is read%-only",
                 refused(heap.fill, heap, r, 0, 8))
    b:fill(3)
    assert.equal(3, r:peek_u8())
  end)

  it("is read-only in its parts, and in views of it", function()
    local S = heap:struct { { "x", "u8" }, { "n", "u8", 3 } }
    local b, a, p = heap:buffer(8), S:array(3), S:new()
    local r, s, q = b:readonly(), a:readonly(), p:readonly()
    for _, view in ipairs {
      r:slice(2), r:buffer(), r:readonly(), s:buffer(), q:buffer(),
    } do
      assert.match("read%-only", refused(view.fill, view, 1))
    end
    for _, view in ipairs {
      heap:view("u8", r), heap:view("u8", s), s[1].n, q.n, s:slice(1)[2].n,
      heap:view("u8", r):slice(2, 3),
    } do
      assert.match("read%-only", refused(view.fill, view, 1))
      assert.match("read%-only", refused(function() view[1] = 1 end))
    end
    for _, view in ipairs { S:at(r), s[1], s[1]:move(2), q } do
      assert.match("the struct is read%-only",
                   refused(function() view.x = 1 end))
      assert.match("read%-only", refused(function() view.n = { 1, 2, 3 } end))
    end
    for _, element in ipairs(s) do
      assert.match("read%-only", refused(function() element.x = 1 end))
    end
    assert.match("read%-only", refused(r:stream().put, r:stream(), "u8", 1))
  end)

  it("is writable again where a view is moved to other memory", function()
    local S = heap:struct { { "x", "u8" } }
    local b, c = heap:buffer(8), heap:buffer(8)
    local view = S:at(b:readonly())
    view:move(c)
    view.x = 5
    assert.equal(5, c:peek_u8())
    view:move(b:readonly())
    assert.match("read%-only", refused(function() view.x = 1 end))
  end)

  it("has clones that are not", function()
    local r = heap:buffer("abc"):readonly()
    local c = r:clone()
    c:fill(0x78)
    assert.equal("xxx", c:readstring())
    assert.equal("abc", r:readstring())
  end)

  it("keeps the object alive, and dies with it", function()
    local r = (function() return heap:buffer("abc"):readonly() end)()
    collectgarbage()
    assert.equal("abc", r:readstring())
    local b = heap:buffer("abc")
    r = b:readonly()
    r:release()
    assert.equal("abc", b:readstring())
    r = b:readonly()
    b:release()
    assert.match("is released", refused(r.readstring, r))
    assert.match("is released", refused(r.readonly, r))
  end)

  it("calls no function for elements that it can't write", function()
    local a = heap:array("u8", 3):readonly()
    local called = false
    assert.match("read%-only", refused(a.map, a, function() called = true end))
    assert.match("read%-only",
                 refused(a.sort, a, function() called = true end))
    assert.is_false(called)
  end)

  it("takes no argument", function()
    local b = heap:buffer(3)
    assert.match("no such argument, got 1", refused(b.readonly, b, 1))
  end)
end)

describe("a read-only heap", function()
  if not inside.built then return pending("needs the probes: `make test`") end

  local test, probe, leave, heap, addr
  setup(function() test, probe, leave = inside.enter() end)
  teardown(function() leave() end)
  before_each(function()
    heap = test.open()
    addr = heap:calloc(64, 1)
    probe.readonly(heap)
  end)
  after_each(function() heap:close() end)

  it("refuses pokes by address, and reads all the same", function()
    local names = {}
    for name in pairs(debug.getmetatable(heap)) do
      if name:find "^poke_" then names[#names + 1] = name end
    end
    assert.is_true(#names > 40)
    for _, name in ipairs(names) do
      local value = not name:find "bool" and 1
      for _, where in ipairs { addr, heap:tointeger(addr), heap:get(addr) } do
        local ok, message = pcall(heap[name], heap, where, value)
        assert.is_false(ok)
        assert.match("#1 to '" .. name .. "' %(the heap is read%-only%)",
                     message)
      end
    end
    for name, arguments in pairs {
      poke = { "u8", 1 }, pokearray = { "u8", { 1 } }, fill = { 1, 8 },
      copy = { "abc" }, writestring = { "abc" }, pack = { "z", "abc" },
      writebits = { 0, 3, 5 }, read = { verbs.zeros, 8 },
    } do
      local ok, message = pcall(heap[name], heap, addr,
                                table.unpack(arguments))
      assert.is_false(ok)
      assert.match("the heap is read%-only", message)
    end
    assert.equal(("\0"):rep(64), heap:readstring(addr, 64))
    assert.equal(0, heap:compare(addr, ("\0"):rep(64)))
  end)

  it("has read-only views and owners", function()
    for _, view in ipairs { heap:view("u8", addr), heap:own(addr) } do
      assert.match("read%-only", select(2, pcall(view.fill, view, 1)))
    end
  end)
end)

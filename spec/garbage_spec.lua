-- Garbage that holds memory outside of Lua: it gives way before a request is
-- refused, and it counts for the collector as what it holds.

local inside = require "spec.support.inside"
local mems = require "mems"

local MIB <const> = 1 << 20

-- Collections from here on, until it is called again: how many there were.
local function counter()
  local live, count, meta = true, 0, {}
  function meta.__gc()
    count = count + 1
    if live then setmetatable({}, meta) end
  end
  setmetatable({}, meta)
  return function()
    live = false
    return count
  end
end

-- Bytes of address space, or resident ones, that this process has.
local function statm(field)
  local file <close> = assert(io.open("/proc/self/statm"))
  local size, resident = file:read("n", "n")
  return (field == "resident" and resident or size) * 4096
end

describe("garbage", function()
  before_each(function()
    pcall(mems.finish)
    collectgarbage()
  end)
  after_each(function() pcall(mems.finish) end)

  -- Each asks for 6 MiB.
  local requests <const> = {
    malloc = function(heap) return heap:malloc(6 * MIB) end,
    calloc = function(heap) return heap:calloc(6, MIB) end,
    ["realloc to more"] = function(heap)
      return heap:realloc(heap:malloc(10), 6 * MIB)
    end,
    ["realloc of nil"] = function(heap) return heap:realloc(nil, 6 * MIB) end,
    buffer = function(heap) return heap:buffer(6 * MIB) end,
    ["buffer:resize"] = function(heap)
      return heap:buffer(1):resize(6 * MIB)
    end,
    array = function(heap) return heap:array("u8", 6 * MIB) end,
    ["array:resize"] = function(heap)
      return heap:array("u8", 1):resize(6 * MIB)
    end,
    ["type:array"] = function(heap)
      return heap:struct { { "s", "char", 1024 } }:array(6 * 1024)
    end,
    ["scope:malloc"] = function(heap) return heap:scope():malloc(6 * MIB) end,
    ["scope:realloc"] = function(heap)
      local s = heap:scope()
      return s:realloc(s:malloc(10), 6 * MIB)
    end,
  }

  for name, request in pairs(requests) do
    it("gives way before " .. name .. " is refused", function()
      local heap <close> = assert(mems.open { limit = 10 * MIB })
      do local _ = heap:buffer(6 * MIB) end
      assert.truthy((request(heap)))
    end)
  end

  it("gives way where it was raw memory that an object took", function()
    local heap <close> = assert(mems.open { limit = 10 * MIB })
    do local _ = heap:own(heap:malloc(6 * MIB)) end
    assert.truthy((heap:malloc(6 * MIB)))
  end)

  it("does not give way while something refers to it", function()
    local heap <close> = assert(mems.open { limit = 10 * MIB })
    local kept = heap:buffer(6 * MIB)
    local block, message, code = heap:malloc(6 * MIB)
    assert.is_nil(block)
    assert.is_string(message)
    assert.equal(mems.ELIMIT, code)
    assert.equal(6 * MIB, #kept)
  end)

  it("is not looked for while the collector is stopped", function()
    local heap <close> = assert(mems.open { limit = 10 * MIB })
    do local _ = heap:buffer(6 * MIB) end
    collectgarbage("stop")
    local block = heap:malloc(6 * MIB)
    local stopped = not collectgarbage("isrunning")
    collectgarbage("restart")
    assert.is_true(stopped, "the collector runs again")
    assert.is_true(block == nil or type(block) == "userdata")
  end)

  it("is not looked for again at each refusal", function()
    local heap <close> = assert(mems.open { limit = 4 * MIB })
    while heap:malloc(10000) do end -- luacheck: ignore
    local count = counter()
    for _ = 1, 400 do assert.is_nil((heap:malloc(10000))) end
    local made = count()
    assert.is_true(made < 100, made .. " collections for 400 refusals")
  end)

  it("is not looked for each time a full cache gives one up", function()
    local heap <close> = assert(mems.open { limit = 4 * MIB })
    local cache, first, refusals = {}, 1, 0
    local count = counter()
    for i = 1, 1200 do
      local buffer = heap:buffer(10000)
      if not buffer then
        refusals = refusals + 1
        cache[first]:release()
        cache[first], first = nil, first + 1
        buffer = assert(heap:buffer(10000))
      end
      cache[i] = buffer
    end
    local made = count()
    assert.is_true(refusals > 300, refusals .. " refusals")
    assert.is_true(made < refusals // 4,
      made .. " collections for " .. refusals .. " refusals")
  end)
end)

describe("heaps that nothing refers to", function()
  before_each(function()
    collectgarbage()
    collectgarbage()
  end)

  it("go in time though they are small for Lua", function()
    -- beside much that lives: a cycle of the collector comes seldom
    local ballast = {}
    for i = 1, 100000 do ballast[i] = { i } end
    for _ = 1, 4000 do assert(mems.open()) end -- 64 GiB reserved each
    assert.is_true(#ballast == 100000)
  end)

  it("go in time though what they hold are raw blocks", function()
    local before, most = statm "resident", 0
    for _ = 1, 40 do
      local heap = assert(mems.open())
      local block = heap:malloc(16 * MIB)
      heap:fill(block, 1, 16 * MIB)
      most = math.max(most, statm "resident" - before)
    end
    assert.is_true(most < 400 * MIB, (most // MIB) .. " MiB resident")
  end)

  it("go in time though their blocks are many and small", function()
    local before, most = statm "resident", 0
    for _ = 1, 40 do
      local heap = assert(mems.open())
      for _ = 1, 4000 do
        heap:fill(heap:malloc(2000), 1, 2000)
      end
      most = math.max(most, statm "resident" - before)
    end
    assert.is_true(most < 200 * MIB, (most // MIB) .. " MiB resident")
  end)
end)

describe("a heap opened while its state closes", function()
  local path <const> = "build/test/mems/core.so"
  local new_state = inside.built and
    package.loadlib(path, "luaopen_mems_states")
  if not new_state then return pending("needs the probes: `make test`") end
  new_state = new_state()

  -- What a finalizer does at the end; it is called once all else has been.
  local endings <const> = {
    ["the default heap"] = "mems.init { limit = 1 << 34 } mems.malloc(10)",
    ["the default heap again"] = "pcall(mems.finish) \z
      mems.init { limit = 1 << 34 } mems.buffer(10)",
    ["one of mems.open"] = "late = mems.open { limit = 1 << 34 } \z
      late:malloc(10)",
    ["one that nothing refers to"] = "mems.open { limit = 1 << 34 }:buffer(9)",
    ["many"] = "for i = 1, 9 do mems.open { limit = 1 << 32 }:malloc(9) end",
  }

  for name, ending in pairs(endings) do
    it("is closed with it: " .. name, function()
      collectgarbage()
      local before = statm "size"
      for _, first in ipairs { true, false } do
        local state = new_state()
        assert(state:run(("package.path, package.cpath = %q, %q"):format(
          package.path, package.cpath)))
        local sentinel = "setmetatable({}, { __gc = function() " .. ending ..
          " end })"
        -- Lua calls finalizers in the opposite order of the marks: one that is
        -- set before mems is loaded comes after those of its heaps
        if first then assert(state:run(sentinel)) end
        assert(state:run "mems = require 'mems' mems.init() \z
          heap = mems.open() buffer = heap:buffer(10)")
        if not first then assert(state:run(sentinel)) end
        state:close()
      end
      assert.is_true(statm "size" - before < 1 << 31)
    end)
  end
end)

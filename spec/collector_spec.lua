-- Objects and Lua's collector: what it is told, and what it may run into.

local mems = require "mems"
local inside = require "spec.support.inside"
local shell = require "spec.support.shell"
local refused = require "spec.support.misuse".refused

local BLOCK <const> = 64 * 1024
local HELD <const> = 512 -- stated in the README

describe("the collector", function()
  before_each(function()
    pcall(mems.finish)
    collectgarbage()
    mems.init()
  end)
  after_each(function()
    collectgarbage("restart")
    collectgarbage("incremental")
    pcall(mems.finish)
  end)

  -- The most blocks the heap had at once while `count` objects were made, of
  -- which the last `kept` stay alive.
  local function peak(count, kept, make)
    local ring = {}
    for i = 1, count do ring[i % kept] = make(i) end
    assert.is_true(mems.check() and #ring < count)
    return mems.stats().peak // BLOCK
  end

  for _, mode in ipairs { "incremental", "generational" } do
    it("holds few of many dropped buffers, " .. mode, function()
      collectgarbage(mode)
      local most = peak(20000, 1, function() return mems.buffer(BLOCK) end)
      assert.is_true(most < HELD, most .. " blocks")
    end)

    it("holds few beyond those that live, " .. mode, function()
      collectgarbage(mode)
      local most = peak(shell.scaled(10000), 100, function()
        return mems.array("f64", BLOCK // 8)
      end)
      assert.is_true(most < 2 * 100 + 2 * HELD, most .. " blocks")
    end)
  end

  it("counts what arrays and buffers grow by", function()
    local most = peak(shell.scaled(2000), 1, function()
      local b = mems.buffer(1)
      b:resize(BLOCK)
      local a = mems.array("u8", 0)
      a:resize(BLOCK)
      return b
    end)
    assert.is_true(most < HELD, most .. " blocks")
  end)

  it("is left alone while it is stopped", function()
    collectgarbage("stop")
    for _ = 1, 1000 do mems.buffer(BLOCK) end
    assert.equal(1000, mems.stats().processes)
    collectgarbage("restart")
    for _ = 1, 1000 do mems.buffer(BLOCK) end
    assert.is_true(mems.stats().processes < HELD)
  end)

  it("is told what is owned, and stats tells too", function()
    assert.equal(0, mems.stats().owned)
    local b, a = mems.buffer(1000), mems.array("f64", 10)
    assert.equal(1080, mems.stats().owned)
    local addr = mems.malloc(5000)
    assert.equal(1080, mems.stats().owned)
    local c = mems.own(addr)
    assert.equal(6080, mems.stats().owned)
    c:disown()
    b:resize(10)
    assert.equal(90, mems.stats().owned)
    a:release()
    b:release()
    assert.equal(0, mems.stats().owned)
  end)

  it("may run any finalizer while an object is made", function()
    local function trap(act)
      setmetatable({}, { __gc = act })
    end
    for _ = 1, math.max(30, shell.scaled(200)) do
      local heap = mems.open()
      local a = heap:array("i32", 10)
      trap(function() a:release() end)
      trap(function() heap:buffer(100):resize(10) end)
      trap(function() heap:close() end)
      local list = {}
      for i = 1, 20 do
        list[i] = select(2, pcall(heap.buffer, heap, BLOCK))
        pcall(a.append, a, i)
        pcall(a.totable, a)
        collectgarbage("step")
      end
      assert.equal(20, #list)
    end
    collectgarbage()
    assert.equal(0, mems.stats().processes)
  end)

  it("may change an array that has no room for an element", function()
    local heap <close> = mems.open { limit = 1 << 20 }
    local a = heap:array("u64", 1000)
    local guard = assert(heap:malloc(1000))
    heap:fill(guard, 7, 1000)
    local rest = heap:buffer(1 << 19)
    collectgarbage("stop") -- no collection before that of append
    while heap:malloc(1000) do end
    while heap:malloc(8) do end
    collectgarbage("restart")
    setmetatable({}, { __gc = function()
      rest:release()
      assert(a:resize(4000))
      assert(heap:malloc(40000))
    end })
    local grown = a:append(5) -- its block is full
    collectgarbage()
    assert.equal(4001, grown)
    assert.same({ 4001, 5, 0 }, { #a, a[4001], a[4000] })
    assert.equal(("\7"):rep(1000), heap:readstring(guard, 1000))
    assert.is_true(heap:check())
  end)

  it("may find objects before or after their heap", function()
    for _ = 1, 50 do
      local heap = mems.open()
      local all = { heap:buffer(10), heap:struct { { "x", "u8" } }:new() }
      all[3] = all[1]:slice(1)
      assert.equal(9, #all[3])
      all, heap = nil, nil -- luacheck: ignore
      collectgarbage()
    end
    local heap = mems.open()
    local list = {}
    for i = 1, 1000 do list[i] = heap:buffer(i) end
    heap:close()
    assert.match("closed with its heap", tostring(list[1000]))
    list = nil -- luacheck: ignore
    collectgarbage()
  end)

  it("knows many objects at once", function()
    local count = shell.scaled(100000)
    local S = mems.struct { { "x", "i32" } }
    local list = {}
    for i = 1, count do list[i] = S:new { x = i } end
    for i = 1, count, 3 do list[i]:release() end
    for i = 2, count, 3 do mems.free(list[i]:address()) end
    for i = 3, count, 3 do assert(list[i].x == i) end
    for i = 1, count, 3 do
      assert.is_false((pcall(function() return list[i].x end)))
    end
    assert.match("released", refused(function() return list[2].x end))
    assert.equal(count // 3, mems.stats().processes)
    list = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.equal(0, mems.stats().processes)
  end)
end)

describe("the rule of the binding", function()
  if not inside.built then return pending("needs the probes: `make test`") end

  -- Runs code where what is held is watched, as shell.run does.
  local function run(code)
    local script = os.tmpname()
    shell.write(script, [[
      package.cpath = "build/test/?.so;" .. package.cpath
      local mems = require "mems.core"
      local hold = package.loadlib("build/test/mems/core.so",
                                   "luaopen_mems_probe")().hold
    ]] .. code)
    local printed, complained, status = shell.lua(script)
    os.remove(script)
    return printed, complained, status
  end

  it("is watched: while memory is held, Lua may not allocate", function()
    local _, complained, status = run "hold(1) hold(-1) local _ = {}"
    assert.same({ "", 0 }, { complained, status })
    _, complained, status = run "hold(1) local _ = {}"
    assert.matches("Lua allocates while memory of a heap is held", complained)
    assert.not_equal(0, status)
  end)
end)

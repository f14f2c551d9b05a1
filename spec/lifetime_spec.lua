-- Objects whose end goes another way than the usual one: their finalizer was
-- skipped, or they came back after it; what they are views of moved, or is
-- held by nothing but them.

local inside = require "spec.support.inside"
local mems = require "mems"
local refused = require "spec.support.misuse".refused

local function sound()
  collectgarbage()
  collectgarbage()
  assert.is_true(mems.check())
  assert.equal(0, mems.stats().processes)
end

describe("objects", function()
  local S

  before_each(function()
    pcall(mems.finish)
    collectgarbage()
    mems.init()
    S = mems.struct { { "x", "i32" }, { "part", "u16", 4 } }
  end)
  after_each(function() pcall(mems.finish) end)

  -- Memory of Lua's own, in the place of what it freed.
  local function churn(letter)
    local pad = {}
    for i = 1, 2000 do pad[i] = letter:rep(150) .. i end
    return pad
  end

  -- One of each kind, all dropped.
  local function litter()
    local array = S:array(4)
    return mems.buffer(100), array, S:new { x = 1 }, array[2], array:slice(2),
      mems.own(mems.malloc(40)), array[1].part
  end

  it("whose finalizers Lua skips do no harm", function()
    -- Lua calls no finalizer at its limit of nested C calls.
    local function deep(n)
      if n > 0 then return pcall(deep, n - 1) end
      for _ = 1, 20 do pcall(litter) end
      collectgarbage()
    end
    for n = 180, 200 do deep(n) end
    collectgarbage()
    local pad = churn "x"
    for _ = 1, 300 do mems.buffer(100):release() end
    for i = 1, 100 do S:new { x = i }:release() end
    assert.is_true(mems.check() and #pad > 0)
    local left = mems.stats().processes -- their memory goes with the heap
    local processes = mems.finish()
    assert.equal(left, processes)
    mems.init()
    sound()
  end)

  it("whose finalizers were skipped are not found by their address",
    function()
      local blocks = {}
      local function deep(n)
        if n > 0 then return pcall(deep, n - 1) end
        for _ = 1, 20 do
          local b = mems.buffer(64)
          blocks[#blocks + 1] = b:address()
        end
        collectgarbage()
      end
      for n = 180, 200 do deep(n) end
      local pad = churn "y"
      collectgarbage() -- the others go
      for _, addr in ipairs(blocks) do
        local live, size = pcall(mems.size, addr)
        if live then
          assert.equal(64, size)
          local moved = assert(mems.realloc(addr, 200))
          mems.fill(moved, 1, 200)
          mems.free(moved)
        end
      end
      assert.is_true(#pad > 0)
      sound()
    end)

  it("that come back after their finalizer are dead", function()
    for _, make in ipairs {
      function() return mems.buffer(8) end,
      function() return S:new() end,
      function() return S:array(4) end,
      function() return mems.own(mems.malloc(8)) end,
    } do
      local saved
      setmetatable({ make() }, { __gc = function(t) saved = t[1] end })
      collectgarbage()
      collectgarbage()
      assert.truthy(saved)
      -- its own finalizer may come before or after the other one
      local again = pcall(saved.address, saved)
      if not again then
        assert.matches("released", refused(saved.size, saved))
        assert.matches("released", tostring(saved))
        saved:release()
        assert.is_false((pcall(saved.disown, saved)))
        assert.is_false((pcall(function() saved:resize(9) end)))
      end
      saved = nil
      sound()
    end
  end)

  it("that come back own no block that has their place", function()
    for _, kind in ipairs { "at", "new", "array", "buffer", "own" } do
      local block, saved = mems.malloc(8), nil
      do
        local object = kind == "at" and S:at(mems.calloc(1, 40)) or
          kind == "new" and S:new() or kind == "array" and S:array(4) or
          kind == "buffer" and mems.buffer(16) or mems.own(mems.malloc(16))
        setmetatable({ object }, { __gc = function(t) saved = t[1] end })
      end
      collectgarbage()
      collectgarbage()
      local other = mems.calloc(1, 16)
      pcall(function() saved:move(block) end)
      pcall(function() saved:resize(9) end)
      pcall(function() saved.x = 0x5a5a5a5a end)
      pcall(function() saved[1] = { x = 0x5a5a5a5a } end)
      pcall(mems.own, block)
      local pad
      saved, pad = nil, churn "z"
      collectgarbage()
      collectgarbage()
      assert.equal(("\0"):rep(16), mems.readstring(other, 16), kind)
      assert.is_true(#pad > 0 and mems.check(), kind)
      pcall(mems.free, block)
      mems.free(other)
    end
  end)

  it("that come back can't be linked to a heap again", function()
    local saved
    do
      local view = S:at(mems.calloc(1, 40))
      setmetatable({ view }, { __gc = function(t) saved = t[1] end })
    end
    collectgarbage()
    collectgarbage()
    local block = mems.calloc(1, 40)
    for _ = 1, 3 do pcall(function() saved:move(block) end) end
    saved = nil
    collectgarbage()
    local pad = churn "w"
    mems.free(block)
    mems.free(mems.calloc(1, 40))
    assert.is_true(#pad > 0 and mems.check())
  end)

  it("that are released can't be moved", function()
    local block = mems.calloc(1, 40)
    local view, array = S:at(block), S:array(3)
    local element = array[2]
    view:release()
    assert.matches("released", refused(view.move, view, block))
    assert.matches("released", refused(function() return view.x end))
    element:release()
    assert.matches("released", refused(element.move, element, 1))
    local one = S:new()
    one:release()
    assert.matches("released", refused(one.move, one, block))
    mems.free(block)
  end)

  it("keep what they are made at alive", function()
    local bytes <const> = "\1\0\0\0\2\0\3\0\4\0\0\0"
    local function at_buffer() return S:at(mems.buffer(bytes)) end
    local function at_slice()
      return S:at(mems.buffer("...." .. bytes):slice(4))
    end
    local function at_array()
      return S:at(mems.array("u8", { bytes:byte(1, -1) }))
    end
    for _, make in ipairs { at_buffer, at_slice, at_array } do
      local view, part = make(), make().part
      for _ = 1, 10 do
        collectgarbage()
        mems.buffer(12):fill(0xff)
        assert.equal(1, view.x)
        assert.equal(3, part[2])
      end
      view, part = nil, nil -- luacheck: ignore
      sound()
    end
  end)

  it("that are views go wherever their array now has elements", function()
    local array = S:array(10)
    local view, last = array[1], array[10]
    array:resize(20)
    array[15].x = 5
    assert.equal(5, view:move(15).x)
    for i = 21, 40 do array:append { x = i } end
    assert.equal(40, view:move(40).x)
    array:resize(2)
    assert.is_false((pcall(function() return last.x end)))
    assert.equal(0, last:move(1).x)
    assert.matches("from 1 to 2", refused(view.move, view, 3))
  end)

  it("that are parts follow a view to where it moves, and not beyond",
    function()
      local P = mems.struct { { "pad", "u8", 32 }, { "a", "i32", 4 } }
      local one, two = mems.calloc(1, 200), mems.calloc(1, 200)
      local view = P:at(mems.add(one, 100))
      local part = view.a
      part[1] = 1
      view:move(two)
      pcall(function() part[1] = 0x5a5a5a5a end)
      for i = 0, 196, 4 do
        local value = mems.peek(two, "i32", i)
        assert.is_true(value == 0 or i == 32, "written at " .. i)
      end
    end)
end)

describe("objects without memory for their finalizers", function()
  if not inside.built then return pending("needs the probes: `make test`") end

  local probe, leave

  setup(function() probe, leave = select(2, inside.enter()) end)
  teardown(function() leave() end)

  -- In a coroutine with a small stack a finalizer needs more of it, which it
  -- does not get.
  local CODE <const> = [[
    local mems = require "mems"
    local function litter(S)
      local array = S:array(3)
      return mems.buffer(50), array[2], S:new(), S:at(mems.malloc(40))
    end
    local function collect(depth)
      if depth > 0 then
        local result = collect(depth - 1)
        return result
      end
      fail(1, math.maxinteger // 2)
      collectgarbage()
      fail(0)
    end
    local most = 0
    for depth = 0, 40 do
      assert(mems.init())
      local S = mems.struct { { "x", "i32" } }
      litter(S)
      pcall(coroutine.wrap(collect), depth)
      fail(0)
      most = math.max(most, mems.stats().processes)
      local pad = {}
      for i = 1, 100 do pad[i] = ("x"):rep(150) .. i end
      for i = 1, 20 do mems.buffer(50):release() S:new():release() end
      assert(mems.check())
      mems.finish()
      collectgarbage()
    end
    return most
  ]]

  it("do no harm, and their memory goes with the heap", function()
    local state = probe.starved()
    assert(state:run(("package.path = %q"):format(package.path)))
    -- more than the one block that is nobody's: finalizers were skipped
    assert.is_true(tonumber(assert(state:run(CODE))) > 1)
    assert.same({ 0, 0 }, { state:close() })
  end)
end)

-- Addresses that a foreign userdata gives, by `__address` in its metatable:
-- that is a script's code, and whatever it does, what the call is about to
-- read and write is looked at after it.

local mems = require "mems"
local refused = require "spec.support.misuse".refused

local metatable <const> = getmetatable(io.stdout)

local function address_is(f)
  metatable.__address = f
end

-- Verbs with two ends.
local PAIRS <const> = { "copy", "compare" }

describe("an address that a userdata gives", function()
  before_each(function()
    pcall(mems.finish)
    mems.init()
  end)
  after_each(function()
    metatable.__address = nil
    pcall(mems.finish)
  end)

  it("is an address, never another userdata", function()
    local target, count = mems.malloc(100), 0
    mems.fill(target, 7, 100)
    for _, other in ipairs { io.stderr, io.stdout, mems.buffer(100),
                             mems.array("u8", 100) } do
      address_is(function()
        count = count + 1
        return count % 10 == 1 and other or target
      end)
      count = 0
      for _, verb in ipairs(PAIRS) do
        count = 0
        assert.matches("address",
          refused(mems[verb], target, io.stdout, 10))
        assert.equal(1, count)
        count = 0
        assert.matches("address",
          refused(mems[verb], io.stdout, target, 10))
      end
      count = 0
      assert.matches("address", refused(mems.peek, io.stdout, "u8"))
    end
    assert.equal(("\7"):rep(100), mems.readstring(target, 100))
  end)

  it("is refused if it is no address", function()
    for _, value in ipairs { {}, true, 1.5, print } do
      address_is(function() return value end)
      assert.matches("address", refused(mems.peek, io.stdout, "u8"))
    end
    address_is(function() return "1000" end)
    pcall(mems.peek, io.stdout, "u8")
    assert.is_true(mems.check())
  end)

  for _, verb in ipairs(PAIRS) do
    it("may end the other end of " .. verb .. ": what comes there is safe",
      function()
        local source = mems.malloc(100)
        mems.fill(source, 0x77, 100)
        for _, first in ipairs { true, false } do
          local target, fresh = mems.buffer(100), nil
          address_is(function()
            target:release()
            fresh = mems.calloc(1, 100)
            return source
          end)
          local ok = pcall(mems[verb], first and target or io.stdout,
            first and io.stdout or target, 100)
          assert.is_false(ok)
          assert.equal(("\0"):rep(100), mems.readstring(fresh, 100))
          mems.free(fresh)
        end
      end)

    it("may free the other end of " .. verb, function()
      local target, source = mems.malloc(100), mems.malloc(100)
      address_is(function()
        mems.free(target)
        return source
      end)
      assert.matches("is not allocated", refused(mems[verb], target, io.stdout,
                                                 9))
      assert.is_true(mems.check())
    end)

    it("may move the other end of " .. verb, function()
      local view = mems.struct { { "x", "i32", 25 } }:at(mems.calloc(1, 100))
      local other = mems.calloc(1, 100)
      address_is(function()
        view:move(other)
        return other
      end)
      pcall(mems[verb], view, io.stdout, 100)
      local buffer, source = mems.buffer(1000), mems.malloc(1000)
      address_is(function()
        buffer:resize(10)
        return source
      end)
      assert.matches("10 bytes", refused(mems[verb], buffer, io.stdout, 1000))
      assert.is_true(mems.check())
    end)
  end

  it("may open another heap in the place of the one", function()
    local block, count = mems.malloc(100), 0
    mems.fill(block, 1, 100)
    local other
    address_is(function()
      count = count + 1
      mems.finish()
      mems.init { limit = 4096 }
      other = mems.calloc(1, 100)
      return other
    end)
    -- both are looked at in the heap that is there at last
    pcall(mems.copy, 1000, io.stdout, 100)
    assert.equal(1, count)
    assert.is_true(mems.check())
    assert.equal(("\0"):rep(100), mems.readstring(other, 100))
  end)

  it("is asked for once, in the order of the arguments", function()
    local one, asked = mems.calloc(1, 100), {}
    address_is(function(file)
      asked[#asked + 1] = file == io.stdout and "out" or "err"
      return one
    end)
    mems.copy(io.stdout, io.stderr, 10)
    assert.same({ "out", "err" }, asked)
    mems.compare(io.stderr, io.stdout, 10)
    assert.same({ "out", "err", "err", "out" }, asked)
  end)
end)

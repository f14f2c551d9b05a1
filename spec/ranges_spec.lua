-- Addresses of opened heaps: no address of one heap is one of another, nor a
-- physical one.

local mems = require "mems"
local inside = require "spec.support.inside"
local refused = require "spec.support.misuse".refused

describe("opened heaps", function()
  before_each(function()
    pcall(mems.finish)
    mems.init()
  end)
  after_each(function() pcall(mems.finish) end)

  it("refuse each other's addresses, and those of the default heap",
    function()
      local heaps <const> = { mems.open(), mems.open { limit = 4096 },
                              mems.open { quarantine = 4096, fill = true } }
      local blocks = { mems.malloc(8) }
      assert.equal(1000, mems.tointeger(blocks[1]))
      for i, heap in ipairs(heaps) do blocks[i + 1] = heap:malloc(8) end
      for i, block in ipairs(blocks) do
        for j, heap in ipairs(heaps) do
          if i ~= j + 1 then
            assert.matches("never allocated", refused(heap.free, heap, block))
            assert.matches("never allocated",
                           refused(heap.peek, heap, block, "u8"))
            assert.is_nil((heap:get(block)))
          end
        end
        if i > 1 then
          assert.matches("never allocated", refused(mems.free, block))
        end
      end
      for _, heap in ipairs(heaps) do heap:close() end
    end)

  it("get none that is in use, however many were opened and closed",
    function()
      local first <close> = assert(mems.open())
      local block = first:malloc(8)
      for _ = 1, 1000 do
        local heap <close> = assert(mems.open { limit = 4096 })
        assert.not_equal(block, heap:malloc(8))
      end
    end)

  it("have no virtual address that may be a physical one", function()
    local heap <close> = assert(mems.open())
    assert.is_true(heap:stats().base >= 1 << 56)
    assert.is_true(mems.tointeger(heap:get(heap:malloc(8))) < 1 << 56)
  end)

  it("get the base that they name", function()
    local heap <close> = assert(mems.open { base = 8 })
    assert.equal(8, mems.tointeger(heap:malloc(8)))
  end)
end)

describe("the counter of addresses", function()
  if not inside.built then return pending("needs the probes: `make test`") end

  local MOST <const>, LEAST <const> = 46, 12 -- log2 of what heaps may take

  local mems_inside, probe, leave
  local taken -- first address to size

  setup(function() mems_inside, probe, leave = inside.enter() end)
  teardown(function() leave() end)
  before_each(function() taken = {} end)
  after_each(function()
    for first in pairs(taken) do probe.range_give(first) end
  end)

  -- Takes ranges until none is left; how many.
  local function take_all()
    local count = 0
    for log2 = MOST, LEAST, -1 do
      local first = probe.range_take(1 << log2)
      while first ~= 0 do
        taken[first], count = 1 << log2, count + 1
        first = probe.range_take(1 << log2)
      end
    end
    return count
  end

  -- The first addresses, ascending.
  local function ascending()
    local order = {}
    for first in pairs(taken) do order[#order + 1] = first end
    table.sort(order)
    return order
  end

  it("gives ranges that lie apart, until none is left", function()
    assert.is_true(take_all() > 50000)
    local order = ascending()
    for i = 2, #order do
      assert(order[i - 1] + taken[order[i - 1]] < order[i], i)
    end
    assert(order[1] >= 1 << 56)
    -- behind are those of heaps in files
    assert(order[#order] + taken[order[#order]] < 1 << 62)
    local heap, message, code = mems_inside.open()
    assert.is_nil(heap)
    assert.is_string(message)
    assert.equal(mems_inside.ENOMEM, code)
  end)

  it("begins again with what nobody has any more, and only with that",
    function()
      local before = take_all()
      local order = ascending()
      local kept = order[#order // 2]
      local size = taken[kept]
      for first in pairs(taken) do
        if first ~= kept then probe.range_give(first) end
      end
      taken = {}
      assert.is_true(take_all() > before // 2)
      for first, length in pairs(taken) do
        assert(first + length < kept or first > kept + size)
      end
      taken[kept] = size
    end)
end)

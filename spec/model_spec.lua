-- Random operations on heaps, each against a plain Lua table.
--
-- A failure names its seed: MEMS_SEED=n makes the same run again.

local mems = require "mems"
local model = require "spec.support.model"
local operations = require "spec.support.operations"
local shell = require "spec.support.shell"

local SEED <const> = math.tointeger(tonumber(os.getenv("MEMS_SEED")))
  or os.time()

-- Runs `count` operations on the heap of `twin`, then frees all blocks but
-- `left`.
local function exercise(twin, count, crowd, left)
  math.randomseed(SEED)
  local ok, problem = pcall(function()
    local runner = operations.new(twin, crowd)
    runner:run(shell.scaled(count))
    runner:drain(left or 0)
  end)
  if not ok then error(string.format("MEMS_SEED=%d, %s", SEED, problem), 0) end
end

-- The same on a heap that is opened for it. Returns its model.
local function agrees(options, count, crowd)
  local heap <close> = assert(mems.open(options))
  local twin = model.new(model.functions(heap), options)
  exercise(twin, count, crowd)
  return twin
end

describe("a heap agrees with a plain table", function()
  after_each(function() pcall(mems.finish) end)

  it("with default options", function()
    assert(mems.init())
    local twin = model.new(mems, {})
    exercise(twin, 200000, nil, 5)
    local blocks, bytes = mems.finish()
    assert.equal(#twin.order, blocks)
    assert.equal(twin.requested, bytes)
  end)

  it("with blocks aligned to 64", function()
    agrees({ align = 64 }, 50000)
  end)

  it("with its first address at 4096 and nodes of 64 KiB", function()
    agrees({ base = 4096, page = 65536 }, 50000)
  end)

  it("and refuses without a trace what passes a limit", function()
    local refusals = agrees({ limit = 4 << 20 }, 50000, 1500).refusals
    for pages = 2, 50, 3 do
      refusals = refusals + agrees({ limit = pages * 4096 }, 3000).refusals
    end
    assert.is_true(shell.scaled(100) < 100 or refusals > 1000)
  end)
end)

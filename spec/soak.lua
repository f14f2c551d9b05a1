-- Random operations for as long as one likes: `make soak SECONDS=60 SEED=1`,
-- or lua5.4 spec/soak.lua SECONDS [SEED] on what is built.
--
-- In each round a heap, with options of the round, does random operations,
-- and its model says what has to come of them; the default heap makes random
-- objects meanwhile. A failure names the round's seed, which makes the same
-- round the first one, and the last 20 operations.

local seconds, seed = ...
seconds = tonumber(seconds) or 60
seed = math.tointeger(tonumber(seed)) or os.time()

local mems = require "mems"
local bulk = require "spec.support.bulk"
local model = require "spec.support.model"
local objects = require "spec.support.objects"

local OPERATIONS <const> = 8000 -- of a round
local SLICE <const> = 400       -- operations in one go

local OPTIONS <const> = {
  {}, { limit = 4 << 20 }, { limit = 60 * 4096 }, { limit = 4096 },
  { align = 64 }, { align = 4096, limit = 8 << 20 },
  { base = 4096, page = 65536 }, { fill = true },
  { limit = 16 << 20, quarantine = 100000 },
  { quarantine = 1 << 20, fill = true }, { trace = true },
}

-- A model of a heap that keeps freed blocks for a while: what it shows as
-- holes is not what a request may have.
local patient = setmetatable({}, { __index = model })
patient.__index = patient

function patient:verify()
  model.expect(self.heap.check() == true, "check is not true")
  for _, addr in ipairs(self.order) do
    self:expect_bytes(self.blocks[addr])
  end
  local stats = self.heap.stats()
  for _, name in ipairs { "requested", "mallocs", "frees" } do
    model.expect(stats[name] == self[name], "stats: %s is %s, not %s", name,
      stats[name], self[name])
  end
end

function patient:expect_refusal(_, _, _, message, code)
  self.refusals = self.refusals + 1
  model.expect(code == mems.ELIMIT, "refused with %s, %s", message, code)
end

function patient.expect_hemmed() end

local function shown(options)
  local words = {}
  for name, value in pairs(options) do
    words[#words + 1] = name .. " = " .. tostring(value)
  end
  return "{ " .. table.concat(words, ", ") .. " }"
end

-- Has the heap do its operations, the objects theirs in between.
local function play(heap, options)
  local twin = model.new(model.functions(heap), options)
  if options.quarantine then setmetatable(twin, patient) end
  local runner = bulk.new(twin, math.random(900))
  local crowd = mems.array and objects.new(mems)
  for _ = 1, OPERATIONS // SLICE do
    runner:run(SLICE)
    if crowd then crowd:run(SLICE // 8) end
    if math.random(10) == 1 then collectgarbage() end
  end
  runner:drain(0)
  return runner.count + (crowd and crowd.count or 0)
end

-- One round. Gives the number of operations.
local function round(number)
  math.randomseed(number)
  local options = OPTIONS[math.random(#OPTIONS)]
  local heap <close> = assert(mems.open(options))
  assert(mems.init(OPTIONS[math.random(3)]))
  local ok, result = pcall(play, heap, options)
  if not ok then
    error(("SEED=%d, heap %s, %s"):format(number, shown(options), result), 0)
  end
  mems.finish()
  return result
end

local started, rounds, operations = os.time(), 0, 0
repeat
  operations = operations + round(seed + rounds)
  rounds = rounds + 1
until os.difftime(os.time(), started) >= seconds
print(("soak: %d operations in %d rounds from SEED=%d on, all as they should")
  :format(operations, rounds, seed))

-- Lua states and their collector: several in one process, finalizers at bad
-- moments.

local mems = require "mems"
local shell = require "spec.support.shell"
local refused = require "spec.support.misuse".refused

local GIB <const> = 1 << 30

-- Built with the probes; makes a new Lua state.
local new_state = package.loadlib("build/test/mems/core.so",
                                  "luaopen_mems_states")
if new_state then new_state = new_state() end

-- Bytes of address space that this process has.
local function address_space()
  local file <close> = assert(io.open("/proc/self/statm"))
  return file:read("n") * 4096
end

-- A new state with this one's paths and `mems` in a global of that name.
local function state_with_mems()
  local state = new_state()
  assert(state:run(string.format(
    "package.path, package.cpath = %q, %q; mems = require 'mems'",
    package.path, package.cpath)))
  return state
end

describe("two states", function()
  if not new_state then
    return pending("need build/test/mems/core.so: run `make test`")
  end

  it("have a default heap each", function()
    local one, two = state_with_mems(), state_with_mems()
    assert(one:run "mems.init(); a = mems.malloc(100)")
    assert.equal("mems is not initialised: call mems.init()",
                 select(2, two:run "mems.malloc(1)"):match("mems is.*"))
    assert(two:run "mems.init { base = 5000 }; a = mems.malloc(100)")
    assert.equal("1000", one:run "return mems.tointeger(a)")
    assert.equal("5000", two:run "return mems.tointeger(a)")
    one:run "mems.fill(a, 1, 100)"
    two:run "mems.fill(a, 2, 100)"
    assert.equal("1", one:run "return mems.peek(a, 'u8')")
    assert.equal("2", two:run "return mems.peek(a, 'u8')")
    one:close()
    assert.equal("2", two:run "return mems.peek(a, 'u8')")
    assert.equal("true", two:run "return mems.check()")
    two:close()
  end)
end)

describe("a state that is closed", function()
  if not new_state then return pending("needs the probes: `make test`") end

  it("leaves no heap behind", function()
    collectgarbage()
    local before = address_space()
    local state = state_with_mems()
    assert(state:run("mems.init { limit = 1 << 34 }; mems.malloc(100)" ..
                     "heap = mems.open { limit = 1 << 34 }" ..
                     "heap:malloc(100); step = mems.segments()"))
    assert.is_true(address_space() - before > 2 * GIB)
    state:close()
    assert.is_true(address_space() - before < GIB // 2)
  end)
end)

describe("the collector", function()
  after_each(function()
    collectgarbage("incremental", 200, 100)
    pcall(mems.finish)
  end)

  it("closes a heap that nothing refers to", function()
    collectgarbage()
    local before = address_space()
    for _ = 1, 3 do assert(mems.open { limit = 1 << 34 }):malloc(1) end
    assert.is_true(address_space() - before > 2 * GIB)
    collectgarbage()
    collectgarbage()
    assert.is_true(address_space() - before < GIB // 2)
  end)

  it("keeps a heap that an iterator goes through", function()
    local heap = mems.open()
    for _ = 1, 5 do heap:malloc(100) end
    local step = heap:segments()
    heap = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    local count = 0
    while step() do count = count + 1 end
    assert.equal(6, count)
  end)

  -- A call that allocates in Lua may run a finalizer half-way.
  local verbs <const> = {
    peekarray = function(heap, block)
      return heap:peekarray(block, "i32", 20000)
    end,
    pokearray = function(heap, block, values)
      return heap:pokearray(block, "i32", values)
    end,
    readstring = function(heap, block)
      return heap:readstring(block, 80000)
    end,
    cstring = function(heap, block) return heap:cstring(block) end,
    unpack = function(heap, block) return heap:unpack(block, "zz") end,
    pack = function(heap, block, _, text)
      return heap:pack(block, "z", text)
    end,
    stats = function(heap) return heap:stats() end,
    segments = function(heap) return heap:segments()() end,
    malloc = function(heap) return heap:malloc(100) end,
    tostring = tostring,
  }

  -- Runs the verb while a finalizer that calls `finalize` is due.
  local function run_with_garbage(verb, finalize, values, text)
    local heap <close> = mems.open()
    local block = heap:malloc(80001)
    heap:fill(block, 65, 80000)
    heap:poke(block, "u8", 0, 80000)
    heap:poke(block, "u8", 0, 40000)
    setmetatable({}, { __gc = function() finalize(heap, block) end })
    return pcall(verb, heap, block, values, text)
  end

  local function survives(finalize)
    local values, text = {}, ("x"):rep(70000)
    for i = 1, 20000 do values[i] = i end
    local failures = 0
    for _, mode in ipairs { "generational", "incremental" } do
      -- so that nearly every allocation collects, however large the state is
      collectgarbage(mode, 1, 1000, mode == "incremental" and 100 or nil)
      collectgarbage() -- from here on that holds
      for _, verb in pairs(verbs) do
        for _ = 1, shell.scaled(3) do
          local ok, message = run_with_garbage(verb, finalize, values, text)
          if not ok then
            failures = failures + 1
            local known = message:find("the heap is closed", 1, true)
              or message:find("is not allocated", 1, true)
            assert.is_truthy(known, message)
          end
        end
      end
    end
    return failures
  end

  it("may close the heap in the middle of a call", function()
    assert.is_true(survives(function(heap) heap:close() end) > 0)
  end)

  it("may free the block in the middle of a call", function()
    assert.is_true(survives(function(heap, block)
      pcall(heap.free, heap, block)
    end) > 0)
  end)

  it("may allocate in the middle of a call", function()
    assert.equal(0, survives(function(heap)
      pcall(heap.malloc, heap, 1000)
    end))
  end)
end)

describe("a coroutine", function()
  it("shares the heaps of its state", function()
    mems.init()
    local block = coroutine.wrap(function()
      local inner = mems.malloc(10)
      mems.poke(inner, "i32", 5)
      coroutine.yield(inner)
    end)()
    assert.equal(5, mems.peek(block, "i32"))
    mems.finish()
  end)

  it("names a wrong argument as any caller", function()
    mems.init()
    local message = coroutine.wrap(function()
      return refused(mems.peek, 7, "u8")
    end)()
    assert.equal("bad argument #1 to 'peek' (address 7+1 was never allocated)",
                 message)
    mems.finish()
  end)
end)

-- The OS refuses memory, at each request that it ever gets; Lua has no memory
-- left, at each allocation that it makes while mems runs. The call that this
-- happens to fails with a clear error or does its work; no heap is damaged,
-- nothing is lost, and all goes on.

local inside = require "spec.support.inside"
local session = require "spec.support.session"
local shell = require "spec.support.shell"

local OPERATIONS <const> = 500

-- Slow builds leave some of the requests out.
local STEP <const> = 100 // shell.scaled(100)

local function address_space()
  local file <close> = assert(io.open("/proc/self/statm"))
  return file:read("n") * 4096
end

local function close_all(mems)
  pcall(mems.finish)
  collectgarbage()
end

describe("a request that the OS refuses", function()
  if not inside.built then return pending("needs the probes: `make test`") end

  local mems, probe, leave

  setup(function() mems, probe, leave = inside.enter() end)
  teardown(function()
    probe.pages_fail(0)
    leave()
  end)

  -- A heap that is lost is 32 GiB of address space, or little less.
  local before

  before_each(function()
    close_all(mems)
    before = address_space()
  end)
  after_each(function()
    probe.pages_fail(0)
    close_all(mems)
    assert.is_true(address_space() - before < 1 << 30)
  end)

  -- Does one operation while its n-th request fails (0: none). Gives how
  -- many it made, and what step gave.
  local function step(run, op, n)
    probe.pages_fail(n)
    local ok, message, code = run:step(op)
    return probe.pages_fail(0), ok, message, code
  end

  -- The operation was refused: for lack of memory, or, in a heap that was
  -- opened with less of it, for the limit.
  local function assert_refused(message, code)
    assert.is_string(message)
    assert.is_true(code == mems.ENOMEM or code == mems.ELIMIT, message)
  end

  -- Runs the script with the n-th request of all failing. True if there were
  -- so many.
  local function run_with_failure(script, n)
    local run, left, met = session.new(mems), n, false
    for _, op in ipairs(script) do
      local made, ok, message, code = step(run, op, left)
      local failed = left > 0 and made >= left
      left = math.max(0, left - made)
      if not ok then assert_refused(message, code) end
      if failed then
        met = true
        run:verify()
        if not ok and code == mems.ENOMEM then
          assert.is_true(run:step(op))
        end
      end
    end
    run:verify()
    run:finish()
    return met
  end

  it("leaves every heap as sound as before, whichever it is", function()
    local script, n = session.script(OPERATIONS), 0
    repeat n = n + STEP until not run_with_failure(script, n)
    assert.is_true(n > 100)
  end)

  it("may be refused again and again", function()
    for first = 1, 3 do
      local run, refused = session.new(mems), 0
      for i, op in ipairs(session.script(OPERATIONS)) do
        local _, ok, message, code = step(run, op, first)
        if not ok then
          refused = refused + 1
          assert_refused(message, code)
        end
        if i % 50 == 0 then run:verify() end
      end
      run:verify()
      run:finish()
      assert.is_true(first == 3 or refused > 3)
    end
  end)

  -- Runs are made and dissolved, stacks filled and emptied, pages given back:
  -- by trim, by themselves, and for zeros; all is freed at once, and again.
  local function use_runs(options, n)
    local heap <close> = assert(mems.open(options))
    local blocks = {}
    probe.pages_fail(n)
    local function put(block, size)
      if not block then return end
      heap:fill(block, size % 251 + 1, size)
      blocks[#blocks + 1] = { block, size }
    end
    local function drop(i)
      local block, size = table.unpack(table.remove(blocks, i))
      assert(heap:peek_u8(block, size - 1) == size % 251 + 1)
      heap:free(block)
    end
    local function zeros(size)
      local block = heap:calloc(1, size)
      if not block then return end
      assert(heap:peek_u8(block) == 0 and
             heap:compare(block, mems.add(block, 1), size - 1) == 0)
      put(block, size)
    end
    for _ = 1, 2 do
      for i = 1, 1200 do
        local size = ({ 24, 100, 1000, 1100 })[i % 4 + 1]
        put(heap:malloc(size, i % 50 == 0 and 256 or nil), size)
      end
      for i = #blocks, 1, -1 do
        if i % 3 > 0 or i > 900 then drop(i) end
      end
      zeros(1 << 20)
      heap:trim()
      for i = 1, 3 do put(heap:malloc(i * 300000), i * 300000) end
      for _ = 1, math.min(#blocks, 3) do drop() end
      zeros(1 << 20)
      assert.is_true(heap:check())
      probe.reset(heap)
      assert.is_true(heap:check())
      assert.equal(0, heap:stats().processes)
      blocks = {}
    end
    heap:trim()
    assert.is_true(heap:check())
    return probe.pages_fail(0)
  end

  it("in runs, in trim, in reset, or for zeros does no harm", function()
    for _, options in ipairs { {}, { quarantine = 1 << 16, fill = true } } do
      local n = 0
      repeat n = n + STEP until use_runs(options, n) < n
      assert.is_true(n > 50)
    end
  end)

  it("makes open give nil, a message and a code", function()
    local refused, n = 0, 0
    collectgarbage("stop") -- or it may collect, ask again, and succeed
    finally(function() collectgarbage("restart") end)
    repeat
      n = n + 1
      probe.pages_fail(n)
      local heap, message, code = mems.open()
      local made = probe.pages_fail(0)
      if heap then
        assert.is_true(heap:check())
        heap:close()
      else
        refused = refused + 1
        assert.equal("the operating system refused memory", message)
        assert.equal(mems.ENOMEM, code)
      end
    until made < n
    assert.is_true(refused > 3)
  end)

  it("makes open reserve less", function()
    probe.pages_fail(1)
    local heap <close> = assert(mems.open { limit = 1 << 30 })
    assert.equal(1 << 29, heap:stats().limit)
  end)

  it("makes malloc give nil, a message and a code", function()
    local heap <close> = assert(mems.open())
    probe.pages_fail(1)
    -- what is asked for at first is a node of the size that is needed
    assert.same({ nil, "the operating system refused memory", mems.ENOMEM },
                { heap:malloc(100) })
    assert.equal(0, heap:stats().nodes)
    assert.is_true(heap:check())
    assert.equal(heap:stats().base, mems.tointeger(heap:malloc(100)))
  end)
end)

-- Code for a state of its own, where fail(n, more) makes the n-th allocation
-- of Lua from then on fail, and `more` after it. Every verb is done with each
-- of its allocations failing, or every `step`-th; all(more, step) gives how
-- often one had no memory.
local VERBS <const> = [[
  local mems = require "mems"
  local heap, block, other

  local verbs = {
    function() assert(opened or mems.init()) opened = true end,
    function()
      if heap then heap:close() end
      heap, block, other = assert(mems.open { limit = 1 << 30 })
    end,
    function() block = block or assert(heap:malloc(4000)) end,
    function() other = other or assert(heap:calloc(10, 10)) end,
    function() return heap:fill(block, 65, 4000), heap:get(7) end,
    function() return tostring(heap) end,
    function() return heap:stats(), mems.stats() end,
    function() return heap:peek(block, "u64be", 8) end,
    function() heap:poke(block, "f32", 1.5, 16) end,
    function() return heap:readstring(block, 3000, 1) end,
    function() heap:writestring(block, ("x"):rep(500), 32) end,
    function() return heap:peekarray(block, "i16", 500) end,
    function() return heap:peekarray(block, "ptr", 100) end,
    function() return heap:pokearray(block, "i16", { 1, 2, 3, "4" }) end,
    function() return heap:pack(other, "zi4s2", "text", 5, ("s"):rep(20)) end,
    function() return heap:unpack(block, "I8c100d") end,
    function() heap:poke(block, "u8", 0, 3999) return heap:cstring(block) end,
    function() heap:fill(block, 66, 100) heap:copy(other, block, 100) end,
    function() return heap:compare(other, block, 100) end,
    function() return heap:find(block, 4000, "AAA") end,
    function() for _ in heap:segments() do local _ end end,
    function() for _ in heap:nodes() do local _ end end,
    function() other = assert(heap:realloc(other, #tostring(_G) * 30)) end,
    function() local a = assert(mems.malloc(64, 64)) mems.free(a) end,
    function() return heap:trim(), heap:check() end,
    function() return mems.add(block, 8), mems.diff(block, other) end,
    function() return heap:malloc(1 << 40) end,
    function() return refused(mems.init, {}) end,
    function() return refused(mems.open, { limt = 5 }) end,
    function() return refused(heap.free, heap, mems.add(block, 4)) end,
    function() return refused(heap.peek, heap, block, "i64", 5000) end,
    function() return refused(heap.poke, heap, block, "u8", 300) end,
    function() return refused(heap.peek, heap, block, ("?"):rep(50)) end,
    function() return heap:print_stats(nowhere) end,
    function() if other then heap:free(other) other = nil end end,
    function() buffer = buffer or assert(heap:buffer(("b"):rep(100))) end,
    function() array = array or assert(heap:array("i16", { 3, 1, 2 })) end,
    function() array:append(7) array:resize(5) array:sort() end,
    function() return array:totable(), array:slice(2, 3), tostring(array) end,
    function() array:map(function(x) return #tostring(x) end) end,
    function() array:copy({ 9, 8, 7 }) end,
    function() return refused(function() array[9] = 1 end) end,
    function() return buffer:slice(5, 10):readstring(10) end,
    function() buffer:resize(#tostring(_G) * 10) end,
    function() layout = mems.struct { { "x", "f64" }, { "s", "char", 8 } } end,
    function() record = record or assert(layout:new { x = 5, s = "five" }) end,
    function() return record:totable(), tostring(record), record.s end,
    function() return refused(function() record.y = 1 end) end,
    function() return layout:at(record:address()).x end,
    function()
      mems.scope(function(s) s:malloc(10) s:buffer("text") s:array("u8", 3) end)
    end,
    function()
      heap:scope(function(s)
        s:realloc(s:calloc(1, 10), 1000)
        heap:free(s:keep(s:malloc(10)))
      end)
    end,
    function() if record then record:release() record = nil end end,
  }

  opened, nowhere = false, io.open("/dev/null", "w")

  -- Only for want of memory may a refusal be another than the usual one.
  function refused(f, ...)
    local ok, message = pcall(f, ...)
    assert(not ok, "nothing was refused")
    if message == "not enough memory" then error(message, 0) end
  end

  -- Nothing may be done by halves.
  local function settle()
    if opened then mems.check() end
    if not heap then return end
    heap:check()
    collectgarbage()
    assert(mems.stats().processes == (record and 1 or 0))
    local processes = heap:stats().processes
    for _, one in pairs { block or nil, other or nil, buffer, array } do
      processes = processes - 1
    end
    assert(processes == 0, processes)
  end

  -- Does a verb while its n-th allocation fails. True if it makes so many.
  local function starve(verb, n, more)
    collectgarbage()
    fail(n, more)
    local ok, message = pcall(verb)
    local made = fail(0)
    assert(ok or tostring(message):find("not enough memory", 1, true), message)
    settle()
    return made >= n, ok
  end

  function all(more, step)
    local failures = 0
    for i, verb in ipairs(verbs) do
      local n, met, ok = i % step + 1 - step, true, true
      while met do
        n = n + step
        met, ok = starve(verb, n, more)
        if not ok then failures = failures + 1 end
      end
    end
    return failures
  end
]]

-- Loads the module and looks whether all of it is there.
local LOADER <const> = [[
  function all()
    local mems = require "mems"
    if opened then mems.finish() end
    opened = mems.init()
    local heap <close> = assert(mems.open())
    local methods = debug.getmetatable(heap)
    for name, verb in pairs(mems) do
      if type(verb) == "function" and not FREE_STANDING[name] then
        assert(type(methods[name]) == "function", name)
      end
    end
    for _, name in ipairs { "close", "__gc", "__close", "__tostring" } do
      assert(type(methods[name]) == "function", name)
    end
    assert(methods.__index == methods and methods.__name == "mems.heap")
    assert(mems.types.ptrbe.size == 8 and mems.EBROKEN == 9)
    assert(heap:malloc(100))
  end

  opened = false
  FREE_STANDING = { init = true, open = true, finish = true, restore = true,
  unlink = true }
]]

describe("memory that Lua has not", function()
  if not inside.built then return pending("needs the probes: `make test`") end

  local probe, leave, before

  setup(function() probe, leave = select(2, inside.enter()) end)
  teardown(function() leave() end)

  -- A heap that is lost is 512 MiB at least of address space.
  before_each(function()
    collectgarbage()
    before = address_space()
  end)
  after_each(function()
    assert.is_true(address_space() - before < 1 << 29)
  end)

  -- A state with the code loaded.
  local function new_state(code)
    local state = probe.starved()
    assert(state:run(("package.path = %q"):format(package.path)))
    assert(state:run(code))
    return state
  end

  local function assert_nothing_left(state)
    assert.same({ 0, 0 }, { state:close() })
  end

  -- Loads the module while the n-th allocation and `more` fail, and then
  -- with all the memory it wants. True if so many were made.
  local function loads(n, more)
    local state = new_state(LOADER)
    state:fail(n, more)
    local ok, message = state:run "return all()"
    local made = state:fail(0)
    if not ok then
      assert.matches("not enough memory", message, 1, true)
      assert(state:run "return all()")
    end
    assert_nothing_left(state)
    return made >= n
  end

  -- One allocation that fails makes Lua collect and ask again, two in a row
  -- make it raise an error.
  for more, shown in pairs { [0] = "one", "two", [math.maxinteger // 2] =
                             "all from one on" } do
    it("makes no half-made module: " .. shown, function()
      local n = 0
      repeat n = n + STEP until not loads(n, more)
      assert.is_true(n > 300)
    end)

    it("makes no half-done call: " .. shown, function()
      local state = new_state(VERBS)
      local failures = assert(state:run(
        ("return all(%d, %d)"):format(more, STEP)))
      assert.is_true(more == 0 or tonumber(failures) > 60 // STEP)
      assert_nothing_left(state)
    end)
  end
end)

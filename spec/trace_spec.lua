-- The options `trace` and `leaks`: where blocks come from, and what is said
-- about those that were never freed.

local mems = require "mems"
local refused = require "spec.support.misuse".refused
local shell = require "spec.support.shell"

-- The line that calls it, as a site.
local function here(offset)
  local caller = debug.getinfo(2, "Sl")
  return caller.short_src .. ":" .. caller.currentline + (offset or 0)
end

-- What leaks() gives, one string for each block, on the default heap.
local function leaks()
  local out = {}
  for addr, size, site, age in mems.leaks() do
    out[#out + 1] = ("%d %d %s %s"):format(mems.tointeger(addr), size, site,
                                           age)
  end
  return out
end

describe("leaks", function()
  before_each(function() mems.init { trace = true } end)
  after_each(function()
    assert.is_true(mems.check())
    mems.finish()
  end)

  it("gives address, size, site and age of each live block", function()
    mems.malloc(13) local one = here()
    mems.calloc(2, 10) local two = here()
    mems.realloc(nil, 5) local three = here()
    mems.free(mems.malloc(8))
    mems.malloc(1, 64) local four = here()
    assert.same({ "1000 13 " .. one .. " 4", "1016 20 " .. two .. " 3",
                  "1040 5 " .. three .. " 2" }, { table.unpack(leaks(), 1, 3) })
    assert.equal("1 " .. four .. " 0", leaks()[4]:match(" (.*)"))
    assert.is_nil(leaks()[5])
  end)

  it("gives nothing where nothing is live", function()
    assert.same({}, leaks())
    mems.free(mems.malloc(8))
    assert.same({}, leaks())
  end)

  it("names the Lua line below functions that are not in Lua", function()
    pcall(mems.malloc, 8) local direct = here()
    local co = coroutine.wrap(function()
      mems.malloc(8) coroutine.yield(here())
    end)
    local inside = co()
    local tail = here(1)
    local function f() return mems.malloc(8) end
    f()
    table.sort({ 2, 1 }, function() mems.malloc(8) return true end)
    local sorted = here(-1)
    assert.same({ "1000 8 " .. direct .. " 3", "1016 8 " .. inside .. " 2",
                  "1032 8 " .. tail .. " 1", "1048 8 " .. sorted .. " 0" },
                leaks())
  end)

  it("names chunks without a file as Lua does", function()
    assert(load("local mems = ... mems.malloc(8)", "=one"))(mems)
    assert(load("local mems = ...\nmems.malloc(8)", "mems"))(mems)
    assert.same({ "1000 8 one:1 1", '1016 8 [string "mems"]:2 0' }, leaks())
  end)

  it("keeps site and age of a block that is resized", function()
    local block = mems.malloc(8) local site = here()
    mems.malloc(8)
    local moved = mems.realloc(block, 100)
    assert.not_equal(block, moved)
    assert.equal("1032 100 " .. site .. " 1", leaks()[2])
    assert.equal(moved, mems.realloc(moved, 50))
    assert.equal("1032 50 " .. site .. " 1", leaks()[2])
    assert.is_nil(leaks()[3])
  end)

  it("counts no allocation that failed", function()
    mems.finish()
    mems.init { trace = true, limit = 4096 }
    mems.malloc(8) local site = here()
    assert.is_nil(mems.malloc(5000))
    assert.is_nil(mems.calloc(5000, 1))
    assert.is_nil(mems.realloc(1000, 5000))
    assert.same({ "1000 8 " .. site .. " 0" }, leaks())
  end)

  it("goes on with what there is when the heap changes under it", function()
    for _ = 1, 10 do mems.malloc(8) end
    local count = 0
    for addr in mems.leaks() do
      mems.free(addr)
      count = count + 1
    end
    assert.equal(10, count)
    assert.same({}, leaks())
  end)

  it("skips what waits in the quarantine", function()
    mems.finish()
    mems.init { trace = true, quarantine = 4096 }
    local block = mems.malloc(8)
    mems.malloc(8) local site = here()
    mems.free(block)
    assert.same({ "1016 8 " .. site .. " 0" }, leaks())
  end)

  it("is a method of heaps as well", function()
    local heap <close> = assert(mems.open { trace = true })
    local addr = heap:malloc(8) local site = here()
    local step = heap:leaks()
    assert.same({ addr, 8, site, 0 }, { step() })
    assert.is_nil(step())
    heap:close()
    assert.equal("the heap is closed", refused(step):match("the heap.*"))
  end)

  it("needs the option trace", function()
    local heap <close> = assert(mems.open())
    assert.is_truthy(refused(heap.leaks, heap)
      :find("'leaks' needs a heap with the option trace = true", 1, true))
    mems.finish()
    assert.is_truthy(refused(mems.leaks):find("not initialised", 1, true))
    mems.init { leaks = "warn" }
    assert.same({}, leaks())
  end)

  it("keeps up with many blocks from many sites", function()
    mems.finish()
    mems.init { trace = true, quarantine = 1 << 14 }
    math.randomseed(7)
    local sites, live, count = {}, {}, 0
    for i = 1, 300 do
      sites[i] = assert(load(("\n"):rep(i - 1) .. "return (...)(8)", "=site"))
    end
    local total = shell.scaled(40000)
    for _ = 1, total do
      local i = math.random(300)
      local addr = mems.tointeger(sites[i](mems.malloc))
      count = count + 1
      live[#live + 1] = { addr = addr, site = "site:" .. i, number = count }
      while #live > 2000 or #live > 0 and math.random(5) < 3 do
        mems.free(table.remove(live, math.random(#live)).addr)
      end
    end
    table.sort(live, function(a, b) return a.addr < b.addr end)
    local expected = {}
    for i, block in ipairs(live) do
      expected[i] = ("%d 8 %s %d"):format(block.addr, block.site,
                                          count - block.number)
    end
    assert.same(expected, leaks())
  end)
end)

describe("with trace, an error", function()
  before_each(function() mems.init { trace = true, quarantine = 1 << 16 } end)
  after_each(function() mems.finish() end)

  it("about a live block says where it was allocated", function()
    local block = mems.malloc(20) local site = here()
    assert.equal("bad argument #1 to 'free' (address 1004 is inside block " ..
                 "1000 of 20 bytes allocated at " .. site .. ", not at its " ..
                 "start)", refused(mems.free, 1004))
    assert.equal("bad argument #1 to 'peek' (address 1017+4 runs past the " ..
                 "end of block 1000 of 20 bytes allocated at " .. site .. ")",
                 refused(mems.peek, block, "i32", 17))
  end)

  it("about one in quarantine says where it was freed as well", function()
    local block = mems.malloc(20) local allocated = here()
    mems.free(block) local freed = here()
    local sites = freed .. ", allocated at " .. allocated
    assert.equal("bad argument #1 to 'free' (address 1000 was freed already " ..
                 "at " .. sites .. ")", refused(mems.free, block))
    assert.equal("bad argument #1 to 'poke' (address 1004+1 lies in block " ..
                 "1000, which was freed at " .. sites .. ")",
                 refused(mems.poke, block, "u8", 0, 4))
    assert.equal("address 1001 lies in block 1000, which was freed at " ..
                 sites, select(2, mems.get(1001)))
  end)

  it("about one that realloc moved says where that was", function()
    local block = mems.malloc(20) local allocated = here()
    mems.malloc(8)
    local moved = mems.realloc(block, 100) local freed = here()
    assert.equal("bad argument #1 to 'size' (address 1000 was freed already " ..
                 "at " .. freed .. ", allocated at " .. allocated .. ")",
                 refused(mems.size, block))
    assert.is_truthy(refused(mems.free, mems.add(moved, 1))
      :find("allocated at " .. allocated, 1, true))
  end)

  it("about one that waits no more says nothing of it", function()
    mems.finish()
    mems.init { trace = true, quarantine = 16, limit = 4096 }
    local block, other = mems.malloc(8), mems.malloc(8)
    mems.malloc(4096 - 32)
    mems.free(block)
    mems.free(other)
    assert.equal("bad argument #1 to 'free' (address 1000 is free already)",
                 refused(mems.free, block))
    local again = mems.malloc(8) local site = here()
    assert.equal(block, again)
    assert.is_truthy(refused(mems.free, 1001)
      :find("allocated at " .. site, 1, true))
  end)
end)

describe("finish with leaks", function()
  after_each(function() pcall(mems.finish) end)

  -- The report of three lines of this file, most bytes first.
  local function leak()
    local function few() return mems.malloc(10) end
    local few_site = here(-1)
    for _ = 1, 3 do few() end
    mems.malloc(500) local most = here()
    mems.malloc(1) local least = here()
    mems.free(mems.malloc(2000))
    return "5 blocks of 531 bytes were never freed:\n" ..
      "  500 bytes in 1 block from " .. most .. "\n" ..
      "  30 bytes in 3 blocks from " .. few_site .. "\n" ..
      "  1 byte in 1 block from " .. least
  end

  it("= 'error' raises the report, when the heap is closed", function()
    mems.init { leaks = "error" }
    local report = leak()
    assert.equal(report, refused(mems.finish))
    assert.is_truthy(refused(mems.stats):find("not initialised", 1, true))
    mems.init { leaks = "error" }
    mems.malloc(1) local site = here()
    assert.equal("1 block of 1 byte was never freed:\n" ..
                 "  1 byte in 1 block from " .. site, refused(mems.finish))
  end)

  it("gives what it always gives if nothing leaked", function()
    for _, how in ipairs { "warn", "error" } do
      mems.init { leaks = how, quarantine = 1 << 16 }
      mems.free(mems.malloc(10))
      assert.same({ 0, 0 }, { mems.finish() })
    end
  end)

  it("= 'error' works for other heaps, closed or at the end of a scope",
    function()
      local heap = assert(mems.open { leaks = "error" })
      heap:malloc(10) local site = here()
      local report = "1 block of 10 bytes was never freed:\n" ..
        "  10 bytes in 1 block from " .. site
      assert.equal(report, refused(heap.close, heap))
      assert.same({ 0, 0 }, { heap:close() })
      local _, message = pcall(function()
        local scoped <close> = assert(mems.open { leaks = "error" })
        scoped:malloc(7)
      end)
      assert.is_truthy(message:find("1 block of 7 bytes was never freed:", 1,
                                    true))
    end)

  it("raises for an option it does not know", function()
    for shown, leaks_option in pairs { ['"loud"'] = "loud", ["true"] = true,
                                       ["1"] = 1 } do
      assert.equal("bad argument #1 to 'init' (option 'leaks' has to be " ..
                   '"warn" or "error", got ' .. shown .. ")",
                   refused(mems.init, { leaks = leaks_option }))
    end
    assert.equal("bad argument #1 to 'init' (option 'trace' has to be true " ..
                 "or false, got 1)", refused(mems.init, { trace = 1 }))
  end)

  -- What a program prints to stderr, and its exit status.
  local function run(program)
    local script = os.tmpname()
    shell.write(script, "local mems = require 'mems'\n" .. program)
    local printed, complained, code = shell.lua(script)
    os.remove(script)
    assert.equal("", printed)
    return complained:gsub(script:gsub("%p", "%%%0"), "script"), code
  end

  it("= 'warn' prints the report to stderr", function()
    local complained, code = run [[
      mems.init { leaks = "warn" }
      for _ = 1, 2 do mems.malloc(100) end
      mems.malloc(1)
      local blocks, bytes = mems.finish()
      assert(blocks == 3 and bytes == 201)
      mems.init { leaks = "warn" }
      mems.finish()]]
    assert.equal("mems: 3 blocks of 201 bytes were never freed:\n" ..
                 "  200 bytes in 2 blocks from script:3\n" ..
                 "  1 byte in 1 block from script:4\n", complained)
    assert.equal(0, code)
  end)

  it("prints it as well when the Lua state ends without finish", function()
    for _, how in ipairs { "warn", "error" } do
      local complained, code = run(("mems.init { leaks = %q }\n"):format(how) ..
                                   "mems.malloc(100)")
      assert.equal("mems: 1 block of 100 bytes was never freed:\n" ..
                   "  100 bytes in 1 block from script:3\n", complained)
      assert.equal(0, code)
    end
  end)

  it("prints it for a heap that is collected", function()
    local complained = run [[
      do
        local heap = mems.open { leaks = "error" }
        heap:malloc(5)
      end
      collectgarbage()
      io.stderr:write("then\n")]]
    assert.equal("mems: 1 block of 5 bytes was never freed:\n" ..
                 "  5 bytes in 1 block from script:4\nthen\n", complained)
  end)

  it("does not replace an error that ends a scope", function()
    local complained, code = run [[
      local ok, message = pcall(function()
        local heap <close> = mems.open { leaks = "error" }
        heap:malloc(5)
        error("first", 0)
      end)
      assert(not ok and message == "first")]]
    assert.equal("mems: 1 block of 5 bytes was never freed:\n" ..
                 "  5 bytes in 1 block from script:4\n", complained)
    assert.equal(0, code)
  end)
end)

describe("a trace", function()
  -- Bytes of address space that this process has.
  local function address_space()
    local file <close> = assert(io.open("/proc/self/statm"))
    return file:read("n") * 4096
  end

  it("is returned to the system with its heap", function()
    local before = address_space()
    for _ = 1, 20 do
      local heap = assert(mems.open { trace = true })
      for _ = 1, 1000 do heap:malloc(8) end
      heap:close()
    end
    assert.is_true(address_space() - before < 1 << 30)
  end)

  it("is opened with its heap or not at all", function()
    local inside = require "spec.support.inside"
    if not inside.built then return pending("needs the probes") end
    local test, probe, leave = inside.enter()
    local before, n = address_space(), 0
    repeat
      n = n + 1
      probe.pages_fail(n)
      local heap, message, code = test.open { trace = true }
      local requests = probe.pages_fail(0)
      if heap then
        assert.same({ 0, 0 }, { heap:close() })
      else
        assert.equal("the operating system refused memory", message)
        assert.equal(test.ENOMEM, code)
      end
    until requests < n
    leave()
    assert.is_true(n > 10)
    assert.is_true(address_space() - before < 1 << 30)
  end)

  it("leaves its heap open when Lua has no memory for the report", function()
    local inside = require "spec.support.inside"
    if not inside.built then return pending("needs the probes") end
    local _, probe, leave = inside.enter()
    local state = probe.starved()
    assert(state:run(("package.path, package.cpath = %q, %q"):format(
      package.path, package.cpath)))
    assert(state:run [[
      mems = require "mems"
      mems.init { leaks = "error" }
      load("mems.malloc(10)", "=" .. ("name"):rep(20))()
      function try() return select(2, pcall(mems.finish)) end
      function blocks() return mems.check() and mems.stats().processes end]])
    local n = 0
    repeat
      n = n + 1
      state:fail(n, 1000)
      local message = state:run "return try()"
      state:fail(0)
      if not message or message:find "not enough memory" then
        assert.equal("1", state:run "return blocks()")
      end
    until message and message:find "never freed"
    assert.is_true(n > 1)
    assert.same({ 0, 0 }, { state:close() })
    leave()
  end)

  it("knows no site of a block for which it had no memory", function()
    local inside = require "spec.support.inside"
    if not inside.built then return pending("needs the probes") end
    local test, probe, leave = inside.enter()
    local heap = assert(test.open { trace = true, page = 1 << 20 })
    heap:malloc(8)
    probe.pages_fail(1)
    for _ = 1, 300 do heap:malloc(8) end
    local unknown, count
    for addr, size, site, age in heap:leaks() do
      if site == "?" then
        unknown, count = addr, (count or 0) + 1
        assert.equal(8, size)
        assert.is_nil(age)
      end
    end
    assert.equal(1, count)
    assert.is_truthy(refused(heap.peek, heap, unknown, "ptr", 1)
      :find("block %d+ of 8 bytes%)$"))
    heap:free(unknown)
    heap:close()
    leave()
  end)

  it("is told of what objects own", function()
    local heap <close> = assert(mems.open { trace = true, quarantine = 4096 })
    local buffer = heap:buffer(100) local site = here()
    local addr, size, where, age = heap:leaks()()
    assert.equal(buffer:address(), addr)
    assert.same({ 100, site, 0 }, { size, where, age })
    buffer:release()
    assert.equal("bad argument #1 to 'free' (address " ..
                 mems.tointeger(addr) .. " was freed already, allocated at " ..
                 site .. ")", refused(heap.free, heap, addr))
  end)

  it("does not count what garbage owns as leaked", function()
    local heap = assert(mems.open { leaks = "error" })
    for _ = 1, 10 do heap:buffer(1000) end
    heap:close()
  end)

  it("does not show in the counters of its heap", function()
    local heap <close> = assert(mems.open { trace = true, base = 1000 })
    local plain <close> = assert(mems.open { base = 1000 })
    for _ = 1, 5000 do heap:malloc(16) plain:malloc(16) end
    local one, other = heap:stats(), plain:stats()
    one.limit, other.limit = nil, nil
    assert.same(other, one)
  end)
end)

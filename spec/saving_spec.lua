-- Copies of heaps in files: saved, opened, restored; and what happens when a
-- script's code runs in the middle of it.

local mems = require "mems"
local place = require "spec.support.place"
local refused = require "spec.support.misuse".refused
local shell = require "spec.support.shell"

local heap, path

-- Some megabytes of blocks; gives what is to be there again.
local function fill(h)
  local expected = {}
  for i = 1, 600 do
    local size = i % 30 == 0 and 200000 or i * 13 % 700 + 1
    local addr = h:malloc(size)
    h:fill(addr, i % 251, size)
    if i % 4 == 0 then
      h:free(addr)
    else
      expected[addr] = string.char(i % 251):rep(size)
    end
  end
  h:setroot("list", h:array("i32", { 1, 2, 3 }))
  return expected
end

local function holds(h, expected)
  assert.is_true(h:check())
  for addr, bytes in pairs(expected) do
    assert.equal(#bytes, h:size(addr))
    assert.equal(bytes, h:readstring(addr, #bytes))
  end
  assert.same({ 1, 2, 3 }, h:root("list", "i32"):totable())
end

-- Names of files beside the path.
local function beside()
  return (shell.run("ls " .. shell.quote(path) .. "* 2>/dev/null | wc -l"))
end

before_each(function() path = place.new() end)
after_each(function()
  if heap then heap:close() end
  place.clear()
end)

describe("a copy of a heap", function()
  for name, options in pairs {
    ["in memory"] = { limit = 1 << 26 }, ["in a file"] = { path = true },
    ["that is guarded"] = { quarantine = 1 << 16, fill = true, align = 64 },
  } do
    it(name .. " has all blocks under the same addresses", function()
      if options.path then options.path = place.new() end
      heap = assert(mems.open(options))
      local expected = fill(heap)
      assert.is_true(heap:save(path))
      holds(heap, expected)
      heap:close()
      heap = assert(mems.restore(path))
      holds(heap, expected)
      heap:setroot("list", nil) -- no matter to the file
      heap:close()
      heap = assert(mems.open { path = path })
      assert.is_nil(heap:recovered())
      holds(heap, expected)
    end)
  end

  it("has no roots where there were none", function()
    for _, options in ipairs { {}, { path = place.new() } } do
      options.limit = 1 << 20
      heap = mems.open(options)
      local addr = heap:malloc(100)
      assert(heap:save(path))
      heap:setroot("x", addr)
      heap:setroot("x", nil)
      local again = place.new()
      assert(heap:save(again))
      heap:close()
      for _, copy in ipairs { path, again } do
        heap = assert(mems.restore(copy))
        assert.equal(100, heap:size(addr))
        assert.same({}, heap:roots())
        heap:close()
      end
    end
  end)

  it("is not put in the place of the heap itself", function()
    heap = mems.open { path = path }
    local none, why, code = heap:save(path)
    assert.is_nil(none)
    assert.match("in use", why)
    assert.equal(mems.EBUSY, code)
    heap:setroot("one", heap:malloc(8))
    heap:close()
    heap = mems.open { path = path }
    assert.truthy(heap:root "one")
  end)

  it("is restored below 2^63, whatever its limit", function()
    heap = mems.open { path = path, limit = 1 << 40 }
    if not heap then return pending("no room for 1 TiB here") end
    heap:close()
    local base = (1 << 62) + ((1 << 62) - (1 << 36))
    assert.error_matches(function()
      return mems.restore(path, { base = base })
    end, "has a limit that goes too far from this base")
  end)

  it("may have another limit, if all has room", function()
    heap = mems.open { limit = 64 << 20 }
    local expected = fill(heap)
    assert(heap:save(path, { limit = 32 << 20 }))
    local none, why, code = heap:save(path, { limit = 1 << 20 })
    assert.is_nil(none)
    assert.match("limit", why)
    assert.equal(mems.ELIMIT, code)
    heap:close()
    heap = mems.open { path = path }
    assert.equal(32 << 20, heap:stats "limit")
    holds(heap, expected)
    heap:close()
    heap = mems.restore(path, { limit = 128 << 20, trace = true })
    assert.equal(128 << 20, heap:stats "limit")
    holds(heap, expected)
    heap:close()
    none, why, code = mems.restore(path, { limit = 1 << 20 })
    assert.is_nil(none)
    assert.match("more than the limit", why)
    assert.equal(mems.ELIMIT, code)
  end)

  it("may be restored under other addresses", function()
    heap = mems.open { limit = 16 << 20 }
    local addr = heap:buffer "text":disown()
    heap:setroot("text", addr)
    assert(heap:save(path))
    local none, why, code = mems.restore(path)
    assert.is_nil(none)
    assert.match("has addresses of an open heap", why)
    assert.equal(mems.EBUSY, code)
    local other <close> = assert(mems.restore(path, { base = 1 << 40 }))
    assert.equal(1 << 40, other:stats "base")
    assert.equal("text", other:root("text", "buffer"):readstring())
    assert.is_nil(other:get(addr))
  end)

  it("is as the original was with the option fill", function()
    heap = mems.open { fill = true, quarantine = 4096 }
    local freed = heap:malloc(16)
    local addr = heap:malloc(16)
    heap:free(freed)
    assert(heap:save(path))
    heap:close()
    heap = mems.restore(path)
    assert.equal(("\xaa"):rep(16), heap:readstring(addr, 16))
    assert.match("holds the fill of memory never written",
                 refused(heap.peek, heap, addr, "ptr"))
    heap:free(addr)
    assert.match("was freed already", refused(heap.free, heap, addr))
  end)

  it("replaces the file of that name, or leaves it as it is", function()
    heap = mems.open { limit = 16 << 20 }
    heap:setroot("one", heap:malloc(1))
    assert(heap:save(path))
    heap:setroot("two", heap:malloc(2))
    assert(heap:save(path))
    local before = shell.run("cksum < " .. path)
    local ok = pcall(heap.save, heap, path, { progress = error })
    assert.is_false(ok)
    assert.equal(before, shell.run("cksum < " .. path))
    assert.equal("1\n", beside())
    heap:close()
    heap = mems.open { path = path }
    assert.equal(2, heap:size(heap:root "two"))
  end)

  it("is refused when one byte is another, and its file left alone", function()
    heap = mems.open { limit = 1 << 20 }
    for i = 1, 50 do heap:fill(heap:malloc(1000), i, 1000) end
    heap:setroot("last", heap:malloc(1))
    assert(heap:save(path))
    heap:close()
    local whole, tried, harmless = shell.read(path), 0, 0
    for at = 1, #whole, 7001 do
      if whole:byte(at) ~= 0 then
        local spoilt = whole:sub(1, at - 1) ..
          string.char(whole:byte(at) ~ 16) .. whole:sub(at + 1)
        shell.write(path, spoilt)
        tried = tried + 1
        local copy, why, code = mems.restore(path)
        if copy then
          harmless = harmless + 1
          copy:close()
        else
          assert.match(at > 65536 and "was damaged" or "is ", why)
          assert.equal(mems.EFORMAT, code)
        end
        assert.equal(spoilt, shell.read(path))
      end
    end
    assert.is_true(tried > 5)
    assert.equal(0, harmless)
    shell.write(path, whole:sub(1, -100))
    assert.equal(mems.EFORMAT, select(3, mems.restore(path)))
  end)

  it("can't be made everywhere: the reason is told", function()
    heap = mems.open { limit = 16 << 20 }
    heap:malloc(10)
    for _, to in ipairs { path .. "/none/x", "/tmp", "/proc/x" } do
      local none, why, code = heap:save(to)
      assert.is_nil(none)
      assert.equal(to .. " can't be written: ", why:sub(1, #to + 19))
      assert.equal(mems.EFILE, code)
    end
    local none, why, code = mems.restore(path)
    assert.is_nil(none)
    assert.match("can't be opened: No such file", why)
    assert.equal(mems.EFILE, code)
  end)

  it("is asked for in the right way", function()
    heap = mems.open { limit = 16 << 20 }
    for why, arguments in pairs {
      ["path has to be a string, got no value"] = {},
      ["path has to be the name of a file"] = { "" },
      ["a table of options expected, got 5"] = { path, 5 },
      ["unknown option \"create\""] = { path, { create = true } },
      ["option 'limit' has to be an integer, got \"x\""] =
        { path, { limit = "x" } },
      ["option 'limit' has to be from 4096 to"] = { path, { limit = 1 } },
      ["option 'progress' has to be a function, got 3"] =
        { path, { progress = 3 } },
      ["no such argument"] = { path, {}, 1 },
    } do
      assert.match(why, refused(heap.save, heap, table.unpack(arguments)), 1,
                   true)
    end
    for why, arguments in pairs {
      ["path has to be a string"] = {},
      ["option 'path' is not for restore"] = { path, { path = path } },
      ["option 'create' goes with the option 'path'"] =
        { path, { create = "new" } },
      ["unknown option \"x\""] = { path, { x = 1 } },
      ["no such argument"] = { path, {}, 1 },
    } do
      assert.match(why, refused(mems.restore, table.unpack(arguments)), 1,
                   true)
    end
    assert.is_nil(io.open(path))
  end)

  it("has the default heap as well", function()
    mems.init()
    mems.setroot("x", mems.malloc(10))
    assert(mems.save(path))
    mems.finish()
    heap = assert(mems.restore(path))
    assert.equal(mems.toaddress(1000), heap:root "x")
    assert.match("not initialised", refused(mems.save, path))
  end)
end)

describe("the function that is told of progress", function()
  local expected
  before_each(function()
    heap = assert(mems.open { limit = 64 << 20 })
    expected = fill(heap)
  end)

  it("hears of each megabyte, and of the end", function()
    local seen, all = {}, nil
    assert(heap:save(path, { progress = function(done, total)
      seen[#seen + 1] = done
      all = all or total
      assert.equal(all, total)
    end }))
    assert.is_true(#seen >= 3)
    for i = 2, #seen do assert.is_true(seen[i] > seen[i - 1]) end
    assert.equal(all, seen[#seen])
  end)

  it("may read, write, yield inside, save and open other heaps", function()
    local nested = place.new()
    local once
    assert(heap:save(path, { progress = function()
      heap:poke_u8(heap:root "list", 1)
      collectgarbage()
      coroutine.wrap(coroutine.yield)()
      local other <close> = mems.open()
      other:malloc(10)
      once = once or assert(heap:save(nested, { progress = function() end }))
    end }))
    for _, copy in ipairs { path, nested } do
      heap:close()
      heap = mems.restore(copy)
      holds(heap, expected)
    end
  end)

  it("ends it by an error, which goes on as it is", function()
    local what = {}
    local ok, raised = pcall(heap.save, heap, path,
                             { progress = function() error(what) end })
    assert.is_false(ok)
    assert.equal(what, raised)
    assert.equal("0\n", beside())
    holds(heap, expected)
    ok, raised = coroutine.resume(coroutine.create(function()
      heap:save(path, { progress = coroutine.yield })
    end))
    assert.is_false(ok)
    assert.match("attempt to yield across a C%-call boundary", raised)
    assert(heap:save(path))
  end)

  it("leaves nothing behind, however often", function()
    local function count(what)
      return tonumber((shell.run("ls /proc/" .. what .. " | wc -l")))
    end
    local self = io.open("/proc/self/stat"):read("n")
    local files, maps
    for i = 1, 60 do
      pcall(heap.save, heap, path, { progress = error })
      heap:save(path, { progress = function() heap:free(heap:malloc(1)) end })
      if i == 10 then
        files = count(self .. "/fd")
        maps = #shell.read("/proc/self/maps")
      end
    end
    assert.equal(files, count(self .. "/fd"))
    assert.is_true(#shell.read("/proc/self/maps") < maps + 2000)
    assert.equal("0\n", beside())
  end)

  for name, change in pairs {
    malloc = function() heap:malloc(10) end,
    ["malloc and free"] = function() heap:free(heap:malloc(10)) end,
    free = function() heap:free((next(expected))) end,
    ["realloc in place"] = function()
      for addr, bytes in pairs(expected) do
        heap:realloc(addr, #bytes - 1 > 0 and #bytes - 1 or 2)
      end
    end,
    ["a reset and a trim"] = function() heap:reset() heap:trim() end,
    close = function() heap:close() end,
    ["close, and collect"] = function()
      heap:close()
      collectgarbage()
    end,
    ["the finalizer, and another heap in its place"] = function()
      debug.getmetatable(heap).__gc(heap)
      expected.other = mems.open()
      expected.other:malloc(100)
    end,
    ["close in a save in a save"] = function()
      pcall(heap.save, heap, place.new(), { progress = function()
        heap:close()
      end })
    end,
  } do
    it("ends it by a change: " .. name, function()
      local called = 0
      local none, why, code = heap:save(path, { progress = function()
        called = called + 1
        change()
      end })
      assert.is_nil(none)
      assert.match("the heap was changed while it was saved", why)
      assert.equal(mems.ECHANGED, code)
      assert.equal(name == "realloc in place" and called or 1, called)
      assert.equal("0\n", beside())
      if not tostring(heap):find "closed" then
        assert.is_true(heap:check())
        assert(heap:save(path))
      end
      if expected.other then expected.other:close() end
    end)
  end

  it("frees no garbage meanwhile, if it does not collect", function()
    for i = 1, 200 do
      local b = heap:buffer(2000) -- luacheck: ignore
      b:fill(i % 100)
    end
    assert(heap:save(path, { progress = function()
      for _ = 1, 1000 do local _ = { {} } end
    end }))
    assert.is_true(collectgarbage "isrunning")
    collectgarbage "stop"
    assert(heap:save(path, { progress = function() end }))
    assert.is_false(collectgarbage "isrunning")
    collectgarbage "restart"
  end)
end)

describe("sync", function()
  it("is true, in a file and in memory", function()
    heap = mems.open { path = path }
    heap:malloc(10)
    assert.is_true(heap:sync())
    local memory <close> = mems.open()
    assert.is_true(memory:sync())
    assert.is_nil(memory:recovered())
  end)
end)

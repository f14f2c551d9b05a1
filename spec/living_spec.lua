-- Heaps in files: opened, made, refused, closed, read only, lost by a fork.

local inside = require "spec.support.inside"
local mems = require "mems"
local place = require "spec.support.place"
local refused = require "spec.support.misuse".refused
local shell = require "spec.support.shell"

local path, heap

local function open(options)
  options = options or {}
  options.path = options.path or path
  heap = assert(mems.open(options))
  return heap
end

local function reopen(options)
  heap:close()
  return open(options)
end

-- The bytes of a file at an offset, or all; writing some.
local function bytes_at(name, offset, n)
  local file <close> = assert(io.open(name, "rb"))
  file:seek("set", offset)
  return file:read(n)
end

local function put_at(name, offset, bytes)
  local file <close> = assert(io.open(name, "r+b"))
  file:seek("set", offset)
  file:write(bytes)
end

-- Runs Lua code in a process of its own, with the path as its argument.
local function run(code, ...)
  local script = os.tmpname()
  shell.write(script, code)
  local printed, complained, status = shell.lua(script, path, ...)
  os.remove(script)
  return printed, complained, status
end

local HOLDER <const> = [[
local mems = require "mems"
local how = arg[2] == "readonly"
local heap = assert(mems.open { path = arg[1], readonly = how })
io.open(arg[3], "w"):close()
while io.open(arg[3]) do os.execute "sleep 0.02" end
]]

-- Calls f while another process has the file open.
local function beside(f, how)
  local script, signal = os.tmpname(), os.tmpname()
  os.remove(signal)
  shell.write(script, HOLDER)
  local other = assert(io.popen(table.concat({
    "LUA_PATH_5_4=" .. shell.quote(package.path),
    "LUA_CPATH_5_4=" .. shell.quote(package.cpath), "lua5.4", script, path,
    how or "write", signal,
  }, " ")))
  for _ = 1, 500 do
    local file = io.open(signal)
    if file then file:close() break end
    os.execute "sleep 0.02"
  end
  local done = table.pack(pcall(f))
  os.remove(signal)
  other:close()
  os.remove(script)
  assert(table.unpack(done, 1, done.n))
end

before_each(function() path = place.new() end)
after_each(function()
  if heap then heap:close() end
  heap = nil
  place.clear()
end)

describe("a heap in a file", function()
  it("is there again, under the same addresses", function()
    local addresses = {}
    open()
    for i = 1, 500 do
      addresses[i] = heap:malloc(i * 7 % 3000 + 1)
      heap:fill(addresses[i], i % 251, i * 7 % 3000 + 1)
    end
    for i = 1, 500, 3 do heap:free(addresses[i]) end
    for _ = 1, 3 do
      reopen()
      assert.is_nil(heap:recovered())
      for i = 1, 500 do
        local size = i * 7 % 3000 + 1
        if i % 3 == 1 then
          assert.is_nil(heap:get(addresses[i]))
        else
          assert.equal(size, heap:size(addresses[i]))
          assert.equal(string.char(i % 251):rep(size),
                       heap:readstring(addresses[i], size))
        end
      end
      assert.is_true(heap:check())
    end
  end)

  it("is linked by addresses that hold wherever it lies", function()
    open { limit = 1 << 24 }
    local first = heap:malloc(16)
    local last = first
    for n = 1, 100 do
      local node = heap:malloc(16)
      heap:poke(last, "ptr", node)
      heap:poke(last, "i64", n, 8)
      last = node
    end
    heap:poke(last, "ptr", nil)
    heap:setroot("first", first)
    local places, others, count = { [heap:get(first)] = true }, {}, 1
    for i = 1, 3 do
      heap:close()
      others[i] = mems.open { limit = (1 << 24) * i } -- takes the place
      open()
      local where = heap:get(first)
      if not places[where] then count = count + 1 end
      places[where] = true
      local node, n = heap:root "first", 0
      while node do
        n = n + 1
        local next = heap:peek(node, "ptr")
        if next then assert.equal(n, heap:peek(node, "i64", 8)) end
        node = next
      end
      assert.equal(101, n)
    end
    assert.is_true(count > 1) -- it was somewhere else, at least once
    for _, other in ipairs(others) do other:close() end
  end)

  it("has its options for life", function()
    open { limit = 1 << 22, page = 8192, align = 64, quarantine = 4096,
           fill = true }
    local base = heap:stats "base"
    for _ = 1, 2 do
      local stats = heap:stats()
      assert.equal(1 << 22, stats.limit)
      assert.equal(64, stats.align)
      assert.equal(base, stats.base)
      assert.equal("\xaa\xaa", heap:readstring(heap:malloc(2), 2))
      local freed = heap:malloc(100)
      heap:free(freed)
      assert.match("was freed already", refused(heap.free, heap, freed))
      reopen { limit = 1 << 22, align = 64 }
    end
    heap:close()
    for name, value in pairs { limit = 1 << 23, base = base + 8, page = 4096,
                               align = 8, quarantine = 8 } do
      local none, why, code = mems.open { path = path, [name] = value }
      assert.is_nil(none)
      assert.equal(path .. " was made with another " .. name, why)
      assert.equal(mems.EFORMAT, code)
    end
  end)

  it("has 4 GiB by default, and takes only what it uses", function()
    open()
    assert.equal(4 << 30, heap:stats "limit")
    heap:fill(heap:malloc(100000), 1, 100000)
    local size, blocks = shell.run("stat -c '%s %b' " .. shell.quote(path))
      :match "(%d+) (%d+)"
    assert.is_true(tonumber(size) > 4 << 30)
    assert.is_true(tonumber(blocks) * 512 < 2 << 20, blocks)
  end)

  it("takes the room again that a copy of it has left out", function()
    local function room(name)
      local pipe <close> = assert(io.popen("du -k " .. shell.quote(name)))
      return tonumber(pipe:read("l"):match("^%d+"))
    end
    open()
    for _ = 1, 20 do heap:setroot("last", heap:calloc(1, 100000)) end
    heap:close()
    local copy, full = place.new(), room(path)
    assert(os.execute(("cp --sparse=always %s %s"):format(
      shell.quote(path), shell.quote(copy))))
    assert.is_true(room(copy) < full - 1000)
    open { path = copy }
    assert.is_true(room(copy) >= full)
    assert.equal(100000, heap:size(heap:root("last")))
    assert.is_true(heap:check())
  end)

  it("is made only if that is asked for", function()
    local none, why, code = mems.open { path = path, create = false }
    assert.is_nil(none)
    assert.equal(path .. " can't be opened: No such file or directory", why)
    assert.equal(mems.EFILE, code)
    assert.is_nil(io.open(path))
    open { create = "new" }
    heap:close()
    none, why, code = mems.open { path = path, create = "new" }
    assert.is_nil(none)
    assert.match("File exists", why)
    assert.equal(mems.EFILE, code)
    open { create = false }
    none, why, code = mems.open { path = place.new(), readonly = true }
    assert.is_nil(none)
    assert.match("No such file", why)
    assert.equal(mems.EFILE, code)
  end)

  it("is the default heap as well", function()
    assert(mems.init { path = path })
    local addr = mems.malloc(10)
    mems.setroot("ten", addr)
    mems.finish()
    assert(mems.init { path = path, create = false })
    assert.equal(addr, mems.root "ten")
    assert.is_true(mems.sync())
    mems.finish()
    local ok, why, code = mems.init { path = "/" }
    assert.is_nil(ok)
    assert.match("^/ can't be opened", why)
    assert.equal(mems.EFILE, code)
    assert.match("not initialised", refused(mems.root, "ten"))
  end)

  it("keeps blocks, and objects only if they are roots or disowned", function()
    open()
    local plain = heap:malloc(10)
    local kept, given = heap:buffer("kept"), heap:buffer("given")
    local gone = heap:buffer("gone")
    heap:buffer("collected")
    heap:setroot("kept", kept)
    local addr = given:disown()
    local address = gone:address()
    collectgarbage()
    assert.equal(4, heap:stats "processes")
    reopen()
    assert.equal(3, heap:stats "processes")
    assert.equal(10, heap:size(plain))
    assert.equal("given", heap:readstring(addr, 5))
    assert.equal("kept", heap:root("kept", "buffer"):readstring())
    assert.is_nil(heap:get(address))
    assert.match("closed with its heap", refused(gone.readstring, gone))
    assert.match("closed with its heap", refused(kept.readstring, kept))
  end)

  it("is closed by the collector, also to be opened again", function()
    open():setroot("one", heap:malloc(1))
    heap = nil
    collectgarbage()
    open()
    heap = nil -- luacheck: ignore
    open() -- collects the one before, which has the file
    assert.truthy(heap:root "one")
    assert.is_nil(heap:recovered())
  end)

  it("is closed when the Lua state ends, and objects go with it", function()
    local _, complained, status = run [[
      local mems = require "mems"
      local heap = assert(mems.open { path = arg[1] })
      buffer = heap:buffer(100)
      heap:setroot("root", heap:malloc(10))
      left = heap
    ]]
    assert.equal("", complained)
    assert.equal(0, status)
    open()
    assert.is_nil(heap:recovered())
    assert.equal(1, heap:stats "processes")
  end)

  it("is recovered after a crash, and tells", function()
    local _, _, status = run [[
      local mems = require "mems"
      local heap = assert(mems.open { path = arg[1] })
      for i = 1, 100 do
        heap:writestring(heap:malloc_to("cell" .. i % 50, 200), ("x"):rep(200))
      end
      heap:free_from "cell1"
      os.execute "kill -9 $PPID"
    ]]
    assert.is_true(status > 128)
    open()
    local found = heap:recovered()
    assert.equal(99, found.blocks)
    assert.equal(0, found.repairs)
    assert.is_false(found.redone)
    assert.is_true(found.seconds > 0 and found.seconds < 5)
    assert.is_true(heap:check())
    for name, addr in pairs(heap:roots()) do
      assert.match("^cell%d+$", name)
      assert.equal(("x"):rep(200), heap:readstring(addr, 200))
    end
    reopen()
    assert.is_nil(heap:recovered())
    reopen { check = true }
    assert.is_nil(heap:recovered())
    assert.equal(99, heap:stats "processes")
  end)

  it("has options of its own, which are checked", function()
    for option, why in pairs {
      path = "has to be the name of a file, got 3",
      create = "has to be true, false or \"new\", got 3",
      readonly = "has to be true or false, got 3",
      check = "has to be true or false, got 3",
    } do
      local message = refused(mems.open, { path = path, [option] = 3 })
      assert.match("option '" .. option .. "' " .. why, message, 1, true)
    end
    assert.match("name of a file", refused(mems.open, { path = "a\0b" }))
    assert.match("name of a file", refused(mems.open, { path = "" }))
    for _, option in ipairs { "create", "readonly", "check" } do
      assert.match("option '" .. option .. "' goes with the option 'path'",
                   refused(mems.open, { [option] = false }), 1, true)
    end
    assert.match("option 'leaks' is not for a heap in a file",
                 refused(mems.open, { path = path, leaks = "warn" }), 1, true)
    assert.is_nil(io.open(path))
  end)

  it("records where blocks come from, as any other", function()
    open { trace = true }
    heap:malloc(10)
    for _, _, site in heap:leaks() do
      assert.match("living_spec.lua:%d+", site)
    end
    reopen { trace = true }
    for _, size, site in heap:leaks() do
      assert.equal(10, size)
      assert.equal("?", site)
    end
  end)
end)

describe("a file is refused, with the reason,", function()
  local function is_refused(code, why, options)
    options = options or {}
    options.path = options.path or path
    local none, message, number = mems.open(options)
    assert.is_nil(none)
    assert.match(why, message, 1, true)
    assert.equal(options.path, message:sub(1, #options.path))
    assert.equal(code, number)
  end

  it("if it is no heap", function()
    shell.write(path, ("text\n"):rep(50000))
    is_refused(mems.EFORMAT, "is no heap of mems")
    shell.write(path, "text")
    is_refused(mems.EFORMAT, "is too short for a heap of mems")
    shell.write(path, "")
    is_refused(mems.EFORMAT, "is too short for a heap of mems")
    assert.equal("", shell.read(path))
    is_refused(mems.EFORMAT, "is no ordinary file", { path = "/dev/zero" })
  end)

  it("if it is of another format, byte order, or damaged", function()
    open { limit = 1 << 20 }
    heap:close()
    local order = bytes_at(path, 8, 4)
    put_at(path, 8, order:reverse())
    is_refused(mems.EFORMAT, "another byte order")
    put_at(path, 8, order)
    local format = bytes_at(path, 12, 4)
    put_at(path, 12, ("I4"):pack(99))
    is_refused(mems.EFORMAT, "in another format")
    put_at(path, 12, format)
    local limit = bytes_at(path, 16, 8)
    put_at(path, 16, ("I8"):pack(1 << 40))
    is_refused(mems.EFORMAT, "its checksum is wrong")
    put_at(path, 16, limit)
    open()
  end)

  it("if it was cut", function()
    open { limit = 1 << 20 }
    heap:close()
    local whole = shell.read(path)
    for _, size in ipairs { #whole - 4096, #whole // 2, 65536, 65535, 8 } do
      shell.write(path, whole:sub(1, size))
      local none, why, code = mems.open { path = path }
      assert.is_nil(none)
      assert.is_truthy(why:find "is too short" or why:find "was cut", why)
      assert.equal(mems.EFORMAT, code)
      assert.equal(size, #shell.read(path))
    end
    shell.write(path, whole)
    open()
  end)

  it("if another process has it open", function()
    open { limit = 1 << 20 }
    heap:close()
    beside(function()
      is_refused(mems.EBUSY, "is in use by another process")
      is_refused(mems.EBUSY, "is in use by another process",
                 { readonly = true })
      local none, why, code = mems.restore(path)
      assert.is_nil(none)
      assert.match("is in use by another process", why)
      assert.equal(mems.EBUSY, code)
    end)
    open()
  end)

  it("if an open heap has its addresses", function()
    open { limit = 1 << 20 }
    local base = heap:stats "base"
    is_refused(mems.EBUSY, "has addresses of an open heap, those from " .. base)
    local copy = place.new()
    assert(heap:save(copy))
    is_refused(mems.EBUSY, "those from " .. base, { path = copy })
    heap:close()
    local other <close> = mems.open { base = base + 4096, limit = 8192 }
    is_refused(mems.EBUSY, "those from " .. base + 4096)
    assert.equal(8192, other:stats "limit")
  end)

  it("if there is no such folder, or nothing may be made there", function()
    is_refused(mems.EFILE, "No such file or directory",
               { path = path .. "/none/x.mems" })
    is_refused(mems.EFILE, "Is a directory", { path = "/tmp" })
    is_refused(mems.EFILE, "can't be made: ", { path = "/proc/x.mems" })
  end)

  it("if it is a link that leads to nothing", function()
    local name = place.new()
    assert(os.execute("ln -s " .. name .. ".none " .. name))
    local printed, complained = run([[
      print(select(2, require "mems".open { path = arg[2] }))
    ]], name)
    os.remove(name)
    assert.equal("", complained)
    assert.match("can't be made: No such file or directory\t%d", printed)
  end)

  it("at once if it is a pipe that nobody writes to", function()
    local name = place.new()
    assert(os.execute("mkfifo " .. name))
    local heaps = [[
      local mems = require "mems"
      print(select(2, mems.open { path = arg[2], readonly = true }))
      print(select(2, mems.restore(arg[2])))
    ]]
    local printed = run(heaps, name)
    os.remove(name)
    assert.match("is no ordinary file\t%d+\n.*is no ordinary file", printed)
  end)

  it("if the folder or the file may only be read", function()
    local id = shell.run "id -u"
    if id == "0\n" and not shell.exists "/usr/bin/setpriv" then
      return pending("nobody is refused to root")
    end
    local folder = place.new()
    assert(os.execute("mkdir " .. folder .. " && chmod 555 " .. folder))
    local script = os.tmpname()
    shell.write(script, [[
      package.path, package.cpath = arg[1], arg[2]
      print(select(2, require "mems".open { path = arg[3] }))
    ]])
    local user = id == "0\n" and
      "setpriv --reuid=65534 --regid=65534 --clear-groups " or ""
    os.execute("chmod a+r " .. script)
    local printed = shell.run(user .. "lua5.4 " .. table.concat({
      script, shell.quote(package.path), shell.quote(package.cpath),
      folder .. "/x.mems" }, " "))
    os.remove(script)
    os.execute("rmdir " .. folder)
    if printed == "" then return pending("another user can't run it here") end
    assert.match("can't be made: Permission denied", printed)
  end)
end)

describe("a heap that is opened to be read only", function()
  local addr
  before_each(function()
    open { limit = 1 << 20 }
    addr = heap:malloc(64)
    heap:fill(addr, 7, 64)
    heap:setroot("cell", addr)
    heap:setroot("list", heap:array("i32", { 1, 2, 3 }))
    reopen { readonly = true }
  end)

  it("is read as any other", function()
    assert.equal(("\7"):rep(64), heap:readstring(addr, 64))
    assert.equal(addr, heap:root "cell")
    assert.same({ 1, 2, 3 }, heap:root("list", "i32"):totable())
    assert.equal(64, heap:size(addr))
    assert.is_true(heap:check())
    assert.equal(2, heap:stats "processes")
    assert.equal(0, heap:trim())
    assert.is_true(heap:sync())
    assert.truthy(heap:save(place.new()))
    for kind in heap:segments() do assert.truthy(kind) end
  end)

  it("raises in all that would change it", function()
    local before = shell.run("cksum < " .. shell.quote(path))
    local S = heap:struct { { "x", "i32" } }
    local calls = {
      malloc = { 10 }, calloc = { 1, 10 }, realloc = { addr, 10 },
      free = { addr }, buffer = { 10 }, array = { "i32", 3 }, reset = {},
      setroot = { "cell", nil }, malloc_to = { "cell", 10 },
      free_from = { "cell" }, realloc_to = { "cell", 10 },
      readfile = { "Makefile" }, poke_u8 = { addr, 1 },
      poke = { addr, "u8", 1 }, fill = { addr, 1, 8 },
      writestring = { addr, "x" }, copy = { addr, "x" },
    }
    for name, arguments in pairs(calls) do
      local ok, why = pcall(heap[name], heap, table.unpack(arguments))
      assert.is_false(ok, name)
      assert.match("the heap is read%-only", why)
    end
    assert.match("the heap is read%-only", refused(S.new, S))
    local list, view = heap:root("list", "i32"), heap:view("u8", addr)
    for _, object in ipairs { list, view } do
      assert.match("read%-only", refused(function() object[1] = 1 end))
    end
    heap:close()
    assert.equal(before, shell.run("cksum < " .. shell.quote(path)))
  end)

  it("may be read by others at the same time, but not be changed", function()
    heap:close()
    beside(function()
      open { readonly = true }
      assert.equal(addr, heap:root "cell")
      heap:close()
      local none, why, code = mems.open { path = path }
      assert.is_nil(none)
      assert.match("is in use by another process", why)
      assert.equal(mems.EBUSY, code)
    end, "readonly")
  end)

  it("may be one whose process has died", function()
    reopen()
    heap:close()
    run [[
      local heap = require "mems".open { path = arg[1] }
      heap:malloc_to("cell", 10)
      os.execute "kill -9 $PPID"
    ]]
    for _ = 1, 2 do
      open { readonly = true }
      assert.equal(10, heap:size(heap:root "cell"))
      assert.equal(3, heap:recovered().blocks)
      heap:close()
    end
  end)
end)

describe("a forked child", function()
  if not inside.built then return pending("needs the probes: `make test`") end

  local test, probe, leave, there
  setup(function() test, probe, leave = inside.enter() end)
  teardown(function() leave() end)
  before_each(function() there = assert(test.open { path = path }) end)
  after_each(function() there:close() end)

  local CLOSED <const> = "the heap is closed: the process was forked"

  local function in_child(f)
    local said, status = probe.fork(f)
    assert.equal(0, status, said)
    return said
  end

  it("has no heap in a file: calls say so", function()
    local addr = there:malloc(10)
    for _, call in ipairs {
      function() return there:malloc(1) end,
      function() return there:peek_u8(addr) end,
      function() return there:poke_u8(addr, 1) end,
      function() return there:free(addr) end,
      function() return there:root "x" end,
      function() return there:setroot("x", addr) end,
      function() return there:save(path) end,
      function() return there:stats() end,
    } do
      assert.match(CLOSED, in_child(call), 1, true)
    end
    assert.equal("mems.heap (closed)",
                 in_child(function() return tostring(there) end))
  end)

  it("has objects that are dead, and let go of in peace", function()
    local S = there:struct { { "x", "i32" } }
    local b, a, s = there:buffer "abc", there:array("i32", 3), S:new()
    local part, view = b:slice(1), there:view("u8", b)
    for _, call in ipairs {
      function() return b:readstring() end, function() return a[1] end,
      function() return s.x end, function() return part:peek_u8() end,
      function() return view[1] end, function() a:append(3) end,
    } do
      assert.match("is closed with its heap", in_child(call), 1, true)
    end
    assert.equal("done", in_child(function()
      b:release()
      a, s, part, view = nil, nil, nil, nil
      collectgarbage()
      there:close()
      there, b = nil, nil
      collectgarbage()
      local memory <close> = test.open()
      for _ = 1, 100 do memory:buffer(100) end
      return memory:check() and "done"
    end))
    assert.equal("abc", b:readstring())
    a[1], s.x = 5, 6
    assert.equal(11, a[1] + s.x)
    there:close()
    there = assert(test.open { path = path })
    assert.is_nil(there:recovered())
  end)

  it("can't open the file either, until it is closed", function()
    assert.match("is in use by another process", in_child(function()
      there:close()
      return select(2, test.open { path = path })
    end))
    there:setroot("root", there:malloc(10))
    local root = there:root "root"
    there:close()
    assert.equal("10", in_child(function()
      local own <close> = test.open { path = path }
      return own:size(root)
    end))
    there = assert(test.open { path = path })
    assert.is_nil(there:recovered())
  end)

  it("has its heaps in memory as before", function()
    local memory <close> = test.open()
    local b = memory:buffer "abc"
    assert.equal("abc", in_child(function() return b:readstring() end))
  end)

  it("may open the default heap anew", function()
    local other = place.new()
    assert(test.init { path = other })
    assert.equal("1000", in_child(function()
      assert(not pcall(test.malloc, 1))
      assert(test.init())
      return test.tointeger(test.malloc(10))
    end))
    test.finish()
  end)
end)

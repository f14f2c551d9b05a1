-- Programs that host Lua: what mems_lua.h promises to them.

local inside = require "spec.support.inside"
local programs = require "spec.support.programs"
local shell = require "spec.support.shell"

describe("a program that hosts Lua", function()
  if not inside.built then return pending("needs the probes: `make test`") end

  local mems, host, probe, leave

  setup(function()
    mems, probe, leave = inside.enter()
    host = probe.host
  end)
  teardown(function() leave() end)

  -- The message of the error that f(...) raises.
  local function refused(f, ...)
    local ok, message = pcall(f, ...)
    assert.is_false(ok)
    return message
  end

  -- Loans made and given back since.
  local function counter()
    collectgarbage()
    local made, back = host.loans()
    return function()
      local now_made, now_back = host.loans()
      return { now_made - made, now_back - back }
    end
  end

  describe("lends bytes", function()
    it("that are a buffer, with all checks", function()
      local b = host.lend "hello"
      assert.equal(5, #b)
      assert.equal("hello", b:readstring())
      b:poke_u8(0x48)
      assert.equal("Hello", b:readstring())
      assert.equal("llo", b:slice(2):readstring())
      assert.equal(0x48, b:readonly():peek_u8())
      assert.match("run past the end of the buffer, 5 bytes",
                   refused(b.peek, b, "u32", 2))
      assert.match("slice has the size", refused(b.resize, b, 10))
      assert.match("slice has the size", refused(b.append, b, "x"))
      assert.match("does not own its memory", refused(b.disown, b))
      assert.match("has no address", refused(b.address, b))
      assert.match("has no address", refused(b.address, b:slice(2)))
      assert.match("1000%+1 was never allocated", refused(b.copy, b, 1000, 1))
      assert.equal("Hello", b:clone():readstring())
      assert.match("from 0 to 5", refused(b.slice, b, 9))
      local heap <close> = mems.open()
      assert.equal("Hello", heap:buffer(b):readstring())
      local a = heap:buffer(5)
      a:copy(b)
      assert.equal("Hello", a:readstring())
    end)

    it("back once, when they are released or collected", function()
      local count = counter()
      local b = host.lend "abc"
      local slice, view = b:slice(1), b:readonly()
      slice:release()
      assert.same({ 1, 0 }, count())
      b:release()
      assert.same({ 1, 1 }, count())
      b:release()
      assert.match("is released", refused(b.readstring, b))
      assert.match("is released", refused(view.readstring, view))
      b, slice, view = nil, nil, nil -- luacheck: ignore
      collectgarbage()
      assert.same({ 1, 1 }, count())
      local part = host.lend("xyz"):slice(1)
      collectgarbage()
      assert.equal("yz", part:readstring())
      assert.same({ 2, 1 }, count())
      part = nil -- luacheck: ignore
      collectgarbage()
      assert.same({ 2, 2 }, count())
      do local c <close> = host.lend "q" assert.equal(1, #c) end
      assert.same({ 3, 3 }, count())
    end)

    it("read-only, if it is asked to", function()
      local b = host.lend("abc", true)
      assert.match("read%-only", refused(b.fill, b, 0))
      assert.match("read%-only", refused(b.slice(b, 1).poke_u8, b, 1))
      assert.equal("abc", b:readstring())
    end)

    it("of no length", function()
      local b = host.lend ""
      assert.equal(0, #b)
      assert.equal("", b:readstring())
    end)

    it("back when the state is closed", function()
      local count = counter()
      local state = probe.starved()
      assert(state:run [[
        mems = require "mems.core"
        a, b = host.lend "one", host.lend "two"
        a:release()
        -- one that comes back from its own finalizer
        setmetatable({}, { __gc = function() late = host.lend "late" end })
        c = host.lend "three"
        return "ok"
      ]])
      assert.same({ 3, 1 }, count())
      assert.same({ 0, 0 }, { state:close() })
      assert.same({ 4, 4 }, count())
    end)

    it("back if there is no memory for the buffer, whatever fails", function()
      for more = 0, 1000, 1000 do
        local failed = 0
        for n = 1, 40 do
          local count, state = counter(), probe.starved()
          assert(state:run [[mems = require "mems.core" return 1]])
          state:fail(n, more)
          local ok = state:run [[kept = host.lend "bytes" return 1]]
          local loans = count()
          assert.equal(ok and 0 or loans[1], loans[2])
          assert(state:run [[kept = nil collectgarbage() return 1]])
          loans = count()
          assert.equal(loans[1], loans[2])
          assert.same({ 0, 0 }, { state:close() })
          failed = failed + (ok and 0 or 1)
        end
        assert.is_true(more == 0 or failed > 8)
      end
    end)

    it("back if the module is not open in the state", function()
      local count = counter()
      local state = probe.starved()
      local ok, message = state:run [[host.lend "abc" return 1]]
      assert.is_nil(ok)
      assert.match("mems.core is not open", message)
      assert.same({ 1, 1 }, count())
      assert.same({ 0, 0 }, { state:close() })
    end)

    it("of which thousands serve one after the other", function()
      local count = counter()
      for i = 1, 5000 do
        local b = host.lend(tostring(i))
        assert.equal(tostring(i), b:readstring())
        if i % 2 == 0 then b:release() end
      end
      collectgarbage()
      collectgarbage()
      assert.same({ 5000, 5000 }, count())
    end)
  end)

  describe("sees bytes", function()
    local heap
    before_each(function() heap = mems.open() end)
    after_each(function() heap:close() end)

    it("of objects and of addresses", function()
      local b = heap:buffer "hello"
      local a = heap:array("u8", { 1, 2, 3 })
      assert.equal("hello", host.bytes(b))
      assert.equal("lo", host.bytes(b:slice(3)))
      assert.equal("\1\2\3", host.bytes(a, true))
      assert.equal("llo", host.bytes(heap:add(b:address(), 2)))
      assert.equal("ello", host.bytes(heap:tointeger(b:address()) + 1))
      assert.equal("hello", host.bytes(heap:get(b:address()), true))
      assert.equal("abc", host.bytes(host.lend "abc"))
    end)

    it("of none, and says why", function()
      local b = heap:buffer "hello"
      local function why(...)
        local none, reason = host.bytes(...)
        assert.is_nil(none)
        return reason
      end
      assert.match("read%-only", why(b:readonly(), true))
      assert.equal("hello", host.bytes(b:readonly()))
      assert.match("slice with a step",
                   why(heap:array("u8", 9):slice(1, 9, 2)))
      assert.match("address 24 is not allocated in any heap", why(24))
      assert.match("an object or an address expected, got a table", why {})
      assert.match("an object or an address expected, got \"5\"", why "5")
      b:release()
      assert.match("the buffer is released", why(b))
      probe.readonly(heap)
      assert.match("the heap is read%-only", why(heap:malloc(8), true))
    end)
  end)

  describe("hands over heaps", function()
    it("that Lua closes, if it owns them", function()
      local c = host.heap_open(1 << 20)
      local heap = host.push(c, true)
      local b = heap:buffer "abc"
      assert.equal(c, host.heap_of(heap))
      assert.equal(c, host.heap_of(b))
      assert.equal(heap, host.push(c))
      assert.equal(1, host.heap_blocks(c))
      assert.match("^mems.heap %(blocks: 1", tostring(heap))
      heap:close()
      assert.is_nil(host.heap_of(heap))
      assert.is_nil(host.heap_of(b))
      assert.match("closed with its heap", refused(b.readstring, b))
    end)

    it("that Lua lets go, if it does not", function()
      local c = host.heap_open(1 << 20)
      local heap = host.push(c)
      local addr = heap:malloc(100)
      local b = heap:buffer "abc"
      assert.equal(2, host.heap_blocks(c))
      assert.equal(2, (heap:close()))
      assert.match("closed with its heap", refused(b.readstring, b))
      assert.equal(2, host.heap_blocks(c)) -- they are the program's now
      heap = host.push(c)
      assert.equal(100, heap:size(addr))
      heap, b = nil, nil -- luacheck: ignore
      collectgarbage()
      assert.equal(2, host.heap_blocks(c))
      host.heap_close(c)
    end)

    it("that the state has already", function()
      local heap <close> = mems.open()
      assert.equal(heap, host.push(host.heap_of(heap)))
      assert.is_nil(host.heap_of {})
      assert.is_nil(host.heap_of())
    end)

    it("and nothing is lost where memory runs out", function()
      local state = probe.starved()
      assert(state:run [[
        mems = require "mems.core"
        c = host.heap_open(1 << 20)
        return 1
      ]])
      for n = 1, 30 do
        state:fail(n)
        state:run [[h = host.push(c) return 1]]
        state:fail(0)
        assert(state:run [[
          h = nil
          collectgarbage()
          assert(host.push(c):malloc(8))
          collectgarbage()
          return 1
        ]])
      end
      state:run [[host.heap_close(c) return 1]]
      assert.same({ 0, 0 }, { state:close() })
    end)
  end)

  describe("gives a state a heap to live in", function()
    for name, code in pairs(programs) do
      it("where it comes to the same: " .. name, function()
        local state = host.hosted(16 << 20)
        local expected = tostring(assert(load(code))())
        assert.equal(expected, (assert(state:run(code))))
        assert.is_true(state:peak() > 0 and state:peak() < 8 << 20)
        assert.equal(0, state:close())
      end)
    end

    it("and shows its limit as \"not enough memory\"", function()
      local state = host.hosted(2 << 20)
      for _ = 1, 3 do
        local ok, message = state:run [[
          local t = {}
          while true do t[#t + 1] = ("x"):rep(100) .. #t end
        ]]
        assert.is_nil(ok)
        assert.equal("not enough memory", message)
        assert.is_true(state:peak() <= 2 << 20)
        assert.equal("42", (state:run "return 6 * 7"))
      end
      assert.equal(0, state:close())
    end)

    it("with the module in it, whose heaps are others", function()
      local state = host.hosted(4 << 20)
      assert.equal("1000 abc", (assert(state:run [[
        local mems = require "mems.core"
        mems.init()
        local p = mems.malloc(100)
        mems.writestring(p, "abc")
        return mems.tointeger(p) .. " " .. mems.readstring(p, 3)
      ]])))
      assert.equal(0, state:close())
    end)

    it("unless not even a state fits", function()
      assert.match("no memory for a state", refused(host.hosted, 4096))
    end)
  end)
end)

describe("the example of a host", function()
  local HOST <const> = "build/examples/host"

  it("goes on when a script has eaten its memory", function()
    if not shell.exists(HOST) then return pending("needs `make demo`") end
    local printed, complained, code = shell.run(HOST)
    assert.equal("", complained)
    assert.equal(0, code)
    assert.match("looked at: 307200 bytes, the last is 223; 'fill': the \z
                  buffer is read%-only\n", printed)
    assert.match("stopped: not enough memory\n", printed)
    assert.match("alive: 42\n", printed)
    local _, times = printed:gsub("given back: 307200 bytes\n", "")
    assert.equal(1, times)
  end)
end)

describe("another Lua", function()
  for _, name in ipairs { "lua5.1", "lua5.3", "luajit" } do
    it("gets a sentence: " .. name, function()
      if select(3, shell.run("command -v " .. name)) ~= 0 then
        return pending(name .. " is not here")
      end
      local _, complained, code = shell.run(
        "LUA_PATH='lua/?.lua;lua/?/init.lua' " .. name ..
        " -e 'require \"mems\"'")
      assert.not_equal(0, code)
      assert.match("mems needs Lua 5.4 or 5.5, and this is Lua", complained)
      assert.not_match("undefined symbol", complained)
    end)
  end
end)

describe("the headers and examples #style", function()
  local INCLUDE <const> = " -Wall -Wextra -Wpedantic -Werror -Isrc \z
    $(pkg-config --cflags lua5.4) -c -o /dev/null "

  for compiler, kinds in pairs {
    ["cc -std=c11"] = "c", ["clang -std=c11"] = "c",
    ["c++ -std=c++17 -x c++"] = "c++",
    ["musl-gcc -std=c11 -idirafter /usr/include -idirafter \z
      /usr/include/$(cc -dumpmachine)"] = "c",
  } do
    it("are " .. kinds .. " without a warning: " .. compiler, function()
      if select(3, shell.run("command -v " .. compiler:match("^%S+"))) ~= 0 then
        return pending(compiler .. " is not here")
      end
      for _, path in ipairs { "src/mems.h", "src/mems_lua.h",
                              "examples/session.c", "examples/host.c" } do
        local source = path
        if path:find "%.h$" then
          source = os.tmpname() .. ".c"
          shell.write(source, ("#include \"%s\"\nint one;\n")
            :format(path:match("[^/]*$")))
        end
        local _, complained = shell.run(compiler .. INCLUDE .. source)
        assert.equal("", complained)
        if source ~= path then os.remove(source) end
      end
    end)
  end
end)

-- Roots and cells: how a script that starts anew finds what is in a heap.

local mems = require "mems"
local place = require "spec.support.place"
local refused = require "spec.support.misuse".refused

local heap, path

-- The same on a heap in memory and on one in a file.
local function each_kind(f)
  for _, kind in ipairs { "memory", "file" } do
    describe("in a " .. kind, function()
      before_each(function()
        path = kind == "file" and place.new() or nil
        heap = assert(mems.open { path = path, limit = 1 << 22 })
      end)
      after_each(function()
        assert.is_true(heap:check())
        heap:close()
        place.clear()
      end)
      f(kind)
    end)
  end
end

describe("a root", function()
  each_kind(function(kind)
    it("names a block until it is given another, or taken away", function()
      local a, b = heap:malloc(10), heap:malloc(20)
      assert.is_true(heap:setroot("x", a))
      assert.equal(a, heap:root "x")
      heap:setroot("x", b)
      heap:setroot("y", a)
      assert.same({ x = b, y = a }, heap:roots())
      assert.is_true(heap:setroot("x", nil))
      assert.is_true(heap:setroot("x", nil))
      local none, why, code = heap:root "x"
      assert.is_nil(none)
      assert.equal('there is no root "x"', why)
      assert.equal(mems.ENOROOT, code)
      assert.same({ y = a }, heap:roots())
      assert.equal(20, heap:size(b))
    end)

    it("of a block that was freed is nil, with the reason", function()
      local addr = heap:malloc(10)
      heap:setroot("x", addr)
      heap:free(addr)
      for _, type in ipairs { false, "u8" } do
        local none, why, code = heap:root("x", type or nil)
        assert.is_nil(none)
        assert.equal('the block that root "x" named was freed', why)
        assert.equal(mems.EFREED, code)
      end
      assert.equal(addr, heap:roots().x)
      heap:setroot("x", heap:malloc(10))
      assert.truthy(heap:root "x")
      heap:reset()
      assert.is_nil(heap:root "x")
    end)

    it("has a name of 1 to 39 bytes", function()
      local addr = heap:malloc(1)
      local longest = ("n"):rep(39)
      heap:setroot(longest, addr)
      assert.equal(addr, heap:root(longest))
      for _, name in ipairs { "", ("n"):rep(40), "a\0b" } do
        assert.match("#1 to 'setroot' %(the name of a root has to be of 1 to",
                     refused(heap.setroot, heap, name, addr))
        assert.match("#1 to 'root'", refused(heap.root, heap, name))
        assert.match("#1 to 'malloc_to'",
                     refused(heap.malloc_to, heap, name, 1))
      end
      assert.match("has to be a string, got nil",
                   refused(heap.setroot, heap, nil, addr))
    end)

    it("is one of 63", function()
      local addr = heap:malloc(1)
      for i = 1, 63 do assert(heap:setroot("root" .. i, addr)) end
      for _, call in ipairs {
        function() return heap:setroot("more", addr) end,
        function() return heap:malloc_to("more", 10) end,
      } do
        local none, why, code = call()
        assert.is_nil(none)
        assert.equal("string", type(why))
        assert.equal(mems.ELIMIT, code)
      end
      assert.equal(1, heap:stats "processes")
      heap:setroot("root7", nil)
      assert(heap:setroot("more", addr))
    end)

    it("is the start of a live block of this heap", function()
      local addr = heap:malloc(100)
      local other <close> = mems.open()
      heap:free(heap:malloc(10))
      assert.match("#2 to 'setroot' %(address %d+ is inside block",
                   refused(heap.setroot, heap, "x", heap:add(addr, 8)))
      assert.match("never allocated", refused(heap.setroot, heap, "x", 5))
      assert.match("address expected, got true",
                   refused(heap.setroot, heap, "x", true))
      assert.match("got no value", refused(heap.setroot, heap, "x"))
      assert.match("no such argument",
                   refused(heap.setroot, heap, "x", addr, 1))
      assert.match("belongs to another heap",
                   refused(heap.setroot, heap, "x", other:buffer(8)))
      local b = heap:buffer(16)
      assert.match("not at its start",
                   refused(heap.setroot, heap, "x", b:slice(8)))
      b:release()
      assert.match("is released", refused(heap.setroot, heap, "x", b))
      local a = heap:array("u8", 8)
      assert.match("slice with a step",
                   refused(heap.setroot, heap, "x", a:slice(1, 8, 2)))
      assert.same({}, heap:roots())
    end)

    it("may be given as an object, which is as good as before", function()
      local S = mems.struct { { "x", "i32" }, { "y", "i32" } }
      local a, b = heap:array("i32", { 1, 2, 3 }), heap:buffer "bytes"
      local s = heap:array(S, { { x = 1 } })
      for i = 4, 100 do a:append(i) end
      heap:setroot("a", a)
      heap:setroot("b", b)
      heap:setroot("s", s)
      a[1], s[1].y = 7, 8
      b:poke_u8(0x42)
      assert.equal(400, heap:size(heap:root "a")) -- no room for more
      assert.match("can't be resized", refused(a.append, a, 1))
      assert.match("can't be resized", refused(a.resize, a, 1))
      assert.match("a slice has the size", refused(b.append, b, "more"))
      assert.match("does not own", refused(a.disown, a))
      a, b, s = nil, nil, nil -- luacheck: ignore
      collectgarbage()
      collectgarbage()
      assert.equal(3, heap:stats "processes")
      assert.equal(7, heap:root("a", "i32")[1])
      assert.equal(100, heap:root("a", "i32")[100])
      assert.equal("Bytes", heap:root("b", "buffer"):readstring())
      assert.equal(8, heap:root("s", S)[1].y)
    end)

    it("takes the block from whoever owned it", function()
      local owner = heap:buffer(16)
      local part = owner:slice(0, 8)
      heap:setroot("part", part)
      local by_address = heap:buffer(16)
      heap:setroot("address", by_address:address())
      owner:release()
      by_address, part = nil, nil -- luacheck: ignore
      collectgarbage()
      assert.equal(2, heap:stats "processes")
      heap:free(heap:root "part")
      assert.equal(1, heap:stats "processes")
    end)

    it("has the type of the object, and no other", function()
      local S = mems.struct { { "x", "i32" }, { "s", "char", 8 } }
      local T = mems.struct { { "x", "i32" }, { "t", "char", 8 } }
      local same = mems.struct { { "x", "i32" }, { "s", "char", 8 } }
      heap:setroot("buffer", heap:buffer "abc")
      heap:setroot("array", heap:array("u16be", { 1, 2 }))
      heap:setroot("struct", heap:array(S, 1)[1])
      heap:setroot("structs", heap:array(S, 2))
      heap:setroot("rows", heap:array(mems.struct { { "m", "f64", 2, 3 } }, 2))
      local any = heap:calloc(1, 12)
      heap:setroot("any", any)
      local is = {
        buffer = "a buffer", array = "an array of u16be", struct = "a struct",
        structs = "an array of structs", rows = "an array of structs",
      }
      local fits = {
        buffer = { buffer = "buffer" }, array = { u16be = "u16be" },
        struct = { S = S, same = same }, structs = { S = S, same = same },
        rows = {},
      }
      local types = { buffer = "buffer", u16be = "u16be", u16 = "u16", S = S,
                      T = T, same = same }
      for name, what in pairs(is) do
        for label, type in pairs(types) do
          if fits[name][label] then
            assert.truthy(heap:root(name, type))
          else
            local why = refused(heap.root, heap, name, type)
            assert.match(('#2 to \'root\' (root "%s" is %s'):format(name, what),
                         why, 1, true)
          end
        end
        assert.truthy(heap:root(name))
      end
      for label, type in pairs(types) do
        assert.truthy(heap:root("any", type), label)
      end
      assert.equal("buffer", tostring(heap:root("any", "buffer"))
        :match "mems%.(%l+)")
      assert.equal(12, #heap:root("any", "buffer"))
      assert.equal(6, #heap:root("any", "u16"))
      assert.equal(any, heap:root("any", S):address())
      assert.match("unknown type", refused(heap.root, heap, "any", "u17"))
      assert.match("unknown type", refused(heap.root, heap, "any", 5))
      heap:setroot("array", any) -- of no type any more
      assert.truthy(heap:root("array", "u8"))
    end)

    it("gives objects that own nothing, and die with the block", function()
      local S = mems.struct({ { "x", "i32" } }, { twice = function(s)
        return 2 * s.x
      end })
      heap:setroot("x", heap:array(S, { { x = 21 } })[1])
      local s = heap:root("x", S)
      assert.equal(42, s:twice())
      s:release()
      assert.equal(42, heap:root("x", S):twice())
      s = heap:root("x", S)
      local b = s:clone()
      b.x = 1
      assert.equal(21, s.x)
      heap:free(heap:root "x")
      assert.match("is released", refused(function() return s.x end))
    end)

    if kind == "file" then
      it("is there when the file is opened again, with its type", function()
        local S = mems.struct { { "x", "i32" } }
        heap:setroot("list", heap:array(S, { { x = 1 }, { x = 2 } }))
        local before = heap:root "list"
        heap:close()
        heap = mems.open { path = path }
        assert.equal(before, heap:root "list")
        local again = mems.struct { { "x", "i32" } }
        assert.equal(2, heap:root("list", again)[2].x)
        assert.match("is an array of structs",
                     refused(heap.root, heap, "list", "i32"))
      end)
    end
  end)
end)

describe("a cell", function()
  each_kind(function()
    it("gets the address of a new block", function()
      local addr = heap:malloc_to("cell", 100)
      assert.equal(addr, heap:root "cell")
      assert.equal(100, heap:size(addr))
      local inner = heap:malloc_to(addr, 16)
      assert.equal(inner, heap:peek(addr, "ptr"))
      local at = heap:malloc_to(addr, 16, 40)
      assert.equal(at, heap:peek(addr, "ptr", 40))
      local b = heap:buffer(24)
      assert.equal(heap:malloc_to(b, 8, 16), b:peek("ptr", 16))
      assert.equal(heap:malloc_to(b:slice(8), 8), b:peek("ptr", 8))
      assert.equal(heap:malloc_to(heap:get(addr), 8), heap:peek(addr, "ptr"))
    end)

    it("holds none when its block was freed", function()
      local addr = heap:malloc_to("cell", 100)
      local view = heap:view("u8", addr)
      heap:free_from "cell"
      assert.is_nil(heap:get(addr))
      assert.equal(mems.ENOROOT, select(3, heap:root "cell"))
      assert.match("is released", refused(function() return view[1] end))
      heap:free_from "cell" -- holds none
      heap:free_from "never"
      local b = heap:buffer(16)
      heap:malloc_to(b, 16, 8)
      heap:free_from(b, 8)
      assert.is_nil(b:peek("ptr", 8))
      assert.equal(1, heap:stats "processes")
    end)

    it("follows its block, which is resized", function()
      heap:malloc_to("cell", 100)
      heap:malloc(100)
      heap:fill(heap:root "cell", 7, 100)
      for _, size in ipairs { 5000, 50, 200000, 1 } do
        local addr = heap:realloc_to("cell", size)
        assert.equal(addr, heap:root "cell")
        assert.equal(size, heap:size(addr))
        assert.equal(7, heap:peek_u8(addr))
      end
      local b = heap:buffer(16)
      assert.equal(heap:realloc_to(b, 30, 8), b:peek("ptr", 8))
      assert.equal(30, heap:size(b:peek("ptr", 8)))
      assert.equal(4, heap:stats "processes")
    end)

    it("is 8 bytes of a live block, at a multiple of 8", function()
      local addr = heap:malloc(20)
      for _, verb in ipairs { "malloc_to", "free_from", "realloc_to" } do
        local size = verb ~= "free_from" and { 8 } or {}
        local function why(...)
          local arguments = { (...), table.unpack(size) }
          for i = 2, select("#", ...) do
            arguments[#arguments + 1] = (select(i, ...))
          end
          return refused(heap[verb], heap, table.unpack(arguments))
        end
        assert.match("a cell has to be at a multiple of 8, got %d+",
                     why(heap:add(addr, 4)))
        assert.match("at a multiple of 8", why(addr, 3))
        assert.match("runs past the end", why(addr, 16))
        assert.match("never allocated", why(5000))
        assert.match("no such argument", why("root", 8))
        assert.match("offset has to be at least 0", why(addr, -8))
      end
      assert.match("size has to be at least 1",
                   refused(heap.malloc_to, heap, addr, 0))
      assert.equal(1, heap:stats "processes")
    end)

    it("that holds no block is refused, and left as it is", function()
      local addr = heap:calloc(1, 64)
      for _, value in ipairs { 4711, heap:tointeger(addr) + 8 } do
        heap:poke(addr, "ptr", value, 8)
        assert.match("the cell holds " .. value .. ", where no block starts",
                     refused(heap.free_from, heap, addr, 8))
        assert.match("where no block starts",
                     refused(heap.realloc_to, heap, addr, 10, 8))
        assert.equal(value, heap:tointeger(heap:peek(addr, "ptr", 8)))
      end
      heap:poke(addr, "ptr", addr, 8)
      assert.match("lies in the block that it holds",
                   refused(heap.realloc_to, heap, addr, 10, 8))
      assert.match("lies in the block that it holds",
                   refused(heap.free_from, heap, addr, 8))
    end)

    it("stays as it is where there is no room", function()
      local addr = heap:malloc_to("cell", 100)
      for _, verb in ipairs { "malloc_to", "realloc_to" } do
        local none, why, code = heap[verb](heap, "cell", 1 << 23)
        assert.is_nil(none)
        assert.match("limit of the heap", why)
        assert.equal(mems.ELIMIT, code)
        assert.equal(addr, heap:root "cell")
        assert.equal(100, heap:size(addr))
      end
      local none = heap:malloc_to("other", 1 << 23)
      assert.is_nil(none)
      assert.same({ cell = addr }, heap:roots())
    end)

    it("makes room by collecting garbage", function()
      for _ = 1, 50 do
        heap:buffer(1 << 20)
        assert(heap:malloc_to("cell", 3 << 20))
        heap:free_from "cell"
      end
    end)
  end)
end)

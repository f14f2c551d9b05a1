-- Views: arrays and structs on bytes that are there.

local mems = require "mems"
local refused = require "spec.support.misuse".refused

describe("a view", function()
  before_each(function()
    pcall(mems.finish)
    mems.init()
  end)
  after_each(function() pcall(mems.finish) end)

  it("shows the bytes of an object as an array", function()
    local b = mems.buffer("\1\0\2\0\3\0\4")
    local v = mems.view("u16le", b)
    assert.same({ 1, 2, 3 }, v:totable())
    assert.same({ 0x200, 0x300 }, mems.view("u16le", b, 1, 2):totable())
    assert.same({ 3, 0, 4 }, mems.view("u8", b:slice(4)):totable())
    v[2] = 7
    assert.equal(7, b:peek("u8", 2))
    assert.equal(0, #mems.view("u32", b, 7))
    assert.equal(0, #mems.view("u32", b, 5))
    assert.equal(0, #mems.view("u32", b, 0, 0))
    assert.equal(10, mems.view("u16le", mems.array("u8", { 4, 0, 6, 0 })):sum())
  end)

  it("shows structs, in objects and at addresses", function()
    local S = mems.struct { { "a", "u8" }, { "b", "u16" } }
    local addr = mems.calloc(10, 1)
    local v = mems.view(S, addr, 2)
    assert.equal(2, #v)
    v[2].b = 5
    assert.equal(5, mems.peek(addr, "u16", 8))
    local p = S:new()
    mems.view("u8", p, 2)[1] = 9
    assert.equal(9, p.b)
    assert.equal(1, #mems.view("u8", p.b and mems.view(S, p), 3))
    v[1]:move(2)
    assert.match("from 1 to 2", refused(v[1].move, v[1], 3))
  end)

  it("keeps the object and the type alive", function()
    local function make()
      local S = mems.struct { { "a", "u16le" } }
      return mems.view(S, mems.buffer("..\1\0\2\0"):slice(2)),
        S:at(mems.buffer("..\3\0"), 2)
    end
    local v, p = make()
    local element = make()[2]
    for _ = 1, 5 do
      collectgarbage()
      mems.buffer("xxxxxx")
    end
    assert.same({ 1, 2, 2, 3 }, { v[1].a, v[2].a, element.a, p.a })
  end)

  it("dies with the block and follows a resize", function()
    local b = mems.buffer(("\5"):rep(100))
    local v = mems.view("u8", b, 10, 20)
    local w = mems.view("u8", mems.add(b:address(), 50), 10)
    local addr = mems.calloc(100, 1)
    local x = mems.view("u8", mems.add(addr, 50), 10)
    assert.same({ 40, 40 }, { #w, #x })
    x[1] = 3
    assert.equal(3, mems.peek(addr, "u8", 60))
    mems.free(addr)
    w[1] = 3
    assert.is_true(b:resize(100000))
    assert.same({ 5, 3 }, { v[20], w[1] })
    v[1] = 6
    assert.equal(6, b:peek("u8", 10))
    b:resize(29)
    assert.match("shrunk", refused(function() return v[1] end))
    b:resize(30)
    assert.equal(6, v[1])
    b:release()
    for _, view in ipairs { v, w, x } do
      assert.match("released", refused(function() return view[1] end))
    end
    assert.equal(0, mems.stats().owned)
  end)

  it("is an array, but for growing", function()
    local v = mems.view("i32", mems.buffer(16))
    v:copy { 3, 1, 2 }
    v:sort()
    assert.same({ 0, 1, 2, 3 }, v:totable())
    assert.same({ 1, 2 }, v:slice(2, 3):totable())
    for _, verb in ipairs { "append", "resize" } do
      assert.match("a part of another object can't be resized",
                   refused(v[verb], v, 1))
    end
    assert.match("does not own its memory", refused(v.disown, v))
    assert.equal(16, v:buffer():size())
    v:release()
    assert.match("released", refused(function() return v[1] end))
  end)

  it("takes any alignment", function()
    local b = mems.buffer(33)
    local v = mems.view("f64", b, 1)
    v:copy { 1.5, 2.5, 3, -4 }
    assert.same({ 3, 2.5 }, { v:sum(), b:peek("f64", 9) })
    v:sort()
    assert.equal(-4, v[1])
  end)

  it("is refused where its elements don't fit", function()
    local b, addr = mems.buffer(8), mems.malloc(8)
    assert.match("8 bytes at offset 1 run past the end of the buffer, 8 bytes",
                 refused(mems.view, "i32", b, 1, 2))
    assert.match("offset 9 run past", refused(mems.view, "i32", b, 9))
    refused(mems.view, "i32", b, 0, math.maxinteger)
    refused(mems.view, "i32", b, math.maxinteger)
    assert.match("runs past the end of block",
                 refused(mems.view, "i32", addr, 0, 3))
    refused(mems.view, "u8", mems.add(addr, 8))
    refused(mems.view, "u8", mems.add(addr, 8), 0, 0)
    assert.equal(0, #mems.view("u8", addr, 8))
    assert.match("#1 to 'view' %(unknown type \"u9\"",
                 refused(mems.view, "u9", b))
    assert.match("#5 to 'view' %(no such argument, got 1",
                 refused(mems.view, "u8", b, 0, 1, 1))
    assert.match("#2 to 'view' %(address expected, got nil",
                 refused(mems.view, "u8", nil))
    b:release()
    assert.match("#2 to 'view' %(the buffer is released",
                 refused(mems.view, "u8", b))
  end)

  it("works on heaps of their own", function()
    local heap <close> = mems.open()
    local b = heap:buffer("\1\2\3")
    local v = heap:view("u8", b)
    assert.equal(6, v:sum())
    assert.equal(2, heap:view("u8", b:address(), 1, 1)[1])
    assert.match("another heap", refused(mems.view, "u8", b))
    assert.equal(3, v:clone()[3])
    heap:close()
    assert.match("closed with its heap", refused(function() return v[1] end))
  end)

  it("of an array as a buffer shares its bytes", function()
    local a = mems.array("u16le", { 1, 2, 3 })
    local b = a:slice(2, 3):buffer()
    assert.equal("\2\0\3\0", b:readstring())
    b:poke("u8", 9)
    assert.equal(9, a[2])
    a:resize(1)
    assert.match("shrunk", refused(b.readstring, b))
  end)
end)

describe("S:at with an offset", function()
  before_each(function()
    pcall(mems.finish)
    mems.init()
  end)
  after_each(function() pcall(mems.finish) end)

  it("looks at a struct inside of an object or block", function()
    local S = mems.struct { { "a", "u16le" } }
    local b = mems.buffer("\1\0\2\0\3")
    assert.equal(2, S:at(b, 2).a)
    assert.equal(2, S:at(b:address(), 2).a)
    assert.match("2 bytes at offset 4 run past", refused(S.at, S, b, 4))
    assert.match("offset has to be at least 0, got %-1",
                 refused(S.at, S, b, -1))
    assert.match("no such argument, got 5", refused(S.at, S, b, 0, 5))
  end)
end)

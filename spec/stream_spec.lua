-- Streams: what is put is got, buffers grow, and nothing moves past an end.

local mems = require "mems"
local refused = require "spec.support.misuse".refused

describe("a stream", function()
  before_each(function()
    pcall(mems.finish)
    mems.init()
  end)
  after_each(function() pcall(mems.finish) end)

  it("gives what was put, of every type", function()
    local b = mems.buffer(0)
    local s = b:stream()
    for name, info in pairs(mems.types) do
      local v = name:find("bool") and true or name:find("ptr") and
        mems.toaddress(b:address()) or info.min
      assert.equal(s, s:put(name, v, v))
      assert.equal(s:tell(), #b)
    end
    s:seek(0)
    for name, info in pairs(mems.types) do
      local v = name:find("bool") and true or name:find("ptr") and
        mems.toaddress(b:address()) or info.min
      assert.equal(v, s:get(name), name)
      assert.equal(v, s:get(name), name)
    end
    assert.equal(0, s:left())
  end)

  it("puts strings and gets them", function()
    local b = mems.buffer(0)
    local s = b:stream():putstring("a\0b"):putstring(""):putstring(12)
    assert.equal("a\00012", (b:readstring():gsub("b", "", 1)))
    s:seek(1)
    assert.equal("\0b", s:getstring(2))
    assert.equal("", s:getstring(0))
    assert.equal("12", s:getstring())
    assert.equal("", s:getstring())
  end)

  it("writes varints as protobuf does", function()
    local b = mems.buffer(0)
    local s = b:stream()
    for _, case in ipairs { { 0, "\0" }, { 127, "\x7F" }, { 128, "\x80\1" },
                            { 300, "\xAC\2" }, { -1, ("\xFF"):rep(9) .. "\1" },
                            { math.mininteger, ("\x80"):rep(9) .. "\1" } } do
      local from = s:tell()
      s:putvarint(case[1])
      assert.equal(case[2], b:readstring(nil, from))
      s:seek(from)
      assert.equal(case[1], s:getvarint())
    end
    for shift = 0, 63 do
      for _, v in ipairs { 1 << shift, (1 << shift) - 1, ~(1 << shift) } do
        local from = s:tell()
        s:putvarint(v):putzigzag(v)
        s:seek(from)
        assert.equal(v, s:getvarint())
        assert.equal(v, s:getzigzag())
      end
    end
    b:resize(0)
    s:seek(0)
    s:putzigzag(0):putzigzag(-1):putzigzag(1):putzigzag(-2)
    assert.equal("\0\1\2\3", b:readstring())
  end)

  it("refuses a varint that is cut off or too long, and stays", function()
    local s = mems.buffer("\x80\x80"):stream()
    assert.match("'getvarint': 3 bytes at offset 0 run past the end of the " ..
                 "buffer, 2 bytes", refused(s.getvarint, s))
    assert.equal(0, s:tell())
    for _, bytes in ipairs { ("\x80"):rep(9) .. "\2", ("\x80"):rep(11) } do
      s = mems.buffer("." .. bytes):stream(1)
      assert.match("the varint at offset 1 has more than 64 bits",
                   refused(s.getvarint, s))
      assert.equal(1, s:tell())
    end
    assert.match("value has to be an integer, got 1.5",
                 refused(s.putvarint, s, 1.5))
  end)

  it("packs and unpacks from where it is", function()
    local b = mems.buffer("...")
    local s = b:stream(3):pack("!4 B i4 z", 1, 2, "three")
    assert.equal(3 + 8 + 6, #b)
    assert.equal(string.pack("!4 B i4 z", 1, 2, "three"),
                 b:readstring(nil, 3))
    s:seek(3)
    assert.same({ 1, 2, "three" }, { s:unpack("!4 B i4 z") })
    assert.equal(#b, s:tell())
    assert.equal(0, select("#", s:unpack("")))
    assert.equal(s, s:pack(""))
    assert.match("#3 to 'pack' %(no such argument, got 2",
                 refused(s.pack, s, "B", 1, 2))
    assert.match("#2 to 'pack' %(number expected",
                 refused(s.pack, s, "B"))
    assert.match("#1 to 'unpack' %(invalid format option 'y'",
                 refused(s.unpack, s, "y"))
    local long = ("x"):rep(3000)
    s:pack("s4", long):seek(#b - 3004)
    assert.equal(long, s:unpack("s4"))
  end)

  it("reads nothing past the end, and moves nothing", function()
    local s = mems.buffer("abc"):stream(1)
    assert.match("^'get': 4 bytes at offset 1 run past the end of the buffer" ..
                 ", 3 bytes", refused(s.get, s, "i32"))
    assert.match("3 bytes at offset 1", refused(s.getstring, s, 3))
    refused(s.getstring, s, math.maxinteger)
    assert.match("'unpack': the format takes more than the 2 bytes from " ..
                 "offset 1", refused(s.unpack, s, "i4"))
    assert.equal(1, s:tell())
    assert.equal("bc", s:getstring(2))
  end)

  it("knows where it is and how much is left", function()
    local b = mems.buffer(10)
    local s = b:stream(4)
    assert.same({ 4, 6 }, { s:tell(), s:left() })
    assert.is_true(s:has(6) and s:has(0))
    assert.is_false(s:has(7))
    assert.equal(s, s:seek(10))
    assert.same({ 10, 0 }, { s:tell(), s:left() })
    assert.match("position has to be from 0 to 10, got 11",
                 refused(s.seek, s, 11))
    assert.match("position has to be from 0 to 10, got %-1",
                 refused(s.seek, s, -1))
    assert.match("position has to be from 0 to 10, got 11",
                 refused(b.stream, b, 11))
    assert.equal("mems.stream (at 10 of 10 bytes)", tostring(s))
    b:resize(5)
    assert.same({ 10, 0 }, { s:tell(), s:left() })
    assert.match("'get': 1 bytes at offset 10 run past",
                 refused(s.get, s, "u8"))
    assert.match("'put': 1 bytes at offset 10 run past",
                 refused(s.put, s, "u8", 1))
    assert.match("offset 10 run past", refused(s.unpack, s, ""))
  end)

  it("aligns, and fills with zeros behind the end", function()
    local b = mems.buffer("abcde")
    local s = b:stream(1)
    assert.equal(4, s:align(4):tell())
    assert.equal(4, s:align(4):tell())
    assert.equal(8, s:seek(5):align(8):tell())
    assert.equal("abcde\0\0\0", b:readstring())
    assert.equal(9, s:align(3):tell())
    assert.match("n has to be at least 1, got 0", refused(s.align, s, 0))
  end)

  it("overwrites what is there, and makes an owned buffer longer", function()
    local b = mems.buffer("abcdef")
    b:stream(2):putstring("XY"):putstring("ZZZ")
    assert.equal("abXYZZZ", b:readstring())
    local part = b:slice(2, 3)
    local s = part:stream():putstring("12")
    assert.match("'putstring': 2 bytes at offset 2 run past the end of the " ..
                 "buffer, 3 bytes", refused(s.putstring, s, "34"))
    assert.match("'put': 4 bytes at offset 2", refused(s.put, s, "i32", 1))
    assert.equal(2, s:tell())
    assert.equal("ab12ZZZ", b:readstring())
  end)

  it("grows by steps that double, so that a move is rare", function()
    local b = mems.buffer(0)
    local s, moves, last = b:stream(), 0, nil
    for i = 1, 100000 do
      s:put("u8", i & 255)
      if i % 10 == 0 then
        local owned = mems.stats().owned
        if owned ~= last then moves, last = moves + 1, owned end
      end
    end
    assert.equal(100000, #b)
    assert.is_true(moves < 20, moves .. " steps")
    assert.is_true(mems.stats().owned <= 200000)
    assert.is_true(b:resize(#b))
    assert.equal(100000, mems.stats().owned)
  end)

  it("is nil, message, code if the buffer can't grow", function()
    local heap <close> = mems.open { limit = 1 << 20 }
    local b = heap:buffer("abc")
    local s = b:stream(3)
    local _, message, code = s:putstring(("x"):rep(1 << 21))
    assert.equal("the limit of the heap would be passed", message)
    assert.equal(mems.ELIMIT, code)
    assert.equal(mems.ELIMIT, select(3, s:align(1 << 40)))
    assert.same({ 3, 3 }, { s:tell(), #b })
    while s:putstring(("y"):rep(1000)) do end
    assert.is_true(#b > 600000, #b .. " bytes of 1 MiB")
    assert.equal("abcy", b:readstring(4))
  end)

  it("puts all of the values or none", function()
    local b = mems.buffer(0)
    local s = b:stream()
    assert.match("#3 to 'put' %(value 300 does not fit u8",
                 refused(s.put, s, "u8", 1, 2 + 298, 3))
    assert.match("#2 to 'put' %(value no value does not fit u8",
                 refused(s.put, s, "u8"))
    assert.match("unknown type \"u9\"", refused(s.put, s, "u9", 1))
    assert.match("#2 to 'get' %(no such argument", refused(s.get, s, "u8", 1))
    assert.equal(0, #b)
  end)

  it("keeps its buffer alive, and dies with it", function()
    local s = mems.buffer("abc"):stream()
    collectgarbage()
    collectgarbage()
    assert.equal("abc", s:getstring())
    local b = mems.buffer("abc")
    s = b:stream()
    b:release()
    for _, verb in ipairs { "get", "put", "tell", "left", "getvarint",
                            "getstring", "seek", "has", "align" } do
      assert.match("the buffer is released", refused(s[verb], s, 1, 1))
    end
    assert.equal("mems.stream (released)", tostring(s))
  end)

  it("has no other names, and takes no other self", function()
    local s = mems.buffer(1):stream()
    assert.match("a stream has no \"putt\"", refused(function() s:putt(1) end))
    assert.match("a stream has no 1", refused(function() return s[1] end))
    assert.match("'get': mems.stream expected, got a mems.buffer",
                 refused(s.get, mems.buffer(1), "u8"))
    assert.match("'get': mems.stream expected, got a FILE",
                 refused(s.get, io.stdout, "u8"))
    assert.equal("mems.stream", getmetatable(s))
  end)

  it("works on heaps of their own", function()
    local heap <close> = mems.open()
    local b = heap:buffer(0)
    b:stream():put("f64", 0.5):putstring("x")
    assert.equal(0.5, b:stream():get("f64"))
    assert.equal(9, heap:size(b:disown()))
  end)
end)

describe("append", function()
  before_each(function()
    pcall(mems.finish)
    mems.init()
  end)
  after_each(function() pcall(mems.finish) end)

  it("puts strings and objects behind the last byte", function()
    local b = mems.buffer("ab")
    assert.equal(2, b:append("cd", 12, mems.array("u8", { 65, 66 })))
    assert.equal("abcd12AB", b:readstring())
    assert.equal(8, b:append(b))
    assert.equal(16, b:append(b:slice(0, 2), b, ""))
    assert.equal(("abcd12AB"):rep(2) .. "ab" .. ("abcd12AB"):rep(2),
                 b:readstring())
    assert.equal(34, b:append())
    local heap <close> = mems.open()
    b:append(heap:buffer("far"))
    assert.equal("far", b:readstring(nil, 34))
  end)

  it("grows by steps that double", function()
    local b, owned, steps = mems.buffer(0), nil, 0
    for _ = 1, 20000 do
      b:append("12345")
      local now = mems.stats().owned
      if now ~= owned then owned, steps = now, steps + 1 end
    end
    assert.equal(100000, #b)
    assert.is_true(steps < 20, steps .. " steps")
  end)

  it("appends all or nothing", function()
    local b = mems.buffer("ab")
    local dead = mems.buffer(1)
    dead:release()
    assert.match("#2 to 'append' %(a string or an object expected, got a table",
                 refused(b.append, b, "x", {}))
    assert.match("#2 to 'append' %(the buffer is released",
                 refused(b.append, b, "x", dead))
    assert.match("a slice has the size it was made with",
                 refused(b.append, b:slice(0), "x"))
    local heap <close> = mems.open { limit = 1 << 20 }
    local c = heap:buffer("ab")
    assert.equal(mems.ELIMIT, select(3, c:append("x", ("y"):rep(1 << 21))))
    assert.same({ "ab", "ab" }, { b:readstring(), c:readstring() })
  end)

  it("lets slices and views go along", function()
    local b = mems.buffer("abcd")
    local part, view = b:slice(1, 2), mems.view("u8", b)
    for _ = 1, 1000 do b:append(("x"):rep(100)) end
    assert.equal("bc", part:readstring())
    assert.equal(100, view[4])
    b:resize(3)
    assert.equal("bc", part:readstring())
    assert.match("shrunk", refused(function() return view[1] end))
  end)
end)

describe("clone, and a buffer of an object", function()
  before_each(function()
    pcall(mems.finish)
    mems.init()
  end)
  after_each(function() pcall(mems.finish) end)

  it("are copies with memory of their own", function()
    local b = mems.buffer("abc")
    local heap <close> = mems.open()
    for _, copy in ipairs { b:clone(), mems.buffer(b), heap:buffer(b),
                            mems.buffer(b, 64), b:slice(0):clone() } do
      assert.equal("abc", copy:readstring())
      copy:fill(0)
      assert.is_true(copy:resize(10))
    end
    assert.equal("abc", b:readstring())
    assert.equal("bc", b:slice(1):clone():readstring())
    assert.equal("", mems.buffer(0):clone():readstring())
    assert.equal("\1\0\2\0",
                 mems.buffer(mems.array("u16le", { 1, 2 })):readstring())
    assert.equal(1, heap:stats().processes)
  end)

  it("of a struct have its fields", function()
    local S = mems.struct { { "a", "u16" }, { "s", "char", 4 } }
    local p = S:new { a = 7, s = "xyz" }
    local q = p:clone()
    q.a = 8
    assert.same({ 7, 8, "xyz" }, { p.a, q.a, q.s })
    local heap <close> = mems.open()
    local element = heap:array(S, { { a = 1 }, { a = 2 } })[2]:clone()
    p, q, S = nil, nil, nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.equal(2, element.a)
    assert.match("mems.struct {a = 2", tostring(element))
    assert.equal(2, #element:buffer():readstring(2))
  end)

  it("are nil, message, code over the limit", function()
    local heap <close> = mems.open { limit = 1 << 20 }
    local b = heap:buffer(600000)
    assert.equal(mems.ELIMIT, select(3, b:clone()))
    assert.equal(mems.ELIMIT, select(3, heap:buffer(b)))
    b:release()
    assert.match("released", refused(b.clone, b))
    assert.match("#1 to 'buffer' %(the buffer is released",
                 refused(mems.buffer, b))
  end)
end)

describe("hexdump", function()
  before_each(function()
    pcall(mems.finish)
    mems.init()
  end)
  after_each(function() pcall(mems.finish) end)

  it("shows bytes as xxd does", function()
    local bytes = {}
    for i = 0, 40 do bytes[#bytes + 1] = string.char(i * 6 % 256) end
    local b = mems.buffer(table.concat(bytes))
    assert.equal(
      "00000000: 0006 0c12 181e 242a 3036 3c42 484e 545a  " ..
        "......$*06<BHNTZ\n" ..
      "00000010: 6066 6c72 787e 848a 9096 9ca2 a8ae b4ba  " ..
        "`flrx~..........\n" ..
      "00000020: c0c6 ccd2 d8de e4ea f0                   .........\n",
      b:hexdump())
    assert.equal("00000003: 1218                                     ..\n",
                 b:hexdump(2, 3))
    assert.equal(b:hexdump(), mems.hexdump(b:address()))
    assert.equal("", b:hexdump(0))
    assert.match("40 bytes at offset 2 run past", refused(b.hexdump, b, 40, 2))
    assert.match("never allocated", refused(mems.hexdump, 7))
  end)
end)

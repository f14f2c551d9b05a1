-- What a script may get wrong: each mistake is refused with its own message
-- and leaves the heap sound.

local mems = require "mems"
local refused = require "spec.support.misuse".refused

local UNOPENED <const> = "mems is not initialised: call mems.init()"

-- The functions that need no heap.
local FREE_STANDING <const> = { init = true, open = true, restore = true,
                                unlink = true,
                                add = true, diff = true, tointeger = true,
                                toaddress = true, struct = true }

local function before()
  pcall(mems.finish)
  mems.init()
end

local function after() pcall(mems.finish) end

describe("a call before init", function()
  before_each(function() pcall(mems.finish) end)

  it("is refused by every function that needs a heap", function()
    local count = 0
    for name, verb in pairs(mems) do
      if type(verb) == "function" and not FREE_STANDING[name] then
        assert.equal(UNOPENED, refused(verb, 1000, 1, 1, 1))
        assert.equal(UNOPENED, refused(verb))
        count = count + 1
      end
    end
    assert.is_true(count >= 24 + 72)
  end)

  it("is refused after finish as well", function()
    mems.init()
    local block = mems.malloc(8)
    mems.finish()
    assert.equal(UNOPENED, refused(mems.peek, block, "u8"))
    assert.equal(UNOPENED, refused(mems.free, block))
    assert.equal(UNOPENED, refused(mems.finish))
  end)

  it("says where it was made", function()
    local _, message = pcall(function() mems.malloc(1) end)
    assert.matches("^[^:]+misuse_spec.lua:%d+: mems is not initialised",
                   message)
  end)
end)

describe("a call after heap:close()", function()
  it("is refused by every method", function()
    local heap = mems.open()
    heap:close()
    for name, verb in pairs(debug.getmetatable(heap)) do
      if type(verb) == "function" and not name:find("^__")
         and not FREE_STANDING[name] and name ~= "close" then
        assert.equal("the heap is closed", refused(verb, heap, 1000, 1, 1))
      end
    end
  end)
end)

describe("init", function()
  before_each(function() pcall(mems.finish) end)
  after_each(after)

  it("does nothing the second time, and refuses options then", function()
    mems.init()
    local block = mems.malloc(8)
    assert.is_true(mems.init())
    assert.equal("mems is already initialised", refused(mems.init, {}))
    assert.equal("mems is already initialised",
                 refused(mems.init, { limit = 1 << 20 }))
    assert.equal(8, mems.size(block))
  end)

  it("refuses an unknown option", function()
    assert.equal("bad argument #1 to 'init' (unknown option \"size\")",
                 refused(mems.init, { size = 1 }))
    assert.equal("bad argument #1 to 'open' (unknown option 1)",
                 refused(mems.open, { 4096 }))
    assert.equal("bad argument #1 to 'open' (unknown option \"Limit\")",
                 refused(mems.open, { Limit = 4096 }))
    assert.equal("bad argument #1 to 'init' (a table of options expected, " ..
                 "got 4096)", refused(mems.init, 4096))
  end)

  it("refuses an option out of its range", function()
    local big, last = "4611686018427387904", "9223372036854775800"
    for shown, options in pairs {
      ["'limit' has to be an integer from 4096 to " .. big .. ", got 4095"] =
        { limit = 4095 },
      ["'limit' has to be an integer from 4096 to " .. big .. ", got -1"] =
        { limit = -1 },
      ["'limit' has to be an integer from 4096 to " .. big .. ", got 0"] =
        { limit = 0 },
      ["'limit' has to be an integer from 4096 to " .. big .. ", got 1e+20"] =
        { limit = 1e20 },
      ["'limit' has to be an integer from 4096 to " .. big .. ', got "4096"'] =
        { limit = "4096" },
      ["'base' has to be a multiple of 8 from 8 to " .. last .. ", got 1001"] =
        { base = 1001 },
      ["'base' has to be a multiple of 8 from 8 to " .. last .. ", got 0"] =
        { base = 0 },
      ["'base' has to be a multiple of 8 from 8 to " .. last .. ", got true"] =
        { base = true },
      ["'page' has to be a multiple of 4096 from 4096 to 1073741824, got " ..
       "1000"] = { page = 1000 },
      ["'page' has to be a multiple of 4096 from 4096 to 1073741824, got " ..
       "2147483648"] = { page = 1 << 31 },
      ["'align' has to be a power of two from 8 to 2097152, got 24"] =
        { align = 24 },
      ["'align' has to be a power of two from 8 to 2097152, got " ..
       "4194304"] = { align = 1 << 22 },
      ["'align' has to be a power of two from 8 to 2097152, got 4"] =
        { align = 4 },
      ["'align' has to be a power of two from 8 to 2097152, got 16.5"] =
        { align = 16.5 },
      ["'quarantine' has to be an integer from 0 to " .. big .. ", got -1"] =
        { quarantine = -1 },
      ["'fill' has to be true or false, got 1"] = { fill = 1 },
    } do
      assert.equal("bad argument #1 to 'init' (option " .. shown .. ")",
                   refused(mems.init, options))
      assert.equal("bad argument #1 to 'open' (option " .. shown .. ")",
                   refused(mems.open, options))
    end
    assert.equal(UNOPENED, refused(mems.stats))
  end)
end)

describe("malloc", function()
  before_each(before)
  after_each(after)

  it("refuses what is no size", function()
    local start = "bad argument #1 to 'malloc' (size has to be "
    assert.equal(start .. "at least 1, got 0)", refused(mems.malloc, 0))
    assert.equal(start .. "at least 1, got -1)", refused(mems.malloc, -1))
    assert.equal(start .. "at least 1, got " .. math.mininteger .. ")",
                 refused(mems.malloc, math.mininteger))
    assert.equal(start .. "an integer, got 1.5)", refused(mems.malloc, 1.5))
    assert.equal(start .. 'an integer, got "x")', refused(mems.malloc, "x"))
    assert.equal(start .. "an integer, got nil)", refused(mems.malloc, nil))
    assert.equal(start .. "an integer, got no value)", refused(mems.malloc))
    assert.equal(start .. "an integer, got 1e+20)", refused(mems.malloc, 1e20))
    assert.equal(0, mems.stats().mallocs)
  end)

  it("refuses what is no alignment", function()
    local start = "bad argument #2 to 'malloc' (align has to be "
    assert.equal(start .. "a power of two up to 2097152, got 3)",
                 refused(mems.malloc, 8, 3))
    assert.equal(start .. "a power of two up to 2097152, got 4194304)",
                 refused(mems.malloc, 8, 1 << 22))
    assert.equal(start .. "at least 1, got 0)", refused(mems.malloc, 8, 0))
    assert.equal(start .. 'an integer, got "page")',
                 refused(mems.malloc, 8, "page"))
  end)
end)

describe("free", function()
  before_each(before)
  after_each(after)

  it("refuses what is no address", function()
    local start = "bad argument #1 to 'free' (address expected, got "
    assert.equal(start .. "nil)", refused(mems.free, nil))
    assert.equal(start .. "no value)", refused(mems.free))
    assert.equal(start .. '"1000")', refused(mems.free, "1000"))
    assert.equal(start .. "1.5)", refused(mems.free, 1.5))
    assert.equal(start .. "a table)", refused(mems.free, {}))
  end)

  it("refuses an address that was never allocated", function()
    mems.malloc(8)
    for _, addr in ipairs { 0, 1, 999, -1, 1 << 40, math.maxinteger,
                            math.mininteger } do
      local message = "bad argument #1 to 'free' (address " .. addr ..
        " was never allocated)"
      assert.equal(message, refused(mems.free, addr))
      assert.equal(message, refused(mems.free, mems.toaddress(addr)))
    end
  end)

  it("refuses an address inside a block, and names the block", function()
    mems.malloc(13)
    for _, offset in ipairs { 1, 4, 8, 12, 15 } do
      assert.equal("bad argument #1 to 'free' (address " .. 1000 + offset ..
                   " is inside block 1000 of 13 bytes, not at its start)",
                   refused(mems.free, 1000 + offset))
    end
  end)

  it("refuses a block that is free already", function()
    local block = mems.malloc(100)
    mems.malloc(8)
    mems.free(block)
    local message = "bad argument #1 to 'free' (address 1000 is free already)"
    assert.equal(message, refused(mems.free, block))
    assert.equal(message, refused(mems.free, 1000))
    assert.equal("bad argument #1 to 'free' (address 1050 is free already)",
                 refused(mems.free, 1050))
  end)

  it("refuses a physical address, and names the virtual one", function()
    local physical = mems.get(mems.malloc(100))
    assert.equal("bad argument #1 to 'free' (" .. mems.tointeger(physical) ..
                 " is a physical address, of 1000)",
                 refused(mems.free, physical))
  end)
end)

describe("realloc", function()
  before_each(before)
  after_each(after)

  it("refuses a bad address", function()
    local block = mems.malloc(100)
    assert.equal("bad argument #1 to 'realloc' (address 1004 is inside " ..
                 "block 1000 of 100 bytes, not at its start)",
                 refused(mems.realloc, 1004, 10))
    assert.equal("bad argument #1 to 'realloc' (address 0 was never " ..
                 "allocated)", refused(mems.realloc, 0, 10))
    assert.equal("bad argument #1 to 'realloc' (address expected, got no " ..
                 "value)", refused(mems.realloc))
    mems.free(block)
    assert.equal("bad argument #1 to 'realloc' (address 1000 is free already)",
                 refused(mems.realloc, block, 10))
  end)

  it("refuses a bad size, and leaves the block whole", function()
    local block = mems.malloc(100)
    assert.equal("bad argument #2 to 'realloc' (size has to be at least 1, " ..
                 "got 0)", refused(mems.realloc, block, 0))
    assert.equal("bad argument #2 to 'realloc' (size has to be an integer, " ..
                 "got no value)", refused(mems.realloc, block))
    assert.equal(100, mems.size(block))
  end)
end)

describe("a freed block", function()
  before_each(before)
  after_each(after)

  it("is refused by size, peek and poke; get gives nil", function()
    local block = mems.malloc(100)
    mems.malloc(8)
    mems.free(block)
    local hole = "is not allocated: it lies in the hole 1000 of 104 bytes"
    assert.equal("bad argument #1 to 'size' (address 1000 is free already)",
                 refused(mems.size, block))
    assert.equal("bad argument #1 to 'peek' (address 1000+4 " .. hole .. ")",
                 refused(mems.peek, block, "i32"))
    assert.equal("bad argument #1 to 'poke' (address 1000+1 " .. hole .. ")",
                 refused(mems.poke, block, "u8", 1))
    assert.same({ nil, "address 1000 " .. hole, mems.EFREED },
                { mems.get(block) })
  end)

  it("is refused by its physical address as well", function()
    local block = mems.malloc(100)
    local physical = mems.get(block)
    mems.free(block)
    assert.equal("bad argument #1 to 'peek' (address " ..
                 mems.tointeger(physical) .. "+4 was never allocated)",
                 refused(mems.peek, physical, "i32"))
  end)
end)

describe("size", function()
  before_each(before)
  after_each(after)

  it("refuses all but the start of a block", function()
    mems.malloc(100)
    assert.equal("bad argument #1 to 'size' (address 1001 is inside block " ..
                 "1000 of 100 bytes, not at its start)",
                 refused(mems.size, 1001))
    assert.equal("bad argument #1 to 'size' (address 999 was never allocated)",
                 refused(mems.size, 999))
    assert.equal("bad argument #1 to 'size' (address expected, got nil)",
                 refused(mems.size, nil))
  end)
end)

describe("a read or a write", function()
  local block

  before_each(function()
    before()
    block = mems.malloc(1005)
    mems.malloc(16)
  end)
  after_each(after)

  local function both(message, addr, type, offset)
    assert.equal("bad argument #1 to 'peek' (" .. message .. ")",
                 refused(mems.peek, addr, type, offset))
    assert.equal("bad argument #1 to 'poke' (" .. message .. ")",
                 refused(mems.poke, addr, type, 0, offset))
  end

  it("is refused one byte past the end", function()
    local past = "runs past the end of block 1000 of 1005 bytes"
    both("address 2005+1 " .. past, block, "u8", 1005)
    both("address 2005+1 " .. past, 2005, "u8")
    both("address 2004+4 " .. past, 2004, "i32")
    both("address 1998+8 " .. past, block, "f64", 998)
    both("address 2007+1 " .. past, 2007, "u8")
  end)

  it("is refused before the start", function()
    both("address 999+1 was never allocated", 999, "u8")
    both("address 996+4 was never allocated", mems.add(block, -4), "i32")
    both("address 997+4 was never allocated", mems.add(block, -3), "i32")
  end)

  it("is refused across two blocks", function()
    local a, b = mems.malloc(16), mems.malloc(16)
    assert.equal(16, mems.diff(b, a))
    both("address " .. mems.tointeger(a) + 12 .. "+8 runs past the end of " ..
         "block " .. mems.tointeger(a) .. " of 16 bytes",
         mems.add(a, 12), "i64")
  end)

  it("is refused in another block than its address, by any offset", function()
    both("address 2008+4 runs past the end of block 1000 of 1005 bytes",
         block, "i32", 1008)
    assert.equal(0, mems.peek(mems.calloc(1, 16), "i32"))
  end)

  it("is refused with a negative offset", function()
    for _, offset in ipairs { -1, -4, math.mininteger } do
      local message = "(offset has to be at least 0, got " .. offset .. ")"
      assert.equal("bad argument #3 to 'peek' " .. message,
                   refused(mems.peek, 1500, "u8", offset))
      assert.equal("bad argument #4 to 'poke' " .. message,
                   refused(mems.poke, 1500, "u8", 0, offset))
    end
  end)

  it("is refused with an offset that overflows 64 bits", function()
    both("address 1000 with offset 9223372036854775807 runs past the end " ..
         "of block 1000 of 1005 bytes", block, "i32", math.maxinteger)
    both("address 1000 with offset 9223372036854775800 runs past the end " ..
         "of block 1000 of 1005 bytes", block, "i64", math.maxinteger - 7)
    both("address -1+8 was never allocated", -1, "i64")
    both("address " .. math.maxinteger .. "+8 was never allocated",
         math.maxinteger, "i64")
  end)

  it("is refused with an offset that is no integer", function()
    assert.equal("bad argument #3 to 'peek' (offset has to be an integer, " ..
                 "got 1.5)", refused(mems.peek, block, "u8", 1.5))
    assert.equal("bad argument #3 to 'peek' (offset has to be an integer, " ..
                 "got a table)", refused(mems.peek, block, "u8", {}))
  end)

  it("is refused without an address", function()
    for shown, value in pairs { ["a table"] = {}, ['"1000"'] = "1000",
                                ["false"] = false, ["a FILE*"] = io.stdout } do
      both("address expected, got " .. shown, value, "u8")
    end
    both("address expected, got nil", nil, "u8")
  end)

  it("is refused at a pointer of other C code", function()
    local stranger = string.format("%p", {})
    both("address " .. math.tointeger(tonumber(stranger)) .. "+4 was never " ..
         "allocated", math.tointeger(tonumber(stranger)), "i32")
  end)
end)

describe("an object that has an __address", function()
  local file, metatable

  before_each(function()
    before()
    file = io.tmpfile()
    metatable = debug.getmetatable(file)
  end)
  after_each(function()
    debug.setmetatable(file, metatable)
    file:close()
    after()
  end)

  -- The userdata with a metatable of ours.
  local function object(address)
    debug.setmetatable(file, { __address = address })
    return file
  end

  it("stands for it wherever bytes are read or written", function()
    local block, other = mems.malloc(64), mems.calloc(1, 64)
    local function it() return object(function() return block end) end
    mems.poke(it(), "i32", 77, 4)
    assert.equal(77, mems.peek(it(), "i32", 4))
    mems.poke_u8(it(), 7)
    assert.equal(7, mems.peek_u8(it()))
    mems.writestring(it(), "hello\0")
    assert.equal("hello", mems.readstring(it(), 5))
    assert.equal("hello", mems.cstring(it()))
    assert.equal("hel", mems.cstring(it(), 3))
    assert.equal(mems.add(block, 2), mems.find(it(), 10, "l"))
    mems.copy(other, it(), 6)
    assert.equal(0, mems.compare(it(), other, 6))
    assert.equal(2, mems.pokearray(it(), "u16", { 1, 2 }))
    assert.same({ 1, 2 }, mems.peekarray(it(), "u16", 2))
    local next_one = mems.pack(it(), "zi4", "x", 5)
    assert.equal(mems.add(block, 6), next_one)
    assert.same({ "x", 5, next_one }, { mems.unpack(it(), "zi4") })
    mems.fill(it(), 0, 64)
    assert.equal(0, mems.peek(block, "u64"))
  end)

  it("is told whose address is wanted", function()
    local heap <close> = mems.open()
    local block, asked = heap:malloc(8), nil
    local it = object(function(_, whose)
      asked = whose
      return block
    end)
    heap:poke(it, "i32", 3)
    assert.equal(heap, asked)
    assert.equal("bad argument #1 to 'peek' (address " ..
                 mems.tointeger(block) .. "+4 was never allocated)",
                 refused(mems.peek, it, "i32"))
    assert.matches("^mems.heap", tostring(asked))
    assert.not_equal(heap, asked)
  end)

  it("is refused if that is no address of a block", function()
    mems.malloc(8)
    assert.equal("bad argument #1 to 'peek' (address expected, got nil)",
                 refused(mems.peek, object(function() end), "u8"))
    assert.equal("bad argument #1 to 'peek' (address 7+1 was never allocated)",
                 refused(mems.peek, object(function() return 7 end), "u8"))
    assert.equal("bad argument #1 to 'free' (address expected, got a " ..
                 "userdata)", refused(mems.free, object(function()
                                        return 1000
                                      end)))
  end)

  it("may close the heap: then the call is refused", function()
    mems.malloc(8)
    assert.equal(UNOPENED, refused(mems.peek, object(function()
      mems.finish()
      return 1000
    end), "u8"))
    mems.init()
    local block = mems.malloc(8)
    assert.equal(UNOPENED, refused(mems.copy, block, object(function()
      mems.finish()
      return block
    end), 8))
  end)

  it("may raise", function()
    assert.equal("dead", refused(mems.peek, object(function()
      error("dead", 0)
    end), "u8"))
  end)
end)

describe("a message", function()
  before_each(before)
  after_each(after)

  it("names the function and the place of the call", function()
    local alias = mems.peek
    local _, message = pcall(function() return (alias(7, "u8")) end)
    assert.matches("misuse_spec.lua:%d+: bad argument #1 to 'peek' " ..
                   "%(address 7%+1 was never allocated%)$", message)
  end)
end)

-- Two libraries in one script that know nothing of each other agree; what is
-- not understood is refused, wherever it stands.

local mems = require "mems"
local refused = require "spec.support.misuse".refused

describe("the default heap", function()
  before_each(function() pcall(mems.finish) end)
  after_each(function() pcall(mems.finish) end)

  it("may be opened by each who needs it", function()
    assert.is_true(mems.init())
    local block = mems.malloc(10)
    assert.is_true(mems.init())
    assert.equal(10, mems.size(block))
    assert.matches("already", refused(mems.init, { limit = 1 << 20 }))
    assert.equal(10, mems.size(block))
  end)

  it("that a finalizer opens while options are read is not lost", function()
    local other
    local options = setmetatable({}, { __index = function(_, name)
      if name == "limit" and not other and pcall(mems.init) then
        other = mems.buffer("here")
      end
    end })
    pcall(mems.init, options)
    if other then assert.equal("here", other:readstring(4)) end
    assert.is_true(mems.check())
  end)

  it("is not opened by halves when an option is refused", function()
    assert.is_false((pcall(mems.init, { limit = 1 << 20, fill = "yes" })))
    assert.is_false((pcall(mems.stats)))
    assert.is_true(mems.init())
  end)
end)

describe("a type of struct", function()
  local Point

  before_each(function()
    pcall(mems.finish)
    Point = mems.struct { { "x", "f64" }, { "y", "f64" } } -- no heap is open
  end)
  after_each(function() pcall(mems.finish) end)

  it("serves any heap", function()
    assert.is_true(mems.init())
    local heap <close> = assert(mems.open())
    local array = heap:array(Point, 3)
    assert.equal(3, #array)
    array[2].y = 1.5
    assert.equal(48, heap:stats().requested)
    assert.equal(0, mems.stats().processes)
    assert.equal(2, #mems.array(Point, 2))
    assert.equal(1, #heap:scope():array(Point, 1))
  end)

  it("serves as a part of another, on any heap", function()
    local heap <close> = assert(mems.open())
    local Line = mems.struct { { "from", Point }, { "n", "i32" } }
    local Own = heap:struct { { "to", Point, 2 }, { "line", Line } }
    local array = heap:array(Line, 2)
    array[2].from.y = 2.5
    assert.equal(2.5, array[2].from.y)
    assert.equal(Line.size + 2 * Point.size, Own.size)
    local one = Own:new()
    one.to[2].x = 7
    assert.equal(7, one.to[2].x)
  end)

  it("outlives the heap that it was made with", function()
    local Own
    do
      local heap <close> = assert(mems.open())
      Own = heap:struct { { "x", "i32" } }
    end
    local other <close> = assert(mems.open())
    assert.equal(4, #other:array(Own, 4))
  end)
end)

describe("what is not understood is refused:", function()
  before_each(function()
    pcall(mems.finish)
    mems.init()
  end)
  after_each(function() pcall(mems.finish) end)

  it("a key of a field", function()
    for _, key in ipairs { "alignn", "default", "count", "endian", "any" } do
      assert.matches(key,
        refused(mems.struct, { { "a", "u8", [key] = 16 } }), 1, true)
    end
    for _, key in ipairs { 2.5, true, print } do
      assert.is_string(refused(mems.struct, { { "a", "u8", [key] = 16 } }))
    end
  end)

  it("a key of a definition", function()
    assert.matches("layuot",
      refused(mems.struct, { { "a", "u8" }, layuot = "packed" }))
  end)

  it("an argument too many for an array", function()
    assert.is_string(refused(mems.array, "f64", 3, {}))
  end)

  it("a name that a buffer has not", function()
    local b = mems.buffer(16)
    for _, name in ipairs { "lenght", "peek_u25" } do
      assert.matches(name, refused(function() return b[name] end))
    end
    assert.is_string(refused(function() return b[1] end))
    assert.is_string(refused(function() return b[{}] end))
    assert.is_string(refused(function() b.x = 1 end))
  end)

  it("a name that a type has not; its offsets are only read", function()
    local S = mems.struct { { "a", "u8" }, { "b", "u32" } }
    assert.matches("sise", refused(function() return S.sise end))
    assert.is_string(refused(function() S.offsets.b = 7 end))
    assert.is_string(refused(function() S.size = 7 end))
    assert.equal(4, S.offsets.b)
    assert.equal(8, S.size)
  end)

  it("a string as an index, whatever it looks like", function()
    local a = mems.array("u8", 4)
    assert.is_string(refused(function() a["1"] = 2 end))
    assert.is_string(refused(function() return a["1"] end))
    assert.equal(0, a[1])
  end)
end)

describe("a metatable", function()
  it("of anything the module makes is not a script's to change", function()
    mems.init()
    local heap <close> = assert(mems.open())
    local S = mems.struct { { "x", "u8" } }
    for _, object in ipairs { heap, S, S:new(), mems.buffer(1),
                              mems.array("u8", 1) } do
      local seen = getmetatable(object)
      assert.is_true(type(seen) ~= "table" or seen ~=
        debug.getmetatable(object), tostring(object))
    end
    mems.finish()
  end)
end)

-- The doc comments: what is made from them is made from what they say now, and
-- what they say is there is there.

local mems = require "mems"
local doc = dofile ".ci/doc.lua"
local shell = require "spec.support.shell"

describe("library/mems.lua #style", function()
  it("is what .ci/types.lua makes of the doc comments: make generate",
    function()
      local made, complained = shell.run("lua5.4 .ci/types.lua")
      assert.equal("", complained)
      assert.equal(made, shell.read("library/mems.lua"))
    end)

  it("is a Lua file whose functions do nothing", function()
    local types = assert(loadfile("library/mems.lua"))()
    assert.is_function(types.malloc)
    assert.is_nil(types.malloc(1))
  end)

  it("gives functions their parameters, results and own methods", function()
    local text = shell.read("library/mems.lua")
    for _, line in ipairs {
      "function mems.malloc(size, align) end",
      "function heap:malloc(size, align) end",
      "function buffer:peek(type, offset) end",
      "function buffer:copy(src, n, offset, source_offset) end",
      "function structtype:new(values) end",
      "---@field peek_u16be fun(addr: mems.memory, offset?: integer): integer",
      "---@field poke_f32 fun(self: mems.heap, addr: mems.memory, " ..
        "value: number, offset?: integer)",
      "---@param what integer|string|mems.object bytes, all zero; or what " ..
        "is to be in them: an object may be one of another heap",
      "---@field limit? integer the most bytes its nodes may map (64 GiB)",
    } do
      assert.is_truthy(text:find("\n" .. line .. "\n", 1, true), line)
    end
  end)
end)

describe("what the doc comments name", function()
  local heap, one

  setup(function()
    heap = assert(mems.open())
    local S = heap:struct { { "x", "f32" } }
    one = {
      heap = heap, buffer = heap:buffer(1), object = heap:buffer(1),
      array = heap:array("u8", 1), scope = heap:scope(), struct = S:new(),
      structtype = S, stream = heap:buffer(1):stream(),
    }
  end)

  teardown(function() heap:close() end)

  it("is there", function()
    for _, item in ipairs(doc.items()) do
      local class = item.class
      for _, line in ipairs(item.luals) do
        class = line:match("^class (%l+)$") or class
      end
      local owner = class and one[class] or mems
      local verb = item.verb:gsub("TYPE$", "u8")
      if item.kind == "function" then
        assert.is_function(owner[verb], item.name)
      end
    end
  end)

  it("are the fields that stats gives", function()
    local fields, given = {}, {}
    for _, item in ipairs(doc.items()) do
      for _, p in ipairs(item.name == "statistics" and item.params or {}) do
        fields[#fields + 1] = p.name
      end
    end
    for name in pairs(heap:stats()) do given[#given + 1] = name end
    table.sort(fields)
    table.sort(given)
    assert.same(given, fields)
  end)

  it("are the options that open takes", function()
    for _, item in ipairs(doc.items()) do
      for _, p in ipairs(item.name == "options" and item.params or {}) do
        local ok, message = pcall(mems.open, { [p.name] = {} })
        assert.is_false(ok)
        assert.not_match("unknown", message)
      end
    end
  end)
end)

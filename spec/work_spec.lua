-- What a call costs grows with what it does, not with what else there is.

local instructions = require "spec.support.instructions"
local shell = require "spec.support.shell"

describe("the work of a call", function()
  if not instructions.counted then
    return pending("is counted by valgrind, which is not installed")
  elseif shell.scaled(100) < 100 or os.getenv("LD_PRELOAD") then
    return pending("is counted in the ordinary build")
  end

  -- A call with a table of `keys` keys beside its 3 elements.
  local function beside(keys, call)
    return ([[
      local mems = require "mems"
      mems.init()
      local values, block = { 1, 2, 3 }, mems.malloc(100)
      for i = 1, %d do values["k" .. i] = i end
      local array = mems.array("i32", 3)
      function call() %s end
    ]]):format(keys, call)
  end

  for name, call in pairs {
    pokearray = "mems.pokearray(block, 'i32', values)",
    ["a copy into an array"] = "array:copy(values)",
  } do
    it("in " .. name .. " is by the elements, not by other keys", function()
      local few, many = table.unpack(instructions.per_call(
        { beside(500, call), beside(5000, call) }, 200))
      assert.is_true(many < 1.5 * few + 1000,
        ("%.0f instructions beside 5000 keys, %.0f beside 500"):format(many,
          few))
    end)
  end

  it("in struct is by the number of names, however long they are", function()
    local function for_names(count)
      return ([[
        local mems = require "mems"
        local fields = {}
        for i = 1, %d do
          fields[i] = { ("a name of more than forty characters "):rep(2) .. i,
                        "u32" }
        end
        function call() mems.struct(fields) end
      ]]):format(count)
    end
    local few, many = table.unpack(instructions.per_call(
      { for_names(200), for_names(1000) }, 4))
    assert.is_true(many < 8 * few,
      ("%.0f instructions for 1000 names, %.0f for 200"):format(many, few))
  end)
end)

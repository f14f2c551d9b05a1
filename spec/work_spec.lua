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

  -- Takes blocks of mixed sizes and frees them, the last one first.
  local function in_batches(of, options, before)
    return ([[
      local mems = require "mems"
      local heap, blocks = assert(mems.open(%s)), {}
      local function batch(count)
        for i = 1, count do blocks[i] = heap:malloc(16 + i * 7919 %% 241) end
        for i = count, 1, -1 do heap:free(blocks[i]) end
      end
      %s
      for _ = 1, 20 do batch(%d) end
      function call() batch(%d) end
    ]]):format(options or "", before or "", of, of)
  end

  it("of a batch is the same after a larger one", function()
    local fresh, after = table.unpack(instructions.per_call(
      { in_batches(600), in_batches(600, nil, "batch(6000)") }, 20))
    assert.is_true(after < 1.03 * fresh,
      ("%.0f instructions, %.0f without"):format(after, fresh))
  end)

  it("is a third more at most where blocks are filled", function()
    local plain, filled = table.unpack(instructions.per_call(
      { in_batches(100), in_batches(100, "{ fill = true }") }, 20))
    assert.is_true(filled < 1.33 * plain,
      ("%.0f instructions, %.0f without"):format(filled, plain))
  end)

  it("is not much more where all blocks are aligned to a page", function()
    local function replacing(align)
      return ([[
        local mems = require "mems"
        local heap, blocks = assert(mems.open()), {}
        local function replace()
          local i = math.random(1000)
          if blocks[i] then heap:free(blocks[i]) end
          blocks[i] = heap:malloc(16 + i %% 241, %s)
        end
        math.randomseed(1)
        for _ = 1, 10000 do replace() end
        function call() for _ = 1, 100 do replace() end end
      ]]):format(align)
    end
    local plain, aligned = table.unpack(instructions.per_call(
      { replacing "nil", replacing "4096" }, 20))
    assert.is_true(aligned < 1.25 * plain,
      ("%.0f instructions, %.0f without"):format(aligned, plain))
  end)
end)

-- Writes to memory that is nobody's, by code that has a pointer: a heap that
-- fills finds them. The pointer here is one that a host program would have.

local inside = require "spec.support.inside"
local shell = require "spec.support.shell"

describe("damage", function()
  if not inside.built then return pending("needs the probes: `make test`") end

  local mems, probe, leave
  setup(function() mems, probe, leave = inside.enter() end)
  teardown(function() leave() end)

  -- Writes a byte through a pointer, which no check sees.
  local function scribble(heap, addr, offset, byte)
    probe.scribble(heap, heap:tointeger(addr) + offset, byte)
  end

  local function refused(f, ...)
    local ok, message = pcall(f, ...)
    assert.is_false(ok, "nothing was raised")
    return tostring(message)
  end

  local function open(options)
    options.fill = true
    return assert(mems.open(options))
  end

  -- Blocks of all kinds: of runs, of the chain, large ones.
  local SIZES <const> = { 5, 24, 100, 4096, 70001, 262144 }

  for _, size in ipairs(SIZES) do
    it(("behind the end of %d bytes is told by free"):format(size), function()
      local heap <close> = open { trace = true }
      for _ = 1, 50 do heap:malloc(size) end
      local p = heap:malloc(size)
      scribble(heap, p, size, 0)
      local message = refused(heap.free, heap, p)
      assert.match(("block %d of %d bytes allocated at spec/damage_spec.lua:"
        .. "%%d+ was written to behind its end, at offset %d$")
        :format(heap:tointeger(p), size, size), message)
      assert.match("already", refused(heap.free, heap, p)) -- it was freed
      assert.is_true(heap:check())
    end)

    it(("behind the end of %d bytes is told by check"):format(size), function()
      local heap <close> = open {}
      local p = heap:malloc(size)
      scribble(heap, p, size, 0xAA)
      assert.match("at offset " .. size, refused(heap.check, heap))
      assert.match("at offset " .. size, refused(heap.check, heap))
      assert.match("at offset " .. size, refused(heap.free, heap, p))
      assert.is_true(heap:check())
    end)

    it(("in %d bytes that wait is told when they leave"):format(size),
      function()
        local heap <close> = open { trace = true, quarantine = 4 << 20 }
        local p = heap:malloc(size)
        heap:free(p)
        scribble(heap, p, size // 2, 0)
        local pattern = ("block %d, which was freed at spec/damage_spec.lua:"
          .. "%%d+, allocated at spec/damage_spec.lua:%%d+, was written to "
          .. "after that, at offset %d$"):format(heap:tointeger(p), size // 2)
        assert.match(pattern, refused(heap.check, heap))
        local message
        for _ = 1, 200 do
          local q = heap:malloc(100000)
          local ok, raised = pcall(heap.free, heap, q)
          if not ok then message = raised break end
        end
        assert.match(pattern, message)
        assert.is_true(heap:check())
      end)

    it(("in %d bytes that are free is told when they are used again%s")
      :format(size, size > 70000 and " #limits" or ""), function()
        local heap <close> = open {}
        local list = {}
        for i = 1, 40 do list[i] = heap:malloc(size) end
        for i = 2, 40, 2 do heap:free(list[i]) end
        scribble(heap, list[20], size // 2, 0)
        assert.match("free memory was written to", refused(heap.check, heap))
        local told, before = 0, heap:stats "processes"
        for _ = 1, 200 do
          local ok, message = pcall(heap.malloc, heap, size)
          if ok then before = before + 1
          else
            told = told + 1
            assert.match("free memory was written to, at offset %d+ from",
                         message)
          end
        end
        assert.equal(1, told)
        assert.equal(before, heap:stats "processes")
        assert.is_true(heap:check())
      end)
  end

  it("behind the end is told by realloc that leaves a block where it is",
    function()
      local heap <close> = open {}
      local p = heap:malloc(100)
      heap:malloc(10)
      scribble(heap, p, 101, 7)
      assert.match("at offset 101", refused(heap.realloc, heap, p, 103))
      assert.equal(103, heap:size(p))
      scribble(heap, p, 103, 7)
      local q = heap:realloc(p, 5000)
      assert.not_equal(p, q)
      assert.match("at offset 103", refused(heap.free, heap, q))
      assert.is_true(heap:check())
    end)

  it("is told by the end of a heap", function()
    local heap = open { quarantine = 1000 }
    local p = heap:malloc(100)
    heap:free(p)
    scribble(heap, p, 99, 0)
    assert.match("at offset 99", refused(heap.close, heap))
    assert.match("closed", tostring(heap))
    assert.equal(0, (heap:close()))
  end)

  it("of what an object owned is told by its release", function()
    local heap <close> = open {}
    local b = heap:buffer(10)
    scribble(heap, b:address(), 10, 0)
    assert.match("written to behind its end, at offset 10",
                 refused(b.release, b))
    assert.match("is released", refused(b.readstring, b))
  end)

  it("is handed to a function, and the call goes on", function()
    local reports = {}
    local heap <close> = open { trace = true, quarantine = 1000,
      damage = function(report) reports[#reports + 1] = report end }
    local p, q = heap:malloc(10), heap:malloc(20)
    scribble(heap, p, 11, 0)
    heap:free(p)
    heap:free(q)
    scribble(heap, q, 3, 0)
    assert.is_true(heap:check())
    assert.equal(2, #reports)
    local first, second = reports[1], reports[2]
    assert.same({ "behind", p, 11, 10 },
                { first.what, first.block, first.offset, first.size })
    assert.match("spec/damage_spec.lua:%d+", first.allocated)
    assert.match("^block %d+ of 10 bytes allocated at", first.message)
    assert.same({ "freed", q, 3, 20 },
                { second.what, second.block, second.offset, second.size })
    assert.match("spec/damage_spec.lua:%d+", second.freed)
  end)

  it("is handed to a function of a heap that is collected all the same",
    function()
      local gone = setmetatable({}, { __mode = "k" })
      do
        local heap = open { damage = function() end }
        gone[heap] = true
      end
      collectgarbage()
      collectgarbage()
      assert.is_nil(next(gone))
    end)

  it("ends the process, if it is asked to", function()
    local _, complained, code = shell.run(([[
      LUA_CPATH_5_4='build/test/?.so' lua5.4 -e '
      local mems = require "mems.core"
      local probe = package.loadlib("%s", "luaopen_mems_probe")()
      local heap = mems.open { fill = true, damage = "abort" }
      local p = heap:malloc(10)
      probe.scribble(heap, heap:tointeger(p) + 10, 0)
      heap:free(p)']]):format "build/test/mems/core.so")
    assert.not_equal(0, code)
    assert.match("mems: damage at offset 10 of block %d+", complained)
  end)

  it("is none in a heap that lives, whatever is called", function()
    for _, options in ipairs {
      {}, { quarantine = 1 << 14 }, { quarantine = 1 << 20, align = 64 },
      { random = true, quarantine = 1 << 12 },
    } do
      local heap <close> = open(options)
      local live, random = {}, math.random
      for i = 1, shell.scaled(20000) do
        local k = random(200)
        local most = random(20) == 1 and 400000 or 2000
        if not live[k] then
          local n = random(most)
          live[k] = random(2) == 1 and heap:calloc(1, n) or
            heap:malloc(n, random(3) == 1 and 64 or nil)
        elseif random(4) == 1 then
          live[k] = heap:realloc(live[k], random(most))
        else
          heap:free(live[k])
          live[k] = nil
        end
        if live[k] then heap:fill(live[k], random(255), heap:size(live[k])) end
        if i % 5000 == 0 then
          heap:check()
          heap:trim()
        end
      end
      assert.is_true(heap:check())
      heap:reset()
      assert.is_true(heap:check())
    end
  end)

  it("is no reason for calloc to give what is not zero", function()
    local heap <close> = open {}
    local p = heap:malloc(20 << 20)
    heap:malloc(100)
    heap:free(p)
    local q = heap:calloc(1, 20 << 20)
    assert.equal(p, q)
    for offset = 0, (20 << 20) - 8, 4096 do
      assert.equal(0, heap:peek_i64(q, offset))
    end
  end)

  it("options are refused unless they are ones", function()
    assert.match("option 'damage' has to be \"error\", \"abort\" or a \z
                  function, got 5", refused(mems.open, { damage = 5 }))
    assert.match("option 'random' has to be true or false, got 1",
                 refused(mems.open, { random = 1 }))
  end)
end)

describe("a heap with random = true", function()
  local mems = require "mems"

  -- The addresses of `count` blocks of a fresh heap, from the first on.
  local function addresses(count, options)
    local heap <close> = mems.open(options)
    local list = {}
    for i = 1, count do
      list[i] = heap:tointeger(heap:malloc(40)) - heap:stats "base"
    end
    heap:check()
    return list
  end

  it("draws the slots of runs, each time others", function()
    local usual = addresses(3000)
    assert.same(usual, addresses(3000))
    local a, b = addresses(3000, { random = true }),
      addresses(3000, { random = true })
    local same, rising = 0, 0
    for i = 1001, 3000 do
      if a[i] == b[i] then same = same + 1 end
      if a[i] == a[i - 1] + 40 then rising = rising + 1 end
    end
    assert.is_true(same < 500, same)
    assert.is_true(rising < 500, rising)
  end)

  it("does not hand out at once what was freed last #limits", function()
    local heap <close> = mems.open { random = true }
    local list = {}
    for i = 1, 3000 do list[i] = heap:malloc(40) end
    for i = 1, 3000, 3 do heap:free(list[i]) end
    local again = 0
    for i = 2, 3000, 3 do
      heap:free(list[i])
      local p = heap:malloc(40)
      if p == list[i] then again = again + 1 end
      list[i] = p
    end
    assert.is_true(again < 200, again)
    assert.is_true(heap:check())
  end)
end)

describe("programs that misuse malloc", function()
  if not shell.exists "build/misuse" then
    return pending "needs `make test`"
  end

  it("are caught, all but those that only read, which read fill", function()
    local printed, complained = shell.run("build/misuse")
    assert.equal("", complained)
    assert.equal("8: 34 of 37 caught, 3 read fill\n" ..
      "4096: 34 of 37 caught, 3 read fill\n" ..
      "262144: 34 of 37 caught, 3 read fill\n", printed)
  end)
end)

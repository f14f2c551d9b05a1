-- Heaps that processes share, as scripts see them: two openings in one process
-- are as two processes, and where one has to die it is one of its own.

local mems = require "mems"
local shell = require "spec.support.shell"

local NAME <const> = "mems-spec-" .. tostring({}):match("0x(%x+)")
local PATH <const> = "/dev/shm/" .. NAME

-- The words by which the shell runs a script of this text as a process of its
-- own; it gets the name as `...`.
local function command(text)
  local script = os.tmpname()
  shell.write(script, "local mems = require 'mems'\nlocal NAME = ...\n" .. text)
  return string.format("( %s; rm %s )", shell.words(script, NAME), script)
end

local function run(text, complaint)
  local printed, complained = shell.run(command(text))
  assert.are.equal(complaint or "", complained)
  return printed
end

describe("a heap that is shared", function()
  local one, two

  before_each(function()
    one = assert(mems.open { shm = NAME, limit = 1 << 26 })
    two = assert(mems.open { shm = NAME })
  end)

  after_each(function()
    one:close()
    two:close()
    mems.unlink(NAME)
  end)

  it("has the same blocks under the same addresses for all", function()
    local p = one:malloc(100)
    one:writestring(p, "hello")
    assert.are.equal("hello", two:readstring(p, 5))
    assert.are.equal(100, two:size(p))
    two:free(p)
    assert.has_error(function() one:peek(p, "u8") end)
    assert.are.equal(one:stats("processes"), two:stats("processes"))
    one:check()
  end)

  it("is opened by another process, which sees it", function()
    local p = one:calloc(1, 8)
    one:setroot("number", one:array("i64", { 7 }))
    one:setroot("cell", p)
    assert.are.equal("7\n", (run [[
      local heap <close> = mems.open { shm = NAME, create = false }
      heap:fetch_add(heap:root("cell"), "i64", 35)
      print(heap:root("number", "i64")[1])
    ]]))
    assert.are.equal(35, one:load(p, "i64"))
  end)

  it("is not opened by one who does not share it", function()
    local heap, _, code = mems.open { path = PATH }
    assert.is_nil(heap)
    assert.are.equal(mems.EBUSY, code)
    heap = assert(mems.open { path = PATH, share = true })
    heap:close()
  end)

  it("has a name that goes and comes anew", function()
    assert.is_true(mems.unlink(NAME))
    local gone, _, code = mems.unlink(NAME)
    assert.is_nil(gone)
    assert.are.equal(2, code)
    local other <close> = assert(mems.open { shm = NAME })
    local p = one:malloc(10)
    assert.are.equal(10, two:size(p))
    assert.are.equal(0, other:stats("processes"))
  end)

  it("refuses names and options that mean nothing", function()
    for _, options in ipairs {
      { shm = "" }, { shm = "a/b" }, { shm = ".x" }, { shm = 5 }, { fd = -1 },
      { fd = 1.5 }, { fd = 0, memfd = true }, { shm = NAME, path = PATH },
      { share = true }, { memfd = 1 },
    } do
      assert.has_error(function() mems.open(options) end)
    end
    local done, why = pcall(mems.open, { path = PATH, share = true,
                                         readonly = true })
    assert.is_false(done)
    assert.matches("can't be shared to be read only", why)
    assert.has_error(function()
      mems.restore(PATH, { memfd = true })
    end)
  end)

  it("keeps back for all what one has freed", function()
    local name = NAME .. "-q"
    local a = assert(mems.open { shm = name, limit = 1 << 24,
                                 quarantine = 10000 })
    local b = assert(mems.open { shm = name })
    local p = a:malloc(100)
    b:free(p)
    for i = 1, 50 do
      local q = (i % 2 == 0 and a or b):malloc(100)
      assert.are_not.equal(p, q)
      assert.has_error(function() a:peek(p, "u8") end)
      b:free(q)
    end
    assert.are.equal(51 * 104, a:stats "quarantined")
    assert.are.equal(51 * 104, b:stats "quarantined")
    for _ = 1, 2000 do a:free(b:malloc(200)) end
    assert.is_true(a:stats "quarantined" <= 10000)
    a:check()
    local kept = b:malloc(100)
    run(([[
      local heap = mems.open { shm = %q }
      for _ = 1, 20 do heap:free(heap:malloc(1000)) end
      os.exit(0, false)
    ]]):format(name))
    a:check()
    a:close()
    b:close()
    local alone = assert(mems.open { path = "/dev/shm/" .. name })
    assert.are.equal(0, alone:stats "quarantined")
    assert.are.equal(1, alone:stats "processes")
    assert.are.equal(100, alone:size(kept))
    alone:free(kept)
    assert.are.equal(104, alone:stats "quarantined")
    alone:check()
    alone:close()
    mems.unlink(name)
  end)

  it("in a file of a descriptor is opened by those who have that", function()
    local heap <close> = assert(mems.open { memfd = true, limit = 1 << 24 })
    heap:setroot("text", heap:buffer("from afar"))
    local printed = run(string.format([[
      local heap <close> = assert(mems.open { fd = %d })
      print(heap:root("text", "buffer"):cstring(9))
    ]], heap:fd()))
    assert.are.equal("from afar\n", printed)
    local private <close> = mems.open { limit = 1 << 24 }
    assert.is_nil(private:fd())
  end)

  describe("its objects", function()
    it("are used by all through a root or an address", function()
      local fields = { { "n", "i32" }, { "next", "ptr" } }
      local S, T = one:struct(fields), two:struct(fields)
      local record = S:new { n = 5 }
      one:setroot("record", record)
      local other = two:root("record", T)
      other.n = 6
      assert.are.equal(6, record.n)
      assert.are.equal(6, T:at(record:address()).n)
    end)

    it("are gone when another process has freed their block", function()
      local a, b = one:array("i64", { 1, 2, 3 }), one:buffer("text")
      local s = one:struct({ { "n", "i32" } }):new { n = 1 }
      local part, kept = a:slice(2, 3), one:array("i64", { 9 })
      for _, object in ipairs { a, b, s } do two:free(object:address()) end
      for _, use in ipairs {
        function() return a[1] end, function() a[1] = 2 end,
        function() return a:sum() end, function() return part[1] end,
        function() return b:peek_u8(0) end, function() return s.n end,
        function() s.n = 4 end, function() a:append(5) end,
        function() return b:cstring(2) end,
      } do
        assert.has_error(use)
      end
      assert.are.equal(9, kept[1])
      collectgarbage()
      one:check()
    end)

    it("go on after other blocks came and went", function()
      local a = one:array("i64", { 1, 2, 3 })
      local sum = 0
      for i = 1, 200 do
        local p = two:malloc(i)
        sum = sum + a[1 + i % 3]
        two:free(p)
      end
      assert.are.equal(401, sum)
      a:append(4)
      assert.are.equal(10, a:sum())
      assert.are.equal(4, #a)
    end)

    it("are gone when another process empties the heap", function()
      local a = one:array("i64", { 1, 2, 3 })
      two:reset()
      assert.has_error(function() return a[1] end)
      collectgarbage()
      one:check()
    end)
  end)
end)

describe("atomic numbers", function()
  for _, kind in ipairs { "private", "shared" } do
    it("of a " .. kind .. " heap do what they say", function()
      local shared = kind == "shared" or nil
      local heap <close> = assert(mems.open { memfd = shared, share = shared,
                                              limit = 1 << 24 })
      local p = heap:calloc(4, 8)
      for _, type in ipairs { "i32", "u32", "i64", "u64" } do
        heap:store(p, type, 40)
        assert.are.equal(40, heap:load(p, type))
        assert.are.equal(40, heap:exchange(p, type, 12))
        assert.are.equal(12, heap:fetch_add(p, type, -2))
        assert.are.equal(10, heap:fetch_and(p, type, 6))
        assert.are.equal(2, heap:fetch_or(p, type, 5))
        assert.are.same({ false, 7 }, { heap:cas(p, type, 6, 1) })
        assert.are.same({ true, 7 }, { heap:cas(p, type, 7, 1) })
        assert.are.equal(1, heap:peek(p, type))
        heap:store(p, type, 0)
        heap:fetch_add(p, type, -1)
        assert.are.equal(type == "u32" and 0xFFFFFFFF or -1,
                         heap:load(p, type))
        assert.are.equal(0, heap:load(p, type, 8))
        heap:store(p, "i64", 0)
      end
    end)
  end

  it("are aligned, of four types, in a block, and in their range", function()
    local heap <close> = mems.open { limit = 1 << 24 }
    local p = heap:calloc(2, 8)
    for _, wrong in ipairs {
      { p, "i64", 4 }, { p, "i32", 2 }, { p, "i16" }, { p, "f64" },
      { p, "i64le2" }, { p, "i64", 16 }, { 4, "i64" }, { p, "i32be" },
    } do
      assert.has_error(function() heap:load(table.unpack(wrong)) end)
    end
    assert.has_error(function() heap:store(p, "u32", -1) end)
    assert.has_error(function() heap:store(p, "i32", 1 << 31) end)
    assert.has_error(function() heap:cas(p, "i32", 0, "x") end)
    assert.has_error(function() heap:fetch_add(p, "i32", 1.5) end)
    assert.are.equal(0, heap:load(p, "i64"))
  end)

  it("take objects and offsets", function()
    local heap <close> = mems.open { limit = 1 << 24 }
    local a = heap:array("i64", { 1, 2, 3 })
    assert.are.equal(3, heap:fetch_add(a, "i64", 4, 16))
    assert.are.equal(7, a[3])
    assert.has_error(function() heap:fetch_add(a, "i64", 4, 24) end)
    assert.has_error(function()
      heap:store(heap:buffer("x"):readonly(), "i32", 4)
    end)
  end)
end)

describe("those who share a heap", function()
  local heap, cells

  before_each(function()
    heap = assert(mems.open { shm = NAME, limit = 1 << 24 })
    cells = heap:calloc(8, 8)
    heap:setroot("cells", cells)
  end)

  after_each(function()
    heap:close()
    mems.unlink(NAME)
  end)

  it("wait until a cell has changed, or not for so long", function()
    assert.is_true(heap:wait(cells, 1))
    local start = os.clock()
    local done, why, code = heap:wait(cells, 0, 0.12)
    assert.is_nil(done)
    assert.are.equal("timeout", why)
    assert.are.equal(mems.ETIME, code)
    assert.is_true(os.clock() - start < 0.1) -- it slept
    assert.is_nil((heap:wait(cells, 0, 0)))
    assert.has_error(function() heap:wait(heap:add(cells, 2), 0, 0) end)
    assert.has_error(function() heap:wait(cells, 1 << 32, 0) end)
    assert.has_error(function() heap:wait(cells, 0, -1) end)
    assert.has_error(function() heap:wait(cells, 0, 0 / 0) end)
  end)

  it("wake each other", function()
    os.execute(command [[
      local heap <close> = mems.open { shm = NAME }
      local cells = heap:root("cells")
      repeat until heap:notify(cells) == 1
      heap:store(cells, "u32", 5)
      heap:notify(cells)
    ]] .. " &")
    while heap:load(cells, "u32") == 0 do
      assert.is_true(heap:wait(cells, 0, 10))
    end
    assert.are.equal(5, heap:load(cells, "u32"))
  end)

  it("let a hook stop a wait, which may close the heap", function()
    for what, message in pairs { stops = "stopped", closes = "closed" } do
      local other <close> = mems.open { shm = NAME }
      local wait = other.wait
      debug.sethook(function()
        local caller = debug.getinfo(3, "f")
        if not caller or caller.func ~= wait then return end
        debug.sethook()
        if what == "stops" then error("stopped") end
        other:close()
      end, "c")
      local done, why = pcall(wait, other, cells, 0)
      debug.sethook()
      assert.is_false(done)
      assert.matches(message, why)
    end
  end)

  it("lock a cell for a while", function()
    local other <close> = mems.open { shm = NAME }
    assert.is_true(heap:lock(cells))
    local done, why, code = other:lock(cells, 0.06)
    assert.is_nil(done)
    assert.are.equal("timeout", why)
    assert.are.equal(mems.ETIME, code)
    assert.has_error(function() other:unlock(cells) end)
    assert.has_error(function() heap:lock(cells) end)
    heap:unlock(cells)
    do
      local _ <close>, told = other:locked(cells, 1)
      assert.is_nil(told)
      assert.is_nil((heap:locked(cells, 0)))
    end
    assert.are.same({ true }, { heap:lock(cells) })
    heap:unlock(cells)
    local private <close> = mems.open { limit = 1 << 24 }
    assert.has_error(function() private:lock(private:calloc(1, 8)) end)
  end)

  it("are told when the owner of a lock died", function()
    run [[
      local heap = mems.open { shm = NAME }
      assert(heap:lock(heap:root("cells")))
      os.exit(0, false)
    ]]
    assert.are.same({ true, "owner died" }, { heap:lock(cells, 5) })
    heap:unlock(cells)
    assert.are.same({ true }, { heap:lock(cells, 5) })
  end)

  it("are listed, the dead ones too", function()
    run [[
      local heap = mems.open { shm = NAME }
      os.exit(0, false)
    ]]
    local alive, dead = 0, 0
    for slot, pid, lives in heap:processes() do
      assert.are.equal(alive + dead, slot)
      assert.is_true(pid > 0)
      if lives then alive = alive + 1 else dead = dead + 1 end
    end
    assert.are.same({ 1, 1 }, { alive, dead })
    local private <close> = mems.open { limit = 1 << 24 }
    for _ in private:processes() do error("nobody shares it") end
  end)

  it("count what was taken over and rebuilt", function()
    assert.are.equal(0, heap:stats().takeovers)
    assert.are.equal(0, heap:stats("recoveries"))
    heap:lockwait(2)
    heap:lockwait()
    assert.has_error(function() heap:lockwait("x") end)
    heap:close()
    run([[
      local heap = mems.open { shm = NAME }
      heap:malloc(100)
      os.execute("kill -9 $PPID")
    ]], "Killed\n")
    heap = assert(mems.open { shm = NAME })
    assert.are.equal(1, heap:stats("recoveries"))
    assert.are.equal(100, heap:size(select(2, next {
      heap:malloc(100) })))
  end)

  -- Two processes poke each number, with two values that differ in all bytes.
  it("see the old number or the new one, never half of each", function()
    heap:setroot("numbers", heap:calloc(16, 64))
    local both = [[
      local heap <close> = assert(mems.open { shm = NAME })
      local base, scratch = heap:root "numbers", heap:calloc(1, 8)
      local cells, fields = {}, {}
      local function number(type, byte)
        heap:fill(scratch, byte, 8)
        return heap:peek(scratch, type)
      end
      for type in ("i16 u16 f16 i32 u32 f32 i64 u64 f64 ptr u16be i32be " ..
                   "u64be f64be"):gmatch "%w+" do
        local offset = 64 * (#cells + 1)
        fields[#fields + 1] = { type, type, offset = offset }
        cells[#cells + 1] = {
          type = type, at = heap:add(base, offset),
          array = heap:view(type, base, offset, 1),
          peek = heap["peek_" .. type], poke = heap["poke_" .. type],
          low = number(type, 0x31), high = number(type, 0xCE),
        }
      end
      local record = heap:struct(fields):at(base)
      for _, cell in ipairs(cells) do
        heap:poke(cell.at, cell.type, cell.low)
      end
    ]]
    local writer = both .. [[
      repeat
        for _, cell in ipairs(cells) do
          for _ = 1, 50 do
            cell.poke(heap, cell.at, cell.low)
            heap:poke(cell.at, cell.type, cell.high)
            cell.array[1] = cell.low
            record[cell.type] = cell.high
          end
        end
      until heap:load(base, "u32") > 0
    ]]
    local reader = both .. [[
      local limit, seen = os.time() + 20, 0
      local function look(cell, n)
        if n == cell.low then
          cell.lows = true
        elseif n == cell.high then
          cell.highs = true
        else
          print(cell.type, n)
        end
      end
      repeat
        seen = 0
        for _, cell in ipairs(cells) do
          for _ = 1, 300 do
            look(cell, cell.peek(heap, cell.at))
            look(cell, heap:peek(cell.at, cell.type))
            look(cell, cell.array[1])
            look(cell, record[cell.type])
          end
          if cell.lows and cell.highs then seen = seen + 1 end
        end
      until seen == #cells and os.clock() > 0.5 or os.time() > limit
      heap:store(base, "u32", 1)
      print(seen == #cells)
    ]]
    assert.are.equal("true\n", (shell.run(command(writer) .. " & " ..
      command(writer) .. " & " .. command(reader) .. "; wait")))
  end)

  it("count together", function()
    local text = [[
      local heap <close> = mems.open { shm = NAME }
      local cells = heap:root("cells")
      for _ = 1, 3000 do
        heap:fetch_add(cells, "i64", 1)
        local guard <close> = heap:locked(heap:add(cells, 8))
        heap:poke(cells, "i64", heap:peek(cells, "i64", 16) + 1, 16)
      end
    ]]
    assert.are.equal("", (shell.run(command(text) .. " & " ..
                                    command(text) .. " & wait")))
    assert.are.equal(6000, heap:load(cells, "i64"))
    assert.are.equal(6000, heap:load(cells, "i64", 16))
    heap:check()
  end)
end)

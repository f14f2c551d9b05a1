-- The quarantine and the fill: what happens to memory that was freed, and to
-- memory that was never written.

local mems = require "mems"
local refused = require "spec.support.misuse".refused
local shell = require "spec.support.shell"

-- The segments of the default heap from the first one on, as text:
-- "P1000:16 H1016:4080".
local function chain()
  local out = {}
  for kind, addr, size in mems.segments() do
    out[#out + 1] = kind:sub(1, 1) .. mems.tointeger(addr) .. ":" .. size
  end
  return table.concat(out, " ")
end

describe("a block in quarantine", function()
  local block
  before_each(function()
    mems.init { quarantine = 1 << 16 }
    block = mems.malloc(100)
    mems.malloc(16)
    mems.free(block)
  end)
  after_each(function()
    assert.is_true(mems.check())
    mems.finish()
  end)

  it("is not handed out again", function()
    for _ = 1, 100 do
      local other = mems.malloc(100)
      assert.is_true(mems.diff(other, block) >= 104)
    end
  end)

  it("is refused by free, realloc and size", function()
    assert.equal("bad argument #1 to 'free' (address 1000 was freed already)",
                 refused(mems.free, block))
    assert.equal("bad argument #1 to 'realloc' (address 1000 was freed " ..
                 "already)", refused(mems.realloc, block, 10))
    assert.equal("bad argument #1 to 'size' (address 1000 was freed already)",
                 refused(mems.size, block))
    assert.equal("bad argument #1 to 'free' (address 1004 lies in block " ..
                 "1000, which was freed)", refused(mems.free, 1004))
  end)

  it("is refused by the gate, also right after it was used", function()
    local other = mems.malloc(24)
    mems.poke(other, "i32", 1)
    mems.free(other)
    assert.equal("bad argument #1 to 'poke' (address 1120+4 lies in block " ..
                 "1120, which was freed)", refused(mems.poke, other, "i32", 2))
    assert.equal("bad argument #1 to 'peek' (address 1099+1 lies in block " ..
                 "1000, which was freed)", refused(mems.peek, block, "u8", 99))
    assert.equal("bad argument #1 to 'fill' (address 1000+100 lies in block " ..
                 "1000, which was freed)", refused(mems.fill, block, 0, 100))
    assert.equal("bad argument #1 to 'readstring' (address 1000 lies in " ..
                 "block 1000, which was freed)",
                 refused(mems.readstring, block, 0))
    assert.equal("bad argument #1 to 'cstring' (address 1000 lies in block " ..
                 "1000, which was freed)", refused(mems.cstring, block))
  end)

  it("has no physical address any more", function()
    local other = mems.malloc(16)
    local physical = mems.get(other)
    assert.equal(0, mems.peek(physical, "u8") & ~0xff)
    mems.free(other)
    local addr, message, code = mems.get(other)
    assert.is_nil(addr)
    assert.equal("address 1120 lies in block 1120, which was freed", message)
    assert.equal(mems.EFREED, code)
    assert.is_truthy(refused(mems.peek, physical, "u8"):find "never allocated")
  end)

  it("shows as a HOLE of its own", function()
    assert.equal("H1000:104 P1104:16 H1120:3976", chain())
    mems.free(mems.malloc(32))
    assert.equal("H1000:104 P1104:16 H1120:32 H1152:3944", chain())
    local out = os.tmpname()
    local file <close> = assert(io.open(out, "w+"))
    mems.print_stats(file)
    file:seek("set")
    local text = file:read("a")
    os.remove(out)
    assert.is_truthy(text:find("H[1000:1103] <-> P[1104:1119] <-> " ..
      "H[1120:1151] <-> H[1152:5095] <-> NULL", 1, true))
    assert.is_truthy(text:find("Space unused:\t4080\n", 1, true))
    assert.is_truthy(text:find("array: [4, ]", 1, true))
  end)

  it("counts as unused, not as used", function()
    local stats = mems.stats()
    assert.equal(104, stats.quarantined)
    assert.equal(16, stats.used)
    assert.equal(16, stats.requested)
    assert.equal(4080, stats.unused)
    assert.equal(1, stats.processes)
    assert.equal(2, stats.holes)
    assert.equal(1, stats.frees)
    assert.equal(120, stats.peak)
  end)

  it("stays where it is when the heap is trimmed", function()
    mems.free(1104)
    mems.trim()
    assert.equal(120, mems.stats().quarantined)
    assert.equal("H1000:104 H1104:16 H1120:3976", chain())
    assert.is_truthy(refused(mems.free, block):find "freed already")
  end)

  it("is not grown into by the block before it", function()
    local first, second = mems.malloc(16), mems.malloc(16)
    mems.free(second)
    local moved = mems.realloc(first, 32)
    assert.not_equal(first, moved)
    assert.is_truthy(refused(mems.size, first):find "freed already")
    assert.equal(104 + 16 + 16, mems.stats().quarantined)
  end)

  it("is no leak", function()
    mems.free(1104)
    assert.same({ 0, 0 }, { mems.finish() })
    mems.init()
  end)
end)

describe("a quarantine", function()
  after_each(function() pcall(mems.finish) end)

  it("lets the oldest blocks go when it is full", function()
    mems.init { quarantine = 64, limit = 4096 }
    local blocks = {}
    for i = 1, 8 do blocks[i] = mems.malloc(16) end
    local wall = mems.malloc(4096 - 8 * 16) -- there is no other HOLE
    for i = 1, 4 do mems.free(blocks[i]) end
    assert.equal(64, mems.stats().quarantined)
    mems.free(blocks[8])
    assert.equal(64, mems.stats().quarantined)
    assert.equal("bad argument #1 to 'free' (address 1000 is free already)",
                 refused(mems.free, blocks[1]))
    assert.is_truthy(refused(mems.free, blocks[2]):find "was freed already")
    assert.equal(blocks[1], mems.malloc(16))
    mems.free(blocks[5])
    mems.free(blocks[6])
    assert.equal("P1000:16 H1016:32 H1048:16 H1064:16 H1080:16 P1096:16 " ..
                 "H1112:16 P1128:3968", chain())
    mems.free(wall)
    assert.is_true(mems.check())
  end)

  it("has no room for a block that is larger than all of it", function()
    mems.init { quarantine = 64, limit = 4096 }
    local small, large = mems.malloc(16), mems.malloc(80)
    mems.malloc(4096 - 96)
    mems.free(small)
    mems.free(large)
    assert.equal(16, mems.stats().quarantined)
    assert.equal(large, mems.malloc(80))
    assert.is_truthy(refused(mems.free, small):find "was freed already")
  end)

  it("holds nothing if it is smaller than the smallest block", function()
    mems.init { quarantine = 8 }
    local block = mems.malloc(1)
    mems.free(block)
    assert.equal(0, mems.stats().quarantined)
    assert.equal("bad argument #1 to 'free' (address 1000 is free already)",
                 refused(mems.free, block))
  end)

  it("may be larger than the heap", function()
    mems.init { quarantine = 1 << 62, limit = 1 << 20 }
    for _ = 1, 1000 do mems.free(mems.malloc(1000)) end
    assert.is_true(mems.stats().quarantined > 900 * 1000)
    assert.is_true(mems.check())
  end)

  it("gives way before memory is refused", function()
    mems.init { quarantine = 1 << 20, limit = 1 << 16 }
    local blocks = {}
    for i = 1, 64 do blocks[i] = assert(mems.malloc(1024)) end
    assert.is_nil(mems.malloc(1))
    for i = 1, 64 do mems.free(blocks[i]) end
    assert.equal(1 << 16, mems.stats().quarantined)
    assert.equal(blocks[1], mems.malloc(1024))
    local waits = mems.stats().quarantined
    assert.is_true(waits > 1 << 15 and waits < 1 << 16)
    assert.is_nil(mems.malloc(1 << 16))
    assert.equal(0, mems.stats().quarantined)
    assert.equal(1, mems.stats().processes)
    assert.is_true(mems.check())
  end)

  it("takes in what realloc moves away from, until memory is short",
    function()
      mems.init { quarantine = 1 << 16, limit = 8192 }
      local block = mems.malloc(1000)
      mems.writestring(block, ("x"):rep(1000))
      local wall = mems.malloc(16)
      local moved = assert(mems.realloc(block, 2000))
      assert.not_equal(block, moved)
      assert.equal(("x"):rep(1000), mems.readstring(moved, 1000))
      assert.equal(1000, mems.stats().quarantined)
      mems.free(wall)
      assert.is_nil(mems.realloc(moved, 8000))
      assert.equal(2000, mems.size(moved))
      assert.equal(0, mems.stats().quarantined)
      assert.is_true(mems.check())
    end)

  it("works with alignment", function()
    mems.init { quarantine = 4096, align = 64 }
    local block = mems.malloc(10)
    mems.free(block)
    assert.not_equal(block, mems.malloc(10))
    local aligned = mems.malloc(10, 512)
    mems.free(aligned)
    assert.is_truthy(refused(mems.free, aligned):find "was freed already")
  end)

  it("costs no more than a hundredth of what is mapped, and its queue",
    function()
      local plain <close> = assert(mems.open())
      local guarded <close> = assert(mems.open { quarantine = 1 << 16 })
      for _, heap in ipairs { plain, guarded } do
        local blocks = {}
        for i = 1, 20000 do blocks[i] = heap:malloc(48) end
        for i = 1, #blocks do heap:free(blocks[i]) end
        assert.is_true(heap:check())
      end
      local stats = guarded:stats()
      local more = stats.overhead - plain:stats().overhead
      assert.is_true(more > 0)
      assert.is_true(more < stats.mapped // 100 + (1 << 16) // 2 + 3 * 4096)
    end)

  it("knows what waits, and in which order, over and over", function()
    local QUARANTINE <const> = 4096
    local heap <close> = assert(mems.open { quarantine = QUARANTINE })
    local live, waiting, first, bytes = {}, {}, 1, 0
    for step = 1, shell.scaled(30000) do
      if #live < 20 or #live < 200 and math.random(2) == 1 then
        local before = heap:stats().used
        local addr = mems.tointeger(heap:malloc(math.random(200)))
        local extent = heap:stats().used - before
        for i = first, #waiting do
          local old = waiting[i]
          assert(addr + extent <= old.addr or addr >= old.addr + old.extent)
        end
        live[#live + 1] = { addr = addr, extent = extent }
      else
        local block = table.remove(live, math.random(#live))
        heap:free(block.addr)
        waiting[#waiting + 1] = block
        bytes = bytes + block.extent
        while bytes > QUARANTINE do
          bytes, first = bytes - waiting[first].extent, first + 1
        end
      end
      if step % 100 == 0 then
        assert.equal(bytes, heap:stats().quarantined)
        assert.is_true(heap:check())
        for i = first, #waiting do
          assert.is_false(pcall(heap.free, heap, waiting[i].addr))
          assert.is_nil((heap:get(waiting[i].addr)))
        end
      end
    end
  end)
end)

describe("a quarantine, seen from inside,", function()
  local inside = require "spec.support.inside"
  if not inside.built then return pending("needs the probes: `make test`") end
  local probe = package.loadlib("build/test/mems/core.so",
                                "luaopen_mems_guard")()
  local leave, heap, blocks, pages_fail

  before_each(function()
    local test, inner, undo = inside.enter()
    leave, pages_fail = undo, inner.pages_fail
    heap = assert(test.open { quarantine = 256 })
    blocks = {}
    for i = 1, 5 do blocks[i] = assert(heap:malloc(24)) end
    heap:free(blocks[2])
    heap:free(blocks[4])
  end)
  after_each(function()
    heap:close()
    leave()
  end)

  local function broken()
    local ok, message = pcall(heap.check, heap)
    assert.is_false(ok)
    return message:match("the heap is damaged: (.*)")
  end

  it("keeps its books out of reach of who writes to freed blocks", function()
    local other = heap:malloc(24)
    local physical = heap:get(other)
    heap:free(other)
    probe.write(physical, ("\xff"):rep(24))
    assert.is_true(heap:check())
    assert.equal(3, probe.waiting(heap) // 3)
    for _ = 1, 20 do heap:free(heap:malloc(24)) end
    assert.is_true(heap:check())
    assert.equal(240, heap:stats().quarantined)
  end)

  it("has the checker find a bit without a block", function()
    assert.is_false(probe.waits(heap, 16, true))
    assert.equal("a bit of the quarantine is set where no block starts",
                 broken())
  end)

  it("has the checker find a lost bit", function()
    assert.is_true(probe.waits(heap, 3, false))
    assert.equal("the queue of the quarantine is not as long as what waits",
                 broken())
  end)

  it("has the checker find a wrong count", function()
    assert.equal(6, probe.waiting(heap, 7))
    assert.equal("the count of waiting granules is wrong", broken())
  end)

  it("has the checker find a number in the queue that is no block's",
    function()
      for _, granule in ipairs { 0, 5, 400, 1 << 40, -1 } do
        assert.equal(3, probe.queued(heap, 0, granule))
        assert.equal("the queue of the quarantine names what does not wait",
                     broken())
        probe.queued(heap, 0, 3)
        assert.is_true(heap:check())
      end
    end)

  it("has the checker find a number that is in the queue twice", function()
    assert.equal(9, probe.queued(heap, 1, 3))
    assert.equal("the queue of the quarantine names what does not wait",
                 broken())
    probe.queued(heap, 1, 9)
    assert.is_true(heap:check())
  end)

  it("takes no block in when the OS refuses what it needs for it", function()
    heap:close()
    heap = require "mems".open { quarantine = 1 << 20, limit = 4096 }
    local block = heap:malloc(24)
    heap:malloc(4096 - 24)
    local refusals, n = 0, 0
    repeat
      n = n + 1
      pages_fail(n)
      heap:free(block)
      local requests = pages_fail(0)
      assert.is_true(heap:check())
      if requests >= n then
        refusals = refusals + 1
        assert.equal(0, heap:stats().quarantined)
        assert.equal(block, heap:malloc(24))
      end
    until requests < n
    assert.is_true(refusals >= 1)
    assert.equal(24, heap:stats().quarantined)
  end)

  it("survives each refusal of the OS as its queue comes and goes", function()
    heap:close()
    heap = require "mems".open { quarantine = 1 << 15 }
    local n = 0
    repeat
      n = n + 1
      pages_fail(n)
      for _ = 1, 3000 do
        local block = heap:malloc(16)
        if block then heap:free(block) end
      end
      local requests = pages_fail(0)
      assert.is_true(heap:check())
      assert.is_true(heap:stats().quarantined <= 1 << 15)
    until requests < n
    assert.is_true(n > 5)
    assert.equal(1 << 15, heap:stats().quarantined)
  end)

  it("lets nothing go that a broken queue names wrongly", function()
    for _, granule in ipairs { 0, 6, 13, 1 << 40 } do
      heap:close()
      heap = require "mems".open { quarantine = 256, limit = 4096 }
      for i = 1, 5 do blocks[i] = heap:malloc(24) end
      for i = 2, 4, 2 do heap:free(blocks[i]) end
      heap:fill(blocks[1], 7, 24)
      probe.queued(heap, 0, granule)
      while heap:malloc(24) do end -- memory is short: all that can go goes
      assert.equal(("\7"):rep(24), heap:readstring(blocks[1], 24))
      assert.equal(24, heap:size(blocks[3]))
      assert.equal(3, probe.waiting(heap))
      assert.is_true(probe.waits(heap, 3))
    end
  end)
end)

describe("fill", function()
  before_each(function() mems.init { fill = true, quarantine = 4096 } end)
  after_each(function() pcall(mems.finish) end)

  it("makes 0xAA of what is new", function()
    local block = mems.malloc(100)
    assert.equal(("\xAA"):rep(100), mems.readstring(block, 100))
    mems.fill(block, 1, 100)
    local moved = mems.realloc(block, 5000)
    assert.equal(("\1"):rep(100) .. ("\xAA"):rep(4900),
                 mems.readstring(moved, 5000))
    local aligned = mems.malloc(100, 64)
    assert.equal(("\xAA"):rep(100), mems.readstring(aligned, 100))
  end)

  it("makes 0xAA of what realloc adds in place", function()
    local block = mems.malloc(100)
    mems.fill(block, 1, 100)
    assert.equal(block, mems.realloc(block, 200))
    assert.equal(("\1"):rep(100) .. ("\xAA"):rep(100),
                 mems.readstring(block, 200))
    assert.equal(block, mems.realloc(block, 203))
    assert.equal("\xAA\xAA\xAA", mems.readstring(block, 3, 200))
  end)

  it("leaves what calloc gives at 0", function()
    for _ = 1, 3 do
      local block = mems.calloc(10, 10)
      assert.equal(("\0"):rep(100), mems.readstring(block, 100))
      mems.free(block)
    end
  end)

  it("makes 0x55 of what is freed, moved away from or cut off", function()
    local inside = require "spec.support.inside"
    if not inside.built then return pending("needs the probes") end
    local probe = package.loadlib("build/test/mems/core.so",
                                  "luaopen_mems_guard")()
    local freed, moved = mems.malloc(100), mems.malloc(100)
    local wall, cut = mems.malloc(16), mems.malloc(1000)
    local places = { mems.get(freed), mems.get(moved),
                     mems.get(mems.add(cut, 16)) }
    mems.free(freed)
    mems.realloc(moved, 500)
    mems.realloc(cut, 10)
    mems.free(wall)
    for _, physical in ipairs(places) do
      assert.equal(("\x55"):rep(100), probe.read(physical, 100))
    end
  end)

  local WORDS <const> = {
    { byte = 0xAA, name = "memory never written",
      shown = "0x" .. ("a"):rep(16) },
    { byte = 0x55, name = "freed memory", shown = "0x" .. ("5"):rep(16) },
  }

  it("is recognised where a ptr is read", function()
    local block = mems.malloc(64)
    for _, word in ipairs(WORDS) do
      mems.fill(block, word.byte, 64)
      local function message(verb, at)
        return ("bad argument #1 to '%s' (address %d holds the fill of %s, " ..
                "%s)"):format(verb, at, word.name, word.shown)
      end
      assert.equal(message("peek", 1000), refused(mems.peek, block, "ptr"))
      assert.equal(message("peek", 1003), refused(mems.peek, block, "ptr", 3))
      assert.equal(message("peek", 1008),
                   refused(mems.peek, mems.get(mems.add(block, 8)), "ptrbe"))
      assert.equal(message("peek_ptr", 1016),
                   refused(mems.peek_ptr, block, 16))
      assert.equal(message("peek_ptrbe", 1016),
                   refused(mems.peek_ptrbe, mems.add(block, 16)))
      mems.poke(block, "ptr", block)
      mems.poke(block, "ptr", nil, 8)
      assert.equal(message("peekarray", 1016),
                   refused(mems.peekarray, block, "ptr", 4))
      assert.same({ block, false }, mems.peekarray(block, "ptr", 2))
      assert.equal(block, mems.peek(block, "ptr"))
    end
  end)

  it("is no error in any other type", function()
    local block = mems.malloc(8)
    assert.equal(0xAAAAAAAAAAAAAAAA, mems.peek(block, "i64"))
    assert.equal(0xAAAAAAAA, mems.peek_u32(block))
    assert.same({ 0xAA, 0xAA }, mems.peekarray(block, "u8", 2))
  end)

  it("is recognised where it is used as an address", function()
    for _, word in ipairs(WORDS) do
      local addr = math.tointeger(tonumber(word.shown))
      local message = ("address %s is the fill of %s"):format(word.shown,
                                                             word.name)
      for _, p in ipairs { addr, mems.toaddress(addr) } do
        for verb, arguments in pairs {
          free = {}, size = {}, realloc = { 8 }, peek = { "u8", 8 },
          poke_i32 = { 1 }, fill = { 0, 1 },
        } do
          assert.equal(("bad argument #1 to '%s' (%s)"):format(verb, message),
                       refused(mems[verb], p, table.unpack(arguments)))
        end
        assert.equal(message, select(2, mems.get(p)))
      end
    end
  end)

  it("is nothing special in a heap without it", function()
    local heap <close> = assert(mems.open())
    local block = heap:malloc(16)
    heap:fill(block, 0xAA, 16)
    assert.equal(mems.toaddress(0xAAAAAAAAAAAAAAAA), heap:peek(block, "ptr"))
    assert.equal(2, #heap:peekarray(block, "ptr", 2))
    assert.is_truthy(refused(heap.free, heap, 0x5555555555555555)
      :find("was never allocated", 1, true))
  end)
end)

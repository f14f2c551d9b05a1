-- Files: straight between them and memory.

local mems = require "mems"
local refused = require "spec.support.misuse".refused

-- A file with these bytes, open for reading and writing.
local function file_of(bytes)
  local file = assert(io.tmpfile())
  file:write(bytes)
  file:seek("set", 0)
  return file
end

-- The path of a new file with these bytes.
local function path_of(bytes)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "wb"))
  file:write(bytes)
  return path
end

describe("read and write", function()
  before_each(function()
    pcall(mems.finish)
    mems.init()
  end)
  after_each(function() pcall(mems.finish) end)

  it("carry bytes between a file and a buffer", function()
    local file <close> = file_of("0123456789")
    local b = mems.buffer(4)
    assert.equal(4, b:read(file))
    assert.equal("0123", b:readstring())
    assert.equal(2, b:read(file, 2, 1))
    assert.equal("0453", b:readstring())
    assert.equal(4, b:read(file))
    assert.equal(0, b:read(file))
    assert.equal("6789", b:readstring())
    file:seek("set", 8)
    assert.equal(2, b:read(file)) -- less than was asked for
    assert.equal("8989", b:readstring())
    file:seek("end")
    assert.equal(3, b:write(file, nil, 1))
    assert.equal(1, b:write(file, 1))
    file:seek("set", 10)
    assert.equal("9898", file:read("a"))
  end)

  it("go on where the file's own read and write stopped", function()
    local file <close> = file_of("line\nrest of it")
    local b = mems.buffer(4)
    assert.equal("line", file:read("l"))
    assert.equal(4, b:read(file))
    assert.equal("rest", b:readstring())
    assert.equal(" of it", file:read("a"))
  end)

  it("are methods of arrays, structs and views", function()
    local file <close> = file_of("")
    local a = mems.array("u16le", { 1, 2, 3 })
    local S = mems.struct { { "x", "u8" }, { "read", "u8" } }
    local p = S:new { x = 7, read = 8 }
    assert.equal(6, a:write(file))
    assert.equal(2, a:slice(2, 2):write(file))
    assert.equal(2, S.write(p, file))
    file:seek("set", 0)
    local all = mems.buffer(10)
    assert.equal(10, all:read(file))
    assert.equal("\1\0\2\0\3\0\2\0\7\8", all:readstring())
    file:seek("set", 2)
    assert.equal(4, mems.view("u16le", all):read(file, 4))
    assert.equal(2, S.read(p, file, 2))
    assert.equal(2, p.x)
    assert.equal(2, a:read(file, 2, 4))
    assert.same({ 1, 2, 0x807 }, a:totable())
  end)

  it("work at addresses, where they need to be told how many", function()
    local file <close> = file_of("abcdef")
    local heap <close> = mems.open()
    local addr, far = mems.malloc(8), heap:malloc(8)
    assert.equal(3, mems.read(addr, file, 3, 2))
    assert.equal("abc", mems.readstring(addr, 3, 2))
    assert.equal(3, heap:read(far, file, 8))
    assert.equal(3, heap:write(far, file, 3))
    assert.match("#3 to 'read' %(n has to be an integer, got no value",
                 refused(mems.read, addr, file))
    assert.match("address 1000%+9 runs past the end of block 1000",
                 refused(mems.read, addr, file, 9))
    assert.match("#4 to 'write' %(offset has to be at least 0, got %-1",
                 refused(mems.write, addr, file, 1, -1))
  end)

  it("read many bytes, and leave what the file has not", function()
    local part, size = ("0123456789abcdef"):rep(1 << 16), 6 << 20
    local file <close> = file_of(part:rep(5) .. "end")
    for _, heap in ipairs { mems.open(), mems.open { memfd = true } } do
      local b = heap:buffer(size)
      b:fill(0x7a, 100, size - 100)
      for _ = 1, 2 do -- new memory, and such as is there already
        file:seek("set", 3)
        assert.equal((5 << 20), b:read(file))
        assert.is_true(part:rep(5):sub(4) .. "end" == b:readstring(5 << 20))
        assert.equal(0, b:peek_u8(5 << 20))
        assert.equal(("z"):rep(100), b:readstring(100, size - 100))
        assert.equal(0, b:read(file))
      end
      heap:close()
    end
  end)

  it("refuse what is no open file", function()
    local b = mems.buffer(4)
    local file = file_of("abc")
    file:close()
    assert.match("#1 to 'read' %(the file is closed", refused(b.read, b, file))
    assert.match("#1 to 'write' %(the file is closed",
                 refused(b.write, b, file))
    assert.match("#1 to 'read' %(a file expected, got \"x\"",
                 refused(b.read, b, "x"))
    assert.match("#1 to 'read' %(a file expected, got a mems.buffer",
                 refused(b.read, b, b))
    assert.match("#2 to 'write' %(a file expected, got no value",
                 refused(mems.write, b))
    local open <close> = file_of("abc")
    assert.match("#4 to 'read' %(no such argument, got 1",
                 refused(b.read, b, open, 1, 0, 1))
    assert.match("5 bytes run past the end of the buffer",
                 refused(b.read, b, open, 5))
    b:release()
    assert.match("released", refused(b.read, b, open))
    assert.equal("abc", open:read("a")) -- nothing has been taken
  end)

  it("close the file in __address: refused, not used", function()
    local file = file_of("abc")
    local addr = mems.malloc(8)
    local thing = setmetatable({}, { __address = function() end })
    refused(mems.read, thing, file, 1)
    local stolen = io.tmpfile()
    debug.setmetatable(stolen, { __address = function()
      file:close()
      return addr
    end })
    assert.match("the file is closed", refused(mems.read, stolen, file, 1))
  end)

  it("are nil, message, code for what the system refuses", function()
    local path = path_of("abc")
    local b = mems.buffer(4)
    local reading <close> = io.open(path, "rb")
    local ok, message, code = b:write(reading)
    assert.is_nil(ok)
    assert.match("Bad file descriptor", message)
    assert.equal(9, code)
    assert.equal(3, b:read(reading))
    local writing <close> = io.open(path, "wb")
    assert.equal(9, select(3, b:read(writing)))
    local full <close> = io.open("/dev/full", "wb")
    full:setvbuf("no")
    assert.equal(28, select(3, b:write(full)))
    os.remove(path)
  end)
end)

describe("readfile", function()
  before_each(function()
    pcall(mems.finish)
    mems.init()
  end)
  after_each(function() pcall(mems.finish) end)

  it("makes a buffer of a file, of its size", function()
    for _, size in ipairs { 0, 1, 4095, 4096, 100000, 5 << 20 } do
      local bytes = ("0123456789"):rep(size // 10 + 1):sub(1, size)
      local path = path_of(bytes)
      local b = assert(mems.readfile(path))
      assert.is_true(bytes == b:readstring())
      assert.equal(math.max(size, 1), mems.stats().owned)
      b:release()
      os.remove(path)
    end
  end)

  it("reads what has no size before it is read", function()
    local file <close> = io.open("/proc/self/maps")
    assert.is_true(#file:read("a") > 1000)
    local b = assert(mems.readfile("/proc/self/maps"))
    assert.equal(b:find("\n"), assert(b:readstring():find("\n")) - 1)
    assert.is_true(#b > 1000)
    assert.equal(#b, mems.stats().owned)
    local path = os.tmpname()
    os.remove(path)
    assert(os.execute("mkfifo " .. path))
    local writer = io.popen("head -c 300000 /dev/zero | tr '\\0' x > " .. path)
    assert.is_true(("x"):rep(300000) == mems.readfile(path):readstring())
    writer:close()
    os.remove(path)
  end)

  it("is nil, message, code for what the system refuses", function()
    local b, message, code = mems.readfile("/nowhere/at all")
    assert.is_nil(b)
    assert.equal("/nowhere/at all: No such file or directory", message)
    assert.equal(2, code)
    assert.equal(21, select(3, mems.readfile("/")))
    local heap <close> = mems.open { limit = 1 << 20 }
    local path = path_of(("x"):rep(1 << 21))
    assert.equal(mems.ELIMIT, select(3, heap:readfile(path)))
    assert.equal(mems.ELIMIT, select(3, heap:readfile("/dev/zero")))
    assert.equal(0, heap:stats().processes)
    os.remove(path)
  end)

  it("refuses what is no path, and leaves no file open", function()
    assert.match("#1 to 'readfile' %(path has to be a string, got nil",
                 refused(mems.readfile, nil))
    assert.match("the path has a byte 0", refused(mems.readfile, "a\0b"))
    assert.match("#2 to 'readfile' %(no such argument",
                 refused(mems.readfile, "/", 1))
    local function open_files()
      collectgarbage()
      collectgarbage()
      local path = os.tmpname() -- popen closes an end of its pipe before `go`
      local ls = io.popen("read go; ls /proc/$PPID/fd | wc -l >" .. path, "w")
      ls:write("go\n")
      ls:close()
      local list <close> = assert(io.open(path))
      os.remove(path)
      return list:read("n")
    end
    local before = open_files()
    for _ = 1, 20 do
      mems.readfile("/")
      mems.readfile("/proc/self/maps")
    end
    assert.is_true(open_files() <= before) -- others may be closed meanwhile
    mems.finish()
    assert.match("not initialised", refused(mems.readfile, "/"))
  end)

  it("takes the file's size of memory and no more #limits", function()
    local path = os.tmpname()
    local size = 64 << 20
    assert(os.execute(("head -c %d /dev/zero > %s"):format(size, path)))
    local run <close> = io.popen(([[%s -e '
      local mems = require "mems"
      assert(mems.init())
      local function peak()
        for line in io.lines("/proc/self/status") do
          local kb = line:match("^VmHWM:%%s+(%%d+)")
          if kb then return tonumber(kb) * 1024 end
        end
      end
      local before = peak()
      local b = assert(mems.readfile("%s"))
      print(peak() - before, #b)']]):format(arg and arg[-1] or "lua5.4", path))
    local more, length = run:read("n", "n")
    os.remove(path)
    assert.equal(size, length)
    assert.is_true(more < size * 1.02 + (2 << 20), more .. " bytes")
  end)
end)

-- The examples on objects, on small sizes.

local shell = require "spec.support.shell"

describe("examples/particles.lua", function()
  -- The same steps with plain tables, rounded as f32 fields round.
  local function expected(count, steps)
    local function f32(x) return (string.unpack("f", string.pack("f", x))) end
    local state, list = 42, {}
    local function random()
      state = (state * 1103515245 + 12345) & 0x7fffffff
      return state / 0x80000000
    end
    for i = 1, count do
      local x, y = f32(random()), f32(random())
      list[i] = { x = x, y = y, vx = f32(random() - 0.5),
                  vy = f32(random() - 0.5) }
    end
    local bounces = 0
    local function bounce(place, speed)
      bounces = bounces + 1
      return place < 0 and -place or 2 - place, -speed * 0.9
    end
    for _ = 1, steps do
      for _, p in ipairs(list) do
        local vx, vy = p.vx, p.vy - 9.81 * 0.01
        local x, y = p.x + vx * 0.01, p.y + vy * 0.01
        if x < 0 or x > 1 then x, vx = bounce(x, vx) end
        if y < 0 or y > 1 then y, vy = bounce(y, vy) end
        p.x, p.y, p.vx, p.vy = f32(x), f32(y), f32(vx), f32(vy)
      end
    end
    local sx, sy = 0, 0
    for _, p in ipairs(list) do sx, sy = sx + p.x, sy + p.y end
    return ("checksum: x %.4f, y %.4f, bounces %d\n"):format(sx, sy, bounces)
  end

  it("prints the checksum that plain tables give", function()
    local printed, _, code = shell.lua("examples/particles.lua", 200, 50)
    assert.equal(0, code)
    assert.equal(expected(200, 50), printed:match("checksum.*"))
    assert.match("^200 particles of 20 bytes", printed)
  end)

  it("refuses arguments that are none", function()
    local _, complained, code = shell.lua("examples/particles.lua", "x")
    assert.not_equal(0, code)
    assert.match("usage", complained)
  end)
end)

describe("examples/heat.lua", function()
  -- The mean after the same steps with plain tables.
  local function expected(n, steps)
    local a, b = {}, {}
    for i = 1, n * n do
      a[i] = i % n == 1 and 100.0 or 0.0
      b[i] = a[i]
    end
    for _ = 1, steps do
      for i = n + 1, n * n - n do
        if i % n > 1 then
          b[i] = (a[i - 1] + a[i + 1] + a[i - n] + a[i + n]) * 0.25
        end
      end
      a, b = b, a
    end
    local sum = 0
    for i = 1, n * n do sum = sum + a[i] end
    return ("mean temperature: %.6f"):format(sum / (n * n))
  end

  it("prints the mean that plain tables give, and the plate", function()
    for _, steps in ipairs { 0, 1, 150 } do
      local printed, complained, code = shell.lua("examples/heat.lua", 12,
                                                  steps)
      assert.equal("", complained)
      assert.equal(0, code)
      assert.equal(expected(12, steps), printed:match("mean[^\n]*"))
      assert.match("\n#[^\n]*\n#\n$", printed)
    end
  end)

  it("refuses arguments that are none", function()
    local _, complained, code = shell.lua("examples/heat.lua", 2)
    assert.not_equal(0, code)
    assert.match("usage", complained)
  end)
end)

describe("examples/mandelbrot.lua", function()
  it("shows the set in the terminal if there is no file to write", function()
    local printed, complained, code = shell.lua("examples/mandelbrot.lua")
    assert.equal("", complained)
    assert.equal(0, code)
    local rows = {}
    for row in printed:gmatch("([^\n]*)\n") do rows[#rows + 1] = row end
    assert.equal(24, #rows)
    for i, row in ipairs(rows) do
      assert.equal(72, #row)
      assert.equal(row, rows[25 - i]) -- the set is its own mirror image
    end
    assert.match("^ +%.", rows[1])
    assert.match("###", rows[12])
  end)

  it("writes a picture of the set", function()
    local path = os.tmpname()
    local printed, complained, code = shell.lua("examples/mandelbrot.lua",
                                                path, 64, 48)
    local text = shell.read(path)
    os.remove(path)
    assert.equal("", complained)
    assert.equal(0, code)
    local header = "P6\n64 48\n255\n"
    assert.equal(header, text:sub(1, #header))
    assert.equal(#header + 3 * 64 * 48, #text)
    local function pixel(x, y)
      return text:byte(#header + 3 * (y * 64 + x) + 1,
                       #header + 3 * (y * 64 + x) + 3)
    end
    assert.same({ 0, 0, 0 }, { pixel(36, 24) })  -- inside
    assert.not_same({ 0, 0, 0 }, { pixel(0, 0) }) -- outside
    for x = 0, 63 do -- the set is its own mirror image
      assert.same({ pixel(x, 10) }, { pixel(x, 37) })
    end
    local inside = 0
    for i = #header + 1, #text, 3 do
      if text:sub(i, i + 2) == "\0\0\0" then inside = inside + 1 end
    end
    assert.equal(inside, tonumber(printed:match("(%d+) points inside")))
  end)
end)

describe("examples/msgpack.lua", function()
  it("writes what the format says, and reads what it wrote", function()
    local printed, complained, code = shell.lua("examples/msgpack.lua", 100)
    assert.equal("", complained)
    assert.equal(0, code)
    assert.equal(
      "00000000: 83a7 636f 6d70 6163 74c3 a46c 6973 7494  ..compact..list.\n" ..
      "00000010: 01ff cd01 2ccb 3fe0 0000 0000 0000 a673  ....,.?........s\n" ..
      "00000020: 6368 656d 6100                           chema.\n" ..
      "100 records are 4595 bytes\n" ..
      "read again: 0 bytes left, sum of scores 631.250\n", printed)
  end)

  it("refuses arguments that are none", function()
    for _, wrong in ipairs { "x", "0", "1.5" } do
      local _, complained, code = shell.lua("examples/msgpack.lua", wrong)
      assert.not_equal(0, code)
      assert.match("usage", complained)
    end
  end)
end)

describe("examples/elf.lua", function()
  it("prints the sections and symbols that readelf knows of", function()
    local library = "build/libmems.so"
    local printed, complained, code = shell.lua("examples/elf.lua", library)
    assert.equal("", complained)
    assert.equal(0, code)
    local listed = shell.run("LC_ALL=C readelf -SW " .. library)
    local count = 0
    for n, name, addr, size in listed:gmatch(
      "%[ *(%d+)%] (%.%S+) +%u%S* +(%x+) %x+ (%x+)") do
      local line = ("[%2d] %-20s"):format(n, name)
      local at = printed:find(line, 1, true)
      assert.is_truthy(at, line)
      local found, bytes = printed:match("^ *%u* +(%x+) +(%d+)",
                                         at + #line)
      assert.equal(tonumber(addr, 16), tonumber(found, 16), name)
      assert.equal(tonumber(size, 16), tonumber(bytes), name)
      count = count + 1
    end
    assert.is_true(count > 10)
    local symbols = shell.run("LC_ALL=C readelf --dyn-syms -W " .. library)
    local _, functions = symbols:gsub(" FUNC ", "")
    assert.is_truthy(printed:find("function " .. functions, 1, true))
  end)

  it("refuses what is no such file", function()
    for file, text in pairs { Makefile = "is no ELF file",
                              ["/nowhere/x"] = "/nowhere/x" } do
      local _, complained, code = shell.lua("examples/elf.lua", file)
      assert.equal(1, code)
      assert.match(text, complained)
    end
    local _, complained = shell.lua("examples/elf.lua")
    assert.match("usage", complained)
  end)
end)

-- What others get: the rock's list of files, and what `make install` puts
-- where.

local shell = require "spec.support.shell"

local function words(command)
  local out = {}
  for word in shell.run(command):gmatch("%S+") do out[#out + 1] = word end
  table.sort(out)
  return out
end

local function succeed(command)
  local printed, complained, code = shell.run(command)
  assert(code == 0, command .. "\n" .. printed .. complained)
  return printed
end

local VERSION <const> =
  shell.read("src/mems.h"):match('MEMS_VERSION "(.-)"')

local function rockspec(version)
  local fields = {}
  local path = ("rockspec/mems-%s-1.rockspec"):format(version or "scm")
  assert(loadfile(path, "t", fields))()
  return fields
end

describe("the rock #style", function()
  it("compiles every C file there is", function()
    local sources = rockspec().build.modules["mems.core"].sources
    table.sort(sources)
    assert.same(words "ls src/*/*.c", sources)
  end)

  it("installs every Lua file there is, and the types for editors", function()
    local listed = {}
    for _, source in pairs(rockspec().build.modules) do
      if type(source) == "string" then listed[#listed + 1] = source end
    end
    table.sort(listed)
    assert.same(words "find lua library -name '*.lua'", listed)
  end)

  it("depends on Lua 5.4 or 5.5 and nothing else", function()
    assert.same({ "lua >= 5.4, < 5.6" }, rockspec().dependencies)
  end)

  it("of the release is that of the tree, from its tarball", function()
    local tree, release = rockspec(), rockspec(VERSION)
    assert.equal(VERSION .. "-1", release.version)
    assert.equal("mems-" .. VERSION, release.source.dir)
    tree.version, tree.source = release.version, release.source
    assert.same(tree, release)
    assert.equal(succeed("lua5.4 .ci/rockspec.lua " .. VERSION),
                 shell.read("rockspec/mems-" .. VERSION .. "-1.rockspec"))
  end)
end)

describe("the release #style", function()
  it("is the topmost in CHANGELOG.md", function()
    assert.equal(VERSION, shell.read("CHANGELOG.md"):match("\n## ([%d.]+)"))
  end)
end)

describe("the library #style", function()
  it("exports what mems.h declares and nothing else", function()
    local declared = {}
    for name in shell.read("src/mems.h"):gmatch("\nMEMS_API[^;(]-([%w_]+)%(")
    do
      declared[#declared + 1] = name
    end
    table.sort(declared)
    assert.same(declared, words "nm -D --defined-only build/libmems.so | \z
                                 awk '{ print $3 }'")
  end)

  it("has beside it the module, under a name that programs link", function()
    local declared = {}
    for _, header in ipairs { "src/mems.h", "src/mems_lua.h" } do
      for name in shell.read(header):gmatch("\nMEMS_API[^;(]-([%w_]+)%(")
      do
        declared[#declared + 1] = name
      end
    end
    table.sort(declared)
    assert.same(declared, words "nm -D --defined-only build/libmems_lua.so | \z
                                 awk '{ print $3 }'")
  end)

  it("needs libc and nothing else", function()
    local needed = words "objdump -p build/libmems.so | \z
                          awk '/NEEDED/ { print $2 }'"
    assert.same({ "libc.so.6" }, needed)
  end)

  it("keeps no state but the default heap of the classic functions",
    function()
      for _, object in ipairs(words "ls build/obj/*.o") do
        local bytes = succeed("size -A " .. object .. " | awk \z
          '/^\\.t?(data|bss)[ .]/ && !/rel\\.ro/ { n += $2 } \z
           END { print n + 0 }'")
        if not object:find("/classic%.o$") then
          assert.equal("0\n", bytes, object)
        end
      end
    end)
end)

describe("make install #style", function()
  local root, prefix

  setup(function()
    root = succeed("mktemp -d"):match("%S+")
    prefix = root .. "/opt/mems"
    succeed("make install DESTDIR=" .. root .. " PREFIX=/opt/mems")
  end)

  teardown(function() succeed("rm -rf " .. root) end)

  it("lets Lua require the module from another folder", function()
    local printed = succeed(string.format("cd / && \z
      LUA_PATH_5_4='%s/share/lua/5.4/?.lua;%s/share/lua/5.4/?/init.lua' \z
      LUA_CPATH_5_4='%s/lib/lua/5.4/?.so' lua5.4 -e \z
      'local mems = require \"mems\"; assert(mems.init()) \z
       print(mems.tointeger(mems.malloc(1)))'", prefix, prefix, prefix))
    assert.equal("1000\n", printed)
  end)

  it("puts the types for editors in a folder of their own", function()
    assert.equal("mems.lua\n",
                 succeed("ls " .. prefix .. "/share/lua/5.4/mems/library"))
  end)

  it("says what lets Lua find what it does not find by itself", function()
    local copy = root .. "/home/local"
    local said = succeed("make install PREFIX=" .. copy)
    local line = said:match("\n(make %-s env PREFIX=.-) >>")
    assert.equal("ok\n", succeed("unset LUA_PATH_5_4 LUA_CPATH_5_4; eval " ..
      '"$(' .. line .. ')"; cd / && lua5.4 -e \'require "mems" print "ok"\''))
  end)

  it("lets a C program be compiled by what mems.pc says", function()
    local program = root .. "/session"
    local flags = "$(PKG_CONFIG_SYSROOT_DIR=" .. root ..
      " PKG_CONFIG_LIBDIR=" .. prefix .. "/lib/pkgconfig \z
      pkg-config --cflags --libs mems)"
    succeed("cc -o " .. program .. " examples/session.c " .. flags)
    local printed = succeed("LD_LIBRARY_PATH=" .. prefix .. "/lib " .. program)
    assert.equal(succeed("build/examples/session"), printed)
  end)

  it("lets a program host Lua by what mems-lua.pc says, with one module",
    function()
      local program = root .. "/host"
      local flags = "$(PKG_CONFIG_SYSROOT_DIR=" .. root ..
        " PKG_CONFIG_LIBDIR=" .. prefix .. "/lib/pkgconfig \z
        pkg-config --cflags --libs mems-lua) $(pkg-config --cflags --libs \z
        lua5.4)"
      succeed("cc -o " .. program .. " examples/host.c " .. flags)
      local run = "LD_LIBRARY_PATH=" .. prefix .. "/lib " .. program
      assert.matches("alive: 42\n", succeed(run))
      shell.write(root .. "/twice.c", [[
        #include <lauxlib.h>
        #include <lualib.h>
        #include "mems_lua.h"
        int main(void) {
          lua_State *L = luaL_newstate();
          luaL_openlibs(L);
          return luaL_dostring(L, "require 'mems.core'") ||
                 luaL_dostring(L, "print(#package.loaded['mems.core'].types)")
                 || (mems_lua_pushheap(L, mems_heap_open(0, 0), 1), 0);
        }
      ]])
      succeed("cc -o " .. program .. " " .. root .. "/twice.c " .. flags)
      succeed("LUA_CPATH_5_4='" .. prefix .. "/lib/lua/5.4/?.so' " .. run)
    end)

  it("names the shared library by its major version", function()
    assert.equal("libmems.so.0\n", succeed("objdump -p " .. prefix ..
      "/lib/libmems.so | awk '/SONAME/ { print $2 }'"))
    assert.is_true(shell.exists(prefix .. "/lib/libmems.so.0"))
  end)

  it("is undone by make uninstall", function()
    local copy = root .. "/copy"
    succeed("make install DESTDIR=" .. copy .. " PREFIX=/opt")
    assert.not_same({}, words("find " .. copy .. " -type f -o -type l"))
    succeed("make uninstall DESTDIR=" .. copy .. " PREFIX=/opt")
    assert.same({}, words("find " .. copy .. " -type f -o -type l"))
  end)
end)

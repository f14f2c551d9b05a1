-- rockspec.lua VERSION: prints the rockspec of a release, which is the one
-- of the tree but for its version and for where its source lies.

local version = ...

local file <close> = assert(io.open("rockspec/mems-scm-1.rockspec"))
local text = assert(file:read("a"))

local function replace(from, to)
  local at, last = text:find(from, 1, true)
  assert(at, from .. " is not there")
  text = text:sub(1, at - 1) .. to .. text:sub(last + 1)
end

replace('version = "scm-1"', ('version = "%s-1"'):format(version))
replace([[
  url = "git+file://.", -- `luarocks make` builds what lies here
]], ([[
  url = "file://mems-%s.tar.gz", -- `make dist` makes it
  dir = "mems-%s",
]]):format(version, version))
io.write(text)

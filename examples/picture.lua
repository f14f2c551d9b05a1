-- picture.lua [FILE [STEPS]] - a heap that has lived: sessions come and go,
-- each with a record, a buffer and some strings. Shows the heap as text, and
-- with FILE draws it there as an SVG, in which the pointer over a block shows
-- where it was allocated.

local mems = require "mems"

local path, steps = arg[1], tonumber(arg[2] or 3000)
if not steps or math.type(steps) ~= "integer" or steps < 0 or arg[3] then
  io.stderr:write("usage: picture.lua [FILE [STEPS]]\n")
  os.exit(2)
end

assert(mems.init { trace = true, quarantine = 4096 })

-- The same life each time.
local state = 42
local function random(n)
  state = (state * 1103515245 + 12345) & 0x7fffffff
  return (state >> 8) % n + 1
end

local function record() return assert(mems.malloc(104)) end
local function buffer() return assert(mems.malloc(200 + random(3000))) end
local function string() return assert(mems.malloc(random(60))) end

local function open_session()
  local session = { record(), buffer() }
  for _ = 1, random(6) do session[#session + 1] = string() end
  return session
end

local function close_session(session)
  for _, block in ipairs(session) do mems.free(block) end
end

local sessions = {}
for _ = 1, steps do
  local i = random(40)
  if sessions[i] then
    close_session(sessions[i])
    sessions[i] = nil
  else
    sessions[i] = open_session()
  end
end

print(mems.map())
print(("%d blocks, %d holes"):format(mems.stats("processes"),
                                     mems.stats("holes")))
if path then
  assert(mems.picture(path, { title = "A heap that has lived" }))
  print("drawn in " .. path)
end

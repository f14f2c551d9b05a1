-- particles.lua [HOW_MANY [STEPS]] - particles in a box, stepped as an array
-- of structs.
--
-- The particles lie one behind the other in mems memory, 20 bytes each, as a
-- C program would have them; Lua's collector sees one object. Each falls,
-- flies on and bounces off the walls, with a little loss.
--
-- An element a[i] is a new object each time. So the loop has one view, which
-- it moves from particle to particle: nothing is allocated while they fly.

local mems = require "mems"

local DT <const>, GRAVITY <const>, LOSS <const> = 0.01, -9.81, 0.9

assert(mems.init())

local Particle <const> = mems.struct {
  { "x", "f32" }, { "y", "f32" },   -- place, in a box from 0 to 1
  { "vx", "f32" }, { "vy", "f32" }, -- speed
  { "bounces", "u32" },
}

-- Pseudo-random numbers from 0 to 1, the same in every run.
local function noise(seed)
  local state = seed
  return function()
    state = (state * 1103515245 + 12345) & 0x7fffffff
    return state / 0x80000000
  end
end

local function scatter(particles)
  local random = noise(42)
  local p = particles[1]
  local move = p.move
  for i = 1, #particles do
    move(p, i)
    p.x, p.y = random(), random()
    p.vx, p.vy = random() - 0.5, random() - 0.5
  end
end

-- Where a particle is after it went beyond a wall, and its speed then.
local function bounce(place, speed)
  if place < 0 then return -place, -speed * LOSS end
  return 2 - place, -speed * LOSS
end

local function step(particles)
  local p = particles[1]
  local move = p.move
  for i = 1, #particles do
    move(p, i)
    local vx, vy = p.vx, p.vy + GRAVITY * DT
    local x, y = p.x + vx * DT, p.y + vy * DT
    if x < 0 or x > 1 then
      x, vx = bounce(x, vx)
      p.vx, p.bounces = vx, p.bounces + 1
    end
    if y < 0 or y > 1 then
      y, vy = bounce(y, vy)
      p.bounces = p.bounces + 1
    end
    p.x, p.y, p.vy = x, y, vy
  end
end

-- Sums of the places and the number of bounces: two runs agree or they don't.
local function checksum(particles)
  local x, y, bounces = 0, 0, 0
  local get = particles.get
  for i = 1, #particles do
    x, y = x + get(particles, i, "x"), y + get(particles, i, "y")
    bounces = bounces + get(particles, i, "bounces")
  end
  return x, y, bounces
end

local count = math.tointeger(tonumber(arg[1] or 1000000))
local steps = math.tointeger(tonumber(arg[2] or 5))
assert(count and count > 0 and steps and steps >= 0,
  "usage: particles.lua [HOW_MANY [STEPS]]")

local particles <close> = assert(Particle:array(count))
scatter(particles)
local start = os.clock()
for _ = 1, steps do step(particles) end
local seconds = os.clock() - start

print(("%d particles of %d bytes, %d bytes in Lua's own memory"):format(
  #particles, Particle.size, collectgarbage "count" * 1024 // 1))
print(("checksum: x %.4f, y %.4f, bounces %d"):format(checksum(particles)))
io.stderr:write(("%d steps in %.2f s\n"):format(steps, seconds))

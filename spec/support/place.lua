-- Places for the files of heaps: names that nothing has, removed at the end.

local place = {}

local made, count = {}, 0

-- Where files are made: in memory, if the system has that.
local function folder()
  local asked = os.getenv("MEMS_SPEC_FOLDER")
  if asked then return asked end
  local file = io.open("/dev/shm/mems-spec", "w")
  if not file then return "/tmp" end
  file:close()
  os.remove("/dev/shm/mems-spec")
  return "/dev/shm"
end

local FOLDER <const> = folder()

--- A path that no file has.
function place.new()
  count = count + 1
  local name = os.tmpname()
  os.remove(name)
  made[#made + 1] = ("%s/%s.%d.mems"):format(FOLDER, name:gsub("^.*/", ""),
                                             count)
  return made[#made]
end

--- Removes the files of all paths that were given.
function place.clear()
  for _, path in ipairs(made) do os.remove(path) end
  made = {}
end

setmetatable(place, { __gc = place.clear })

return place

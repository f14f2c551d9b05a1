-- Calls that have to be refused.

local mems = require "mems"

local CLOSED <const> = "mems is not initialised: call mems.init()"

local misuse = {}

--- The message of the error that f(...) raises. Fails if it raises none, or
-- if the default heap, should it be open, is damaged afterwards.
function misuse.refused(f, ...)
  local ok, message = pcall(f, ...)
  if ok then error("nothing was refused", 2) end
  local sound, damage = pcall(mems.check)
  if not sound and damage ~= CLOSED then error(damage, 2) end
  return message
end

return misuse

--- Memory of your own, from mmap, behind virtual addresses, with every access
-- checked.
--
-- `mems.FUNCTION(...)` works on the default heap, which @{init} opens, and
-- `heap:FUNCTION(...)` does the same on a heap that @{open} gave. The one
-- difference is how they are closed: `mems.finish()` and `heap:close()`.
--
-- An address is a light userdata, as @{malloc} gives it, or an integer. What
-- is wrong with a call raises an error; what the machine refuses gives nil, a
-- message and a code: `mems.EINVAL`, `mems.ENOMEM`, `mems.ELIMIT`,
-- `mems.EFOREIGN`, `mems.EFREED`, `mems.EINSIDE`, `mems.ERANGE`,
-- `mems.EINIT` or `mems.EBROKEN`.
--
-- `mems.types` has for each type its `name`, its `size` in bytes and, if it
-- is a number, its range from `min` to `max`; the `max` of `u64` is -1, as
-- unsigned integers wrap around in Lua. `mems._VERSION` is a string.
-- @module mems

return require "mems.core"

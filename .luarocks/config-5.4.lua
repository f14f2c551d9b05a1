-- Read by luarocks in this folder, which it takes for a project's because
-- there is a folder lua_modules as well. A project's rocks go there, where
-- no other program would find them; these go where Lua looks: root's into
-- /usr/local, a user's into ~/.luarocks.
local_by_default = true
home_tree = home ~= "/root" and home .. "/.luarocks" or "/usr/local"

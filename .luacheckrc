std = "lua54"
max_line_length = 80
files["spec"] = { std = "+busted" }
files[".luarocks"] = { std = "lua54" }

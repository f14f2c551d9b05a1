-- Programs that stress the allocator of a Lua state, each with a result: name
-- to code. bench/host.c measures them.

return {
  ["binary trees"] = [[
    local function tree(depth)
      if depth == 0 then return {} end
      return { tree(depth - 1), tree(depth - 1) }
    end
    local function count(t)
      return t[1] and 1 + count(t[1]) + count(t[2]) or 1
    end
    local sum, long = 0, tree(10)
    for i = 1, 40 do sum = sum + count(tree(i % 9)) end
    return sum + count(long)
  ]],
  ["string building"] = [[
    local parts, s = {}, ""
    for i = 1, 3000 do
      parts[#parts + 1] = ("%d:%s"):format(i, ("x"):rep(i % 37))
      if i % 10 == 0 then s = s .. parts[#parts] end
    end
    local all = table.concat(parts, ",")
    return #all .. s:sub(-20) .. all:gsub("x+", "y"):sub(-30)
  ]],
  closures = [[
    local function counter(n)
      return function(k) n = n + k return n end
    end
    local list = {}
    for i = 1, 2000 do list[i] = counter(i) end
    local sum = 0
    for round = 1, 3 do
      for i = 1, #list do sum = sum + list[i](round) end
      for i = 1, #list, 3 do list[i] = counter(round) end
    end
    return sum
  ]],
  coroutines = [[
    local function generate(n)
      return coroutine.wrap(function()
        for i = 1, n do coroutine.yield(i) end
      end)
    end
    local sum = 0
    for i = 1, 300 do
      for v in generate(i % 20) do sum = sum + v end
    end
    local threads = {}
    for i = 1, 200 do
      threads[i] = coroutine.create(function(a)
        local b = coroutine.yield(a .. i)
        return a .. b
      end)
    end
    local text = {}
    for i, t in ipairs(threads) do
      text[i] = select(2, coroutine.resume(t, "a"))
    end
    for i, t in ipairs(threads) do
      text[i] = text[i] .. select(2, coroutine.resume(t, "b"))
    end
    return sum .. table.concat(text):sub(1, 100)
  ]],
  ["tables and sorting"] = [[
    local t, seed = {}, 42
    for i = 1, 5000 do
      seed = seed * 1103515245 + 12345 & 0x7fffffff
      t[i] = seed % 1000
      t["k" .. seed % 500] = i
    end
    table.sort(t)
    local keys = 0
    for _ in pairs(t) do keys = keys + 1 end
    return table.concat(t, " ", 1, 20) .. keys
  ]],
}

--- What the examples of a document promise, checked as they run.

local promises = {}

--- Raises unless the values, as tostring shows them and with ", " between,
-- are the text.
function promises.gives(text, ...)
  local shown = table.pack(...)
  for i = 1, shown.n do shown[i] = tostring(shown[i]) end
  local given = table.concat(shown, ", ")
  if given ~= text then
    error(("gives %s, not %s"):format(given, text), 2)
  end
end

--- Raises unless the function raises an error that ends with the text.
function promises.raises(text, call)
  local ok, message = pcall(call)
  if ok or tostring(message):sub(-#text) ~= text then
    error(("%s, not the error %s"):format(ok and "no error" or message, text),
          2)
  end
end

return promises

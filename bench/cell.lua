--- What a cell of a table says.

local cell = {}

--- A figure in as many digits as mean something.
function cell.number(value)
  if not value then return "-" end
  if value >= 100 then return ("%.0f"):format(value) end
  return ("%.1f"):format(value)
end

--- `text` with the verdict on a bar, for those who work on mems: not in the
-- docs, and not for a smoke run.
function cell.judged(result, text, ok, bar)
  if result.smoke or result.unjudged then return text end
  return ("%s (%s%s)"):format(text, bar, ok and "" or " MISS")
end

return cell

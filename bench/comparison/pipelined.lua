-- wrk: 32 requests at once on each connection.
init = function()
  local requests = {}
  for i = 1, 32 do requests[i] = wrk.format() end
  together = table.concat(requests)
end

request = function() return together end

-- Tells what is used.
--
--   ARGV[5…] for each meter: kind, limit, period in ms, name
--
-- Returns for each meter what of a quota is only reserved, then for each what is used and
-- whether it is owed.

reclaim()
local answer = {}
for i = 1, #KEYS - 5 do
	local a = 5 + (i - 1) * 4
	answer[i] = ARGV[a] == 'q' and text(reservedOf(ARGV[a + 3])) or '0'
end
for i = 1, #KEYS - 5 do
	local a = 5 + (i - 1) * 4
	local kind, limit, period, name = ARGV[a], tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2]), ARGV[a + 3]
	local used, owed = 0, false
	if kind == 'r' then
		used = ceil(bucket(KEYS[i + 5], limit, period).level, period)
	elseif kind == 's' then
		used = tonumber(redis.call('HGET', slots, name) or 0)
	else
		used, owed = counted(redis.call('GET', KEYS[i + 5]) or '0?')
	end
	answer[#answer + 1] = text(used)
	answer[#answer + 1] = owed and '1' or '0'
end
return answer

-- Ends a claim: with an answer, with status 0 for one that cannot be kept, or with none.
--
--   KEYS[1]  as in begin.lua
--   ARGV     now in ms or 0 for the server's time, owner, and of an answer how long it is
--            kept in ms, status, header, body, stream, request

local known = redis.call('HMGET', KEYS[1], 'until', 'owner', 'status')
if not known[1] or known[2] ~= ARGV[2] then
	return 0
end
if #ARGV == 2 then
	return not known[3] and redis.call('DEL', KEYS[1]) or 0
end

local now = tonumber(ARGV[1])
if now == 0 then
	local t = redis.call('TIME')
	now = t[1] * 1000 + math.floor(t[2] / 1000)
end
if tonumber(known[1]) <= now then
	return 0
end
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + tonumber(ARGV[3])), 'status', ARGV[4], 'header', ARGV[5], 'body', ARGV[6],
	'stream', ARGV[7], 'request', ARGV[8])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1

-- Claims a request, or tells what is known of it.
--
--   KEYS[1]  hash: owner, fingerprint, until in ms, and with an answer its parts
--   ARGV     now in ms or 0 for the server's time, how long a claim lives in ms,
--            fingerprint, owner

local now = tonumber(ARGV[1])
if now == 0 then
	local t = redis.call('TIME')
	now = t[1] * 1000 + math.floor(t[2] / 1000)
end

local known = redis.call('HMGET', KEYS[1], 'until', 'owner', 'fingerprint', 'status')
local gone = not known[1] or tonumber(known[1]) <= now
if gone or not known[4] and known[2] == ARGV[4] then
	redis.call('DEL', KEYS[1])
	redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + tonumber(ARGV[2])), 'fingerprint', ARGV[3], 'owner', ARGV[4])
	redis.call('PEXPIRE', KEYS[1], ARGV[2])
	return { 'fresh' }
elseif known[3] ~= ARGV[3] then
	return { 'different' }
elseif not known[4] then
	return { 'running' }
elseif known[4] == '0' then
	return { 'unstorable' }
end
local answer = redis.call('HMGET', KEYS[1], 'status', 'header', 'body', 'stream', 'request')
return { 'answered', answer[1], answer[2], answer[3], answer[4], answer[5] }

-- Notes that a node lives, and tells how many do, whatever tenants they serve.
--
--   KEYS[1]  sorted set: node -> when it was last heard of, in ms
--
--   ARGV[1]  now in ms, 0 for the server's time
--   ARGV[2]  node
--   ARGV[3]  ms after which a node that is silent is gone

local now = tonumber(ARGV[1])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[3]))
redis.call('PEXPIRE', KEYS[1], 6 * ARGV[3])
return redis.call('ZCARD', KEYS[1])

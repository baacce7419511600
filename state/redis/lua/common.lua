-- What all scripts begin with. Each call is about one tenant, whose keys share a hash tag:
--
--   KEYS[1]  leases    sorted set: lease -> when it expires, or is forgotten, in ms
--   KEYS[2]  records   hash: lease -> what it holds
--   KEYS[3]  slots     hash: meter -> leases that are open, or what they reserve of a quota
--   KEYS[4]  nodes     sorted set: node -> when it last reserved, in ms
--   KEYS[5]  born      string that changes when the server has lost its data
--   KEYS[6…] one for each meter: a rate's bucket or a quota's count; KEYS[3] for slots
--
--   ARGV[1]  now in ms, 0 for the server's time, which alone counts: clocks of nodes differ
--   ARGV[2]  how long a lease lives, ARGV[3] how long it is kept after that, both in ms
--   ARGV[4]  the lease
--
-- Numbers are whole and below 2^53, where Lua counts exactly.

local leases, records, slots, nodes, born = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local expiry, afterlife, lease = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local now = tonumber(ARGV[1])
if now == 0 then
	local t = redis.call('TIME')
	now = t[1] * 1000 + math.floor(t[2] / 1000)
end

local fullest = 9000000000000000

local function text(n)
	return string.format('%.0f', tonumber(n))
end

local function ceil(a, b)
	return math.floor((a + b - 1) / b)
end

-- A record is "<when reserved> <open|dead>", and for each meter "<kind> <amount> <before>
-- <own> <name>": the amount that is counted, and for rates the mark of the reservation, as
-- limits.Mark has it. Of a quota, own is what of the amount is only reserved.
local function parse(record)
	local words = {}
	for word in string.gmatch(record, '%S+') do
		words[#words + 1] = word
	end
	local r = { at = tonumber(words[1]), dead = words[2] == 'dead' }
	for i = 3, #words, 5 do
		r[#r + 1] = { kind = words[i], amount = tonumber(words[i + 1]), before = tonumber(words[i + 2]),
			own = tonumber(words[i + 3]), name = words[i + 4] }
	end
	return r
end

local function write(id, r, score)
	local words = { text(r.at), r.dead and 'dead' or 'open' }
	for i = 1, #r do
		local h = r[i]
		words[#words + 1] = h.kind .. ' ' .. text(h.amount) .. ' ' .. text(h.before) .. ' ' .. text(h.own) .. ' ' .. h.name
	end
	redis.call('HSET', records, id, table.concat(words, ' '))
	redis.call('ZADD', leases, text(score), id)
end

local function forget(id)
	redis.call('HDEL', records, id)
	redis.call('ZREM', leases, id)
end

local function occupy(name, by)
	if by ~= 0 and redis.call('HINCRBY', slots, name, text(by)) <= 0 then
		redis.call('HDEL', slots, name)
	end
end

local function reservedOf(name)
	return tonumber(redis.call('HGET', slots, name) or 0)
end

-- reserve notes what of a lease's amount of a quota is only reserved from now on.
local function reserve(h, amount)
	occupy(h.name, amount - h.own)
	h.own = amount
end

-- Leases that nobody has renewed lose their places, and what they have reserved is taken for
-- used; long after, they are forgotten.
local function reclaim()
	for _, id in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', text(now), 'LIMIT', 0, 100)) do
		local record = redis.call('HGET', records, id)
		local r = record and parse(record)
		if not r or r.dead then
			forget(id)
		else
			for i = 1, #r do
				if r[i].kind == 's' then
					occupy(r[i].name, -r[i].amount)
					r[i].amount = 0
				elseif r[i].kind == 'q' then
					reserve(r[i], 0)
				end
			end
			r.dead = true
			write(id, r, now + afterlife)
		end
	end
end

-- A rate's bucket, as limits.Bucket has it.
local function bucket(key, limit, period)
	local b = { key = key, limit = limit, period = period, level = 0, at = now, returned = 0 }
	local value = redis.call('GET', key)
	if value then
		local level, at, returned = string.match(value, '(%S+) (%S+) (%S+)')
		b.level, b.at, b.returned = tonumber(level), tonumber(at), tonumber(returned)
	end
	local passed = now - b.at
	if passed < -period then
		b.at = now
	elseif passed > 0 then
		b.level, b.at = math.max(0, b.level - limit * passed), now
	end
	return b
end

local function store(b)
	b.level = math.min(b.level, fullest)
	redis.call('SET', b.key, text(b.level) .. ' ' .. text(b.at) .. ' ' .. text(b.returned), 'PX', text(ceil(b.level, b.limit) + 2 * b.period))
end

local function correct(b, mark, at, by)
	local change = by * b.period
	if by < 0 then
		local passed, left = math.max(0, now - at), 0
		if passed < b.period then
			left = math.min(math.max(0, mark.own + math.max(0, mark.before - b.returned) - b.limit * passed), b.level)
		end
		change = -math.min(-change, left)
		b.returned = b.returned - change
		mark.own, mark.before = mark.own + change, mark.before - change -- what a lease gives back is its own
	end
	b.level = b.level + change
	store(b)
end

-- A quota's count is a number; with "?" behind it what the ledger knows is not in it yet.
-- ends is 0 for a window that never does.
local function count(key, used, owed, ends)
	local value = text(math.max(0, used)) .. (owed and '?' or '')
	if ends == 0 then
		redis.call('SET', key, value)
	elseif ends + afterlife > now then
		redis.call('SET', key, value, 'PX', text(ends + afterlife - now))
	end
end

local function counted(value)
	return tonumber((string.gsub(value, '%?', ''))), string.sub(value, -1) == '?'
end

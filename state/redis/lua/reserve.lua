-- Takes the amounts of all meters or of none, and more of them in the same proportion for
-- the node's next requests, as long as that leaves plenty for others.
--
--   ARGV[5]  the node, ARGV[6] for how many more requests it wants to take
--   ARGV[7…] for each meter: kind, limit, amount, period or end of the window in ms, name,
--            and of a quota what the ledger knows: "" for not asked, with "?" for no answer
--
-- Returns one of
--   unknown, places of the quotas that the ledger is to be asked of
--   exists
--   refused, place, ms to wait, what of a quota is settled, then for each meter what is used
--            and whether it is owed
--   taken, for how many more requests, born, then likewise for each meter

local node, wanted = ARGV[5], tonumber(ARGV[6])
local meters, unknown = {}, {}

reclaim()
if redis.call('HEXISTS', records, lease) == 1 then
	return { 'exists' }
end
for i = 1, #KEYS - 5 do
	local a = 7 + (i - 1) * 6
	local m = { kind = ARGV[a], limit = tonumber(ARGV[a + 1]), amount = tonumber(ARGV[a + 2]), time = tonumber(ARGV[a + 3]),
		name = ARGV[a + 4], key = KEYS[i + 5], owed = false }
	local ledger = ARGV[a + 5]
	if m.kind == 'r' then
		m.bucket = bucket(m.key, m.limit, m.time)
	elseif m.kind == 's' then
		m.used = tonumber(redis.call('HGET', slots, m.name) or 0)
	else
		local value = redis.call('GET', m.key)
		if value then
			m.used, m.owed = counted(value)
			if m.owed and ledger ~= '' then
				local known, owed = counted(ledger)
				m.used, m.owed = math.max(m.used, known), owed
			end
		elseif ledger == '' then
			unknown[#unknown + 1] = text(i - 1)
		else
			m.used, m.owed = counted(ledger)
		end
	end
	meters[i] = m
end
if #unknown > 0 then
	return { 'unknown', unpack(unknown) }
end

local function report(answer)
	for i = 1, #meters do
		local m = meters[i]
		if m.bucket then
			m.used = ceil(m.bucket.level, m.time)
		end
		answer[#answer + 1] = text(m.used)
		answer[#answer + 1] = m.owed and '1' or '0'
	end
	return answer
end

for i = 1, #meters do
	local m, wait = meters[i], nil
	if m.bucket then
		local over = m.bucket.level - (m.limit - m.amount) * m.time
		if over > 0 then
			wait = ceil(over, m.limit)
		end
	elseif m.used + m.amount > m.limit then
		wait = m.kind == 'q' and m.time > 0 and math.max(0, m.time - now) or 0
	end
	if wait then
		local settled = m.kind == 'q' and math.max(0, m.used - reservedOf(m.name)) or 0
		return report({ 'refused', text(i - 1), text(wait), text(settled) })
	end
end

redis.call('ZADD', nodes, text(now), node)
redis.call('ZREMRANGEBYSCORE', nodes, '-inf', text(now - 10000))
redis.call('PEXPIRE', nodes, '60000')
local sharing = redis.call('ZCARD', nodes)
for i = 1, #meters do
	local m = meters[i]
	if m.amount > 0 and wanted > 0 then
		local used = m.bucket and ceil(m.bucket.level, m.time) or m.used
		wanted = math.min(wanted, math.floor((m.limit - used - m.amount) / (4 * sharing * m.amount)))
	end
end

local record = { at = now, dead = false }
for i = 1, #meters do
	local m = meters[i]
	local h = { kind = m.kind, amount = m.amount * (1 + wanted), before = 0, own = 0, name = m.name }
	if m.bucket then
		h.before, h.own = m.bucket.level + m.bucket.returned, h.amount * m.time
		m.bucket.level = m.bucket.level + h.own
		store(m.bucket)
	elseif m.kind == 's' then
		occupy(m.name, h.amount)
		m.used = m.used + h.amount
	else
		m.used = m.used + h.amount
		count(m.key, m.used, m.owed, m.time)
		reserve(h, h.amount)
	end
	record[i] = h
end
write(lease, record, now + expiry)
if redis.call('SETNX', born, lease) == 1 then
	redis.call('PEXPIRE', born, text(2 * (expiry + afterlife)))
end
return report({ 'taken', text(wanted), redis.call('GET', born) })

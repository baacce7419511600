-- Counts other amounts for a lease than it has reserved. The amounts are those that are to
-- be counted in all, so that it does no harm to send them again.
--
--   ARGV[5]  what to do:
--            amend   the lease stays open
--            renew   likewise, and lives on
--            settle  the lease ends
--            void    it is not known whether it was ever reserved; if not, it must not be
--            post    it was never reserved: the server was away, or it is a correction
--   ARGV[6]  born, as it was when the lease was reserved
--   ARGV[7…] for each meter: kind, limit, amount, period or end of the window in ms, name,
--            what of the amount is only reserved
--
-- Returns born.

local what, before = ARGV[5], ARGV[6]

reclaim()
local current = redis.call('GET', born) or ''
local record = redis.call('HGET', records, lease)
local r = record and parse(record)
local ends = what == 'settle' or what == 'void'

if not r then
	-- Who has settled before is not known any more; who reserved before the data were lost
	-- is not known either, but must count.
	if what ~= 'post' and what ~= 'void' and before == current then
		return current
	end
	if current == '' then
		current = lease
		redis.call('SET', born, current, 'PX', text(2 * (expiry + afterlife)))
	end
	r = { at = now, dead = ends or what == 'post' }
	for i = 1, #KEYS - 5 do
		local a = 7 + (i - 1) * 6
		r[i] = { kind = ARGV[a], amount = 0, before = 0, own = 0, name = ARGV[a + 4] }
	end
	ends = false -- what is left tells that it has been counted
elseif #r == 0 or what == 'post' then
	return current
end

for i = 1, #r do
	local a, h = 7 + (i - 1) * 6, r[i]
	local limit, amount, time = tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3])
	local by = amount - h.amount
	if h.kind == 's' then
		if r.dead then
			by = -h.amount
		end
		occupy(h.name, by)
		h.amount = h.amount + by
	elseif h.kind == 'r' then
		if by ~= 0 then
			correct(bucket(KEYS[i + 5], limit, time), h, r.at, by)
			h.amount = amount
		end
	else
		local value = by ~= 0 and redis.call('GET', KEYS[i + 5])
		if value then -- else the ledger will be asked, which knows better
			local used, owed = counted(value)
			count(KEYS[i + 5], used + by, owed, time)
			h.amount = amount
		end
		reserve(h, (r.dead or ends) and 0 or tonumber(ARGV[a + 5]))
	end
end

if ends then
	forget(lease)
elseif not record and r.dead then
	redis.call('HSET', records, lease, text(r.at) .. ' dead')
	redis.call('ZADD', leases, text(now + afterlife), lease)
else
	local score = tonumber(redis.call('ZSCORE', leases, lease) or 0)
	if not r.dead and (what == 'renew' or not record) then
		score = math.max(score, now + expiry)
	end
	write(lease, r, score)
end
return current

-- Finds out whether the server does what the other scripts ask of it.
--
--   KEYS[1]  string that is soon gone

return redis.call('SET', KEYS[1], '', 'PX', 1000)

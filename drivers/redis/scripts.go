package redis

import goredis "github.com/redis/go-redis/v9"

// A user's index is a sorted set of session IDs. The score is until when the entry holds though the session may not be
// saved yet, in milliseconds by the server's clock. add's first argument is an option of ZADD: CH, which has no effect
// here, or GT, which does not lower a score. Each script touches that one key, which a Cluster asks for.
const (
	scriptNow = `
local function now()
	local t = redis.call('TIME')
	return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function add(how, id, life, keep)
	redis.call('ZADD', KEYS[1], how, string.format('%.0f', now() + life), id)
	if redis.call('PTTL', KEYS[1]) < life + keep then
		redis.call('PEXPIRE', KEYS[1], string.format('%.0f', life + keep))
	end
end
`

	// addEntry adds the session ARGV[1] for ARGV[2] ms, makes the set live for ARGV[3] ms more than that, and returns
	// up to ARGV[5] entries, with their scores, that ended more than ARGV[4] ms ago.
	addEntry = scriptNow + `
add('CH', ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]))
local most = string.format('%.0f', now() - ARGV[4])
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', most, 'WITHSCORES', 'LIMIT', 0, ARGV[5])
`

	// listEntries returns the time, then every entry and its score by turns.
	listEntries = scriptNow + `
local list = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
table.insert(list, 1, string.format('%.0f', now()))
return list
`

	// settleEntries takes triples of a session, the score that was seen, and for how many ms the session lives still.
	// What lives is added anew, what does not is removed. An entry whose score changed meanwhile was set again, and is
	// left alone. ARGV[1] is as addEntry's ARGV[3].
	settleEntries = scriptNow + `
for i = 2, #ARGV, 3 do
	local id, seen, life = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
	if redis.call('ZSCORE', KEYS[1], id) == seen then
		if life > 0 then
			add('CH', id, life, tonumber(ARGV[1]))
		else
			redis.call('ZREM', KEYS[1], id)
		end
	end
end
return 0
`

	// keepEntries takes pairs of a session and for how many ms its entry must hold from now. It shortens none. ARGV[1] is as
	// addEntry's ARGV[3].
	keepEntries = scriptNow + `
for i = 2, #ARGV, 2 do
	add('GT', ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[1]))
end
return 0
`
)

var (
	addScript    = goredis.NewScript(addEntry)
	listScript   = goredis.NewScript(listEntries)
	settleScript = goredis.NewScript(settleEntries)
	keepScript   = goredis.NewScript(keepEntries)
)

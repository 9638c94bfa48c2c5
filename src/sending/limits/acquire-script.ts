import { script } from '../../redis.js';

/**
 * The account's schedule of calls, over all processes: a token bucket in its virtual-scheduling form (ITU-T I.371, GCRA)
 * by Redis's own clock. `tat` is the time of the next free slot in µs. A grant is so many slots, one interval apart.
 *
 * A schedule that was lost (an emptied Redis, or a clock that was set back) begins when every slot it may have given is
 * past; one that is new, for Redis has not been emptied lately, at once. While the breaker is open (`breaker.ts`) nothing
 * is granted, then one slot at a time.
 * KEYS 1: the account; 2: the campaign, if it has a rate of its own; 3: since when Redis holds what it holds.
 * ARGV: wanted, whether for a campaign, the campaign's rate (0: none); then horizon, ahead, refresh, recovery, probe in µs,
 * and the day's reserve.
 * Returns granted, µs until the first slot, µs between slots, µs to wait before asking again, why (`WHY` in limiter.ts), whether to
 * ask SES (0, ASK_AGAIN, ASK_FIRST), and whether clear answers are waited for.
 */
export const acquireScript = script(`
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local wanted, is_bulk, own_rate = tonumber(ARGV[1]), ARGV[2] == '1', tonumber(ARGV[3])
local horizon, ahead, refresh, recovery, probe_for =
  tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local h = redis.call('HMGET', KEYS[1], 'tat', 'rate', 'left', 'max', 'asked', 'slow', 'slowAt', 'unclear', 'openUntil', 'probeUntil')
local tat, rate, left, asked = tonumber(h[1]), tonumber(h[2]), tonumber(h[3]), tonumber(h[5])
local ask = 0
if not asked or asked > now or now - asked > refresh or (not rate and now - asked > 5000000) then
  ask = rate and 1 or 2
  redis.call('HSET', KEYS[1], 'asked', now)
end
redis.call('PEXPIRE', KEYS[1], 86400000)
if rate and h[6] then
  rate = rate * math.min(1, tonumber(h[6]) + math.max(0, now - tonumber(h[7])) / recovery)
end
local interval = 1000000 / (rate or 1)
local direct_horizon = horizon + math.min(2 * interval, ahead)
if not tat or tat > now + 3 * direct_horizon + interval then
  local filled = tonumber(redis.call('GET', KEYS[3]) or '')
  local is_new = not tat and filled and now - filled > horizon + ahead
  tat = is_new and now or now + direct_horizon
  redis.call('HSET', KEYS[1], 'tat', string.format('%.0f', tat))
end
local watched = h[8] and 1 or 0
local function none(wait, why) return {0, 0, 0, math.max(1000, math.ceil(wait)), why, ask, watched} end
if not rate then return none(250000, 0) end

local is_probe = false
if h[9] then
  local free = math.max(tonumber(h[9]), tonumber(h[10] or '0'))
  if free > now then return none(free - now, 2) end
  is_probe = true
  wanted = 1
end

if left then
  if is_bulk then left = left - math.max(0, math.floor(tonumber(h[4] or '0') * tonumber(ARGV[9]))) end
  if left < 1 then return none(5000000, 1) end
  wanted = math.min(wanted, math.floor(left))
end

local own_tat, own_interval, burst
if own_rate > 0 then
  own_interval = 1000000 / own_rate
  burst = math.max(0, horizon - own_interval)
  own_tat = tonumber(redis.call('GET', KEYS[2]) or tostring(now + burst + own_interval))
  if own_tat > now + horizon + 2 * own_interval then own_tat = now + burst + own_interval end
  own_tat = math.max(own_tat, now)
  local room = math.floor((now + burst - own_tat) / own_interval) + 1
  if room < 1 then
    redis.call('SET', KEYS[2], string.format('%.0f', own_tat), 'PX', 86400000)
    return none(own_tat - now - burst, 3)
  end
  wanted = math.min(wanted, room)
end

if tat < now then tat = now end
local limit = is_bulk and horizon or direct_horizon
local room = math.floor((now + limit - tat) / interval)
if room < 1 and interval > limit and tat <= now + limit then room = 1 end
local least = 1
if is_bulk then least = math.min(wanted, math.max(1, math.floor(horizon / interval / 2))) end
if room < least then
  local free = interval > limit and tat or tat + least * interval
  return none(free - now - limit, 0)
end
local n = math.min(wanted, room)
redis.call('HSET', KEYS[1], 'tat', string.format('%.0f', tat + n * interval))
if left then redis.call('HINCRBYFLOAT', KEYS[1], 'left', -n) end
if own_tat then
  redis.call('SET', KEYS[2], string.format('%.0f', own_tat + n * own_interval), 'PX', 86400000)
end
if is_probe then redis.call('HSET', KEYS[1], 'probeUntil', now + probe_for) end
return {n, math.floor(tat - now), string.format('%.3f', interval), 0, 0, ask, watched}
`);

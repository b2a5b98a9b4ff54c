import { NOW } from './scripts.ts';
import type { Script } from './scripts.ts';

/**
 * Gives back units that were debited and not spent, to those windows they were debited from: a window that
 * has ended, or that a reset has closed, is left alone. Sent once and never again: twice would give back
 * what was not debited.
 *
 * KEYS    the counters
 * ARGV    units; then for each counter: epoch, n, then for each of its n windows: u<window>, e<window>, end,
 *         and the maximum by which others may have refused (0: not known)
 * RETURN  how many windows took the units; for each counter 1 where a window of it had nothing left, and has now
 */
export const GIVE_BACK: Script = {
  name: 'give_back',
  lua: `${NOW}
local units = tonumber(ARGV[1])
local reply = {0}
local p = 2
for k = 1, #KEYS do
  reply[1 + k] = 0
  local n = tonumber(ARGV[p + 1])
  local same = tonumber(redis.call('HGET', KEYS[k], 'epoch') or 0) == tonumber(ARGV[p])
  p = p + 2
  for i = 1, n do
    local held = redis.call('HMGET', KEYS[k], ARGV[p], ARGV[p + 1])
    local used, ending = tonumber(held[1] or 0), tonumber(held[2] or 0)
    if same and ending == tonumber(ARGV[p + 2]) and ending > now and used >= units then
      redis.call('HINCRBY', KEYS[k], ARGV[p], -units)
      reply[1] = reply[1] + 1
      local maximum = tonumber(ARGV[p + 3])
      if maximum == 0 or (used >= maximum and used - units < maximum) then reply[1 + k] = 1 end
    end
    p = p + 4
  end
end
return reply
`,
};

/**
 * Charges what a replica admitted by itself while it could not reach Redis, even above the limit: then
 * nothing more is admitted until the window ends. A debt is known by its name, so that it can be sent again
 * after a lost answer and is charged once.
 *
 * KEYS    the counters
 * ARGV    name; then for each counter: n, then for each of its n windows: u<window>, e<window>, units, and
 *         µs left or the calendar's boundaries in µs, ascending and separated by commas
 * RETURN  1; 0 if the debt was charged before
 */
export const CHARGE_DEBT: Script = {
  name: 'charge_debt',
  lua: `${NOW}
local lives = redis.call('PTTL', KEYS[1])
if redis.call('HSETNX', KEYS[1], 'debt' .. ARGV[1], 1) == 0 then return {0} end
if lives < 60000 then
  local set = redis.pcall('PEXPIRE', KEYS[1], 60000)
  if type(set) == 'table' and set.err then
    -- Without the right to set an end nothing may stay.
    redis.call('HDEL', KEYS[1], 'debt' .. ARGV[1])
    return set
  end
end
local p = 2
for k = 1, #KEYS do
  local n = tonumber(ARGV[p])
  p = p + 1
  local longest = 60000000
  for i = 1, n do
    local units, left = tonumber(ARGV[p + 2]), tonumber(ARGV[p + 3])
    if not left then
      left = 0
      for boundary in string.gmatch(ARGV[p + 3], '%d+') do
        if left <= 0 then left = tonumber(boundary) - now end
      end
    end
    if units > 0 and left > 0 then
      local ending = tonumber(redis.call('HGET', KEYS[k], ARGV[p + 1]) or 0)
      if ending > now then
        redis.call('HINCRBY', KEYS[k], ARGV[p], units)
      else
        redis.call('HSET', KEYS[k], ARGV[p], units, ARGV[p + 1], now + left)
        if left > longest then longest = left end
      end
    end
    p = p + 4
  end
  local ms = math.ceil(longest / 1000) + 1
  if redis.call('EXISTS', KEYS[k]) == 1 and redis.call('PTTL', KEYS[k]) < ms then
    redis.call('PEXPIRE', KEYS[k], ms)
  end
end
return {1}
`,
};

/**
 * Tells the mesh that a replica is there, and the replica how many are.
 *
 * KEYS    the sorted set of replicas, scored by when they were last seen (µs)
 * ARGV    the replica's id; µs after which a replica is gone; 1, or 0 if it says good-bye
 * RETURN  how many replicas are there
 */
export const HEARTBEAT: Script = {
  name: 'heartbeat',
  lua: `${NOW}
if ARGV[3] == '1' then
  redis.call('ZADD', KEYS[1], now, ARGV[1])
  local set = redis.pcall('PEXPIRE', KEYS[1], math.ceil(ARGV[2] / 1000) * 2)
  if type(set) == 'table' and set.err then
    redis.call('ZREM', KEYS[1], ARGV[1])
    return set
  end
else
  redis.call('ZREM', KEYS[1], ARGV[1])
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
return {redis.call('ZCARD', KEYS[1])}
`,
};

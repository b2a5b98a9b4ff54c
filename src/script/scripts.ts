import type { StoreScript } from '../quota/counter-metrics.ts';

// The Lua scripts: each is one decision of Redis, so nothing comes between its reading and its writing.
//
// A counter is ONE hash, whatever the number of its windows:
//   epoch        µs, set by a reset: units debited before it never come back
//   u<window>    units used
//   e<window>    µs, when the window ends by this Redis's clock
// One hash costs three commands a decision (HMGET, TIME, HSET) where a key for each window costs five for
// two windows and nine for four. Its TTL outlasts every window in it and only bounds memory: what decides is
// `e`, compared with TIME of the same Redis, so that no replica's clock decides anything and no expiry can
// fall between two commands of a script. A script whose TIME moves on after its keys' expiry was frozen
// finds an ended window, opens a new one and sets the TTL again: no key stays without one.
//
// Numbers are Lua's doubles: exact to 2^53, so sums that could be larger are never formed.

export interface Script {
  readonly name: StoreScript;
  readonly lua: string;
}

/** Now in µs, exact until the year 2255. */
export const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
`;

/**
 * Charges multiples of each counter's cost to all windows of all counters, or changes nothing.
 *
 * KEYS    one hash a counter, all of one hash tag
 * ARGV    want: multiples asked for (0: only tell); least: fewer than this are refused;
 *         need: so many are for hits that wait, the rest is to be kept as a lease;
 *         share: of what remains beyond the need, a lease may have one part in so many;
 *         then for each counter: cost, n, then u<window>, e<window> for n windows,
 *         then n maxima, then n spans: microseconds from the first hit, or the calendar's boundaries in
 *         µs, ascending and separated by commas
 * RETURN  the multiples granted; the epoch of each counter; then for each window of each counter: used,
 *         µs left (-1: not open), end in µs. An error CALENDAR where the clock is past every boundary sent.
 */
export const TAKE: Script = {
  name: 'take',
  lua: `${NOW}
local call = redis.call
local want = tonumber(ARGV[1])
local least = tonumber(ARGV[2])
local need = tonumber(ARGV[3])
local granted = want
local room = math.huge
local reply = {0}
local place = 1 + #KEYS
local p = 5
for k = 1, #KEYS do
  local cost = ARGV[p]
  local n = ARGV[p + 1]
  local fields = p + 2
  local held = call('HMGET', KEYS[k], 'epoch', unpack(ARGV, fields, fields + 2 * n - 1))
  reply[1 + k] = held[1] and tonumber(held[1]) or 0
  p = fields + 2 * n
  for i = 1, n do
    local span = ARGV[p + n]
    local ending = held[2 * i + 1]
    ending = ending and tonumber(ending) or 0
    local left = ending - now
    local used = 0
    local whole = tonumber(span)
    if left > 0 then
      used = tonumber(held[2 * i])
      if whole and left > whole then
        -- The clock was set back: the window would outlast its length.
        ending = now + whole
        left = whole
        if want > 0 then call('HSET', KEYS[k], ARGV[fields + 2 * i - 1], ending) end
      end
    else
      left = -1
      if whole then
        ending = now + whole
      else
        for boundary in string.gmatch(span, '%d+') do
          ending = tonumber(boundary)
          if ending > now then break end
        end
        if ending <= now then
          return redis.error_reply('CALENDAR this Redis is ahead of the boundaries sent')
        end
      end
    end
    local fits = math.floor((ARGV[p] - used) / cost)
    if fits < room then room = fits end
    reply[place + 1] = used
    reply[place + 2] = left
    reply[place + 3] = ending
    place = place + 3
    p = p + 1
  end
  p = p + n
end
if granted > room then granted = room end
if granted > need then
  local spare = math.floor((room - need) / ARGV[4])
  if granted - need > spare then granted = need + spare end
end
if granted < least or granted < 1 then return reply end
reply[1] = granted
place = 1 + #KEYS
p = 5
for k = 1, #KEYS do
  local units = granted * ARGV[p]
  local n = ARGV[p + 1]
  p = p + 2
  local writes = {}
  local opened = 0
  for i = 1, n do
    local used = reply[place + 1] + units
    reply[place + 1] = used
    local w = #writes
    writes[w + 1] = ARGV[p]
    writes[w + 2] = used
    if reply[place + 2] < 0 then
      local ending = reply[place + 3]
      writes[w + 3] = ARGV[p + 1]
      writes[w + 4] = ending
      reply[place + 2] = ending - now
      if ending - now > opened then opened = ending - now end
    end
    place = place + 3
    p = p + 2
  end
  local ms = math.ceil(opened / 1000) + 1
  local lives = opened > 0 and call('PTTL', KEYS[k]) or ms
  call('HSET', KEYS[k], unpack(writes))
  if lives < ms then
    local set = redis.pcall('PEXPIRE', KEYS[k], ms)
    if type(set) == 'table' and set.err then
      -- Without the right to set an end nothing may stay.
      for w = 1, #writes, 2 do call('HDEL', KEYS[k], writes[w]) end
      return set
    end
  end
  p = p + 2 * n
end
return reply
`,
};

/** TAKE that wants nothing: it only reads the windows. */
export const PEEK: Script = { ...TAKE, name: 'peek' };

/**
 * Closes all windows of one counter. The epoch stays behind for as long as the counter would have lived, so
 * that units debited before the reset can't come back to windows opened after it.
 *
 * KEYS    the counter
 * RETURN  how many windows were open; the epoch from now on, 0 if there was nothing to reset
 */
export const RESET: Script = {
  name: 'reset',
  lua: `${NOW}
local held = redis.call('HGETALL', KEYS[1])
local open = 0
local fields = {}
for i = 1, #held, 2 do
  local kind = string.sub(held[i], 1, 1)
  if kind == 'e' and held[i] ~= 'epoch' and tonumber(held[i + 1]) > now then open = open + 1 end
  if held[i] ~= 'epoch' then fields[#fields + 1] = held[i] end
end
if #fields == 0 then return {0, tonumber(redis.call('HGET', KEYS[1], 'epoch') or 0)} end
redis.call('HSET', KEYS[1], 'epoch', now)
-- Lua takes no more than some thousand arguments at once.
for first = 1, #fields, 1000 do
  redis.call('HDEL', KEYS[1], unpack(fields, first, math.min(first + 999, #fields)))
end
return {open, now}
`,
};

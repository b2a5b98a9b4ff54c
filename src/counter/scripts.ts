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
  readonly lua: string;
}

/** Now in µs, exact until the year 2255. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
`;

/**
 * Charges multiples of each counter's cost to all windows of all counters, or changes nothing.
 *
 * KEYS    one hash a counter, all of one hash tag
 * ARGV    want: multiples asked for (0: only tell); least: fewer than this are refused;
 *         then for each counter: cost, n, then u<window>, e<window> for n windows,
 *         then n maxima, then n spans: microseconds from the first hit, or the calendar's boundaries in
 *         µs, ascending and separated by commas
 * RETURN  the multiples granted; the epoch of each counter; then for each window of each counter: used,
 *         µs left (-1: not open), end in µs. An error CALENDAR where the clock is past every boundary sent.
 */
export const TAKE: Script = {
  lua: `${NOW}
local want = tonumber(ARGV[1])
local least = tonumber(ARGV[2])
local granted = want
local reply = {0}
local plans = {}
local p = 3
for k = 1, #KEYS do
  local cost = tonumber(ARGV[p])
  local n = tonumber(ARGV[p + 1])
  local fields = p + 2
  local held = redis.call('HMGET', KEYS[k], 'epoch', unpack(ARGV, fields, fields + 2 * n - 1))
  reply[#reply + 1] = tonumber(held[1]) or 0
  local windows = {}
  for i = 1, n do
    local used = tonumber(held[2 * i]) or 0
    local ending = tonumber(held[2 * i + 1]) or 0
    local maximum = tonumber(ARGV[fields + 2 * n + i - 1])
    local span = ARGV[fields + 3 * n + i - 1]
    local whole = tonumber(span)
    local opens = ending <= now
    local moved = false
    if opens then
      used = 0
      if whole then
        ending = now + whole
      else
        ending = 0
        for boundary in string.gmatch(span, '%d+') do
          ending = tonumber(boundary)
          if ending > now then break end
        end
        if ending <= now then
          return redis.error_reply('CALENDAR this Redis is ahead of the boundaries sent')
        end
      end
    elseif whole and ending - now > whole then
      -- The clock was set back: the window would outlast its length.
      ending = now + whole
      moved = want > 0
    end
    local room = math.floor((maximum - used) / cost)
    if room < granted then granted = room end
    windows[i] = {used, ending, opens, moved}
  end
  plans[k] = {cost, n, fields, windows}
  p = fields + 4 * n
end
if granted < least then granted = 0 end
reply[1] = granted
for k = 1, #KEYS do
  local cost, n, fields, windows = unpack(plans[k])
  local writes = {}
  local longest = 0
  for i = 1, n do
    local used, ending, opens, moved = unpack(windows[i])
    if granted > 0 then
      used = used + granted * cost
      writes[#writes + 1] = ARGV[fields + 2 * i - 2]
      writes[#writes + 1] = used
    end
    if moved or (opens and granted > 0) then
      writes[#writes + 1] = ARGV[fields + 2 * i - 1]
      writes[#writes + 1] = ending
      if ending - now > longest then longest = ending - now end
      opens = false
    end
    reply[#reply + 1] = used
    reply[#reply + 1] = opens and -1 or ending - now
    reply[#reply + 1] = ending
  end
  if #writes > 0 then
    redis.call('HSET', KEYS[k], unpack(writes))
    if longest > 0 then
      local ms = math.ceil(longest / 1000) + 1
      if redis.call('PTTL', KEYS[k]) < ms then redis.call('PEXPIRE', KEYS[k], ms) end
    end
  end
end
return reply
`,
};

/**
 * Closes all windows of one counter. The epoch stays behind for as long as the counter would have lived, so
 * that units debited before the reset can't come back to windows opened after it.
 *
 * KEYS    the counter
 * RETURN  how many windows were open
 */
export const RESET: Script = {
  lua: `${NOW}
local held = redis.call('HGETALL', KEYS[1])
local open = 0
local fields = {}
for i = 1, #held, 2 do
  local kind = string.sub(held[i], 1, 1)
  if kind == 'e' and held[i] ~= 'epoch' and tonumber(held[i + 1]) > now then open = open + 1 end
  if held[i] ~= 'epoch' then fields[#fields + 1] = held[i] end
end
if #fields > 0 then
  redis.call('HSET', KEYS[1], 'epoch', now)
  redis.call('HDEL', KEYS[1], unpack(fields))
end
return {open}
`,
};

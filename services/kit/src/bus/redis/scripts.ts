import { Script } from './connection.ts';

// The rules of a queue, each one atomic on the server and by the server's clock.
//
// items    stream of all that is not done; an item's entry is its identity and is deleted with its ack or burial
// pending  the group's list of deliveries: who is leased out, since when, for which time
// delayed  sorted set of what was handed back, by when it may be taken again; such an item is not pending
// notes    what is known of an item that was handed back: attempts made, then a line for each that gave a reason
// leases   the token that owns an item
// token    the greatest token given out
// dead     stream of dead letters
//
// One name owns all deliveries of the group: the token tells leases apart, and a name for each process would be left
// behind by each that dies.

const PRELUDE = `
local items, dead, bell, delayed, notes, leases, token = unpack(KEYS, 1, 7)
local group, owner = ARGV[1], 'penstock'

local function micros()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

local function millis() return math.floor(micros() / 1000) end

local function note(id)
  local text = redis.call('HGET', notes, id) or '0\\n'
  local attempts, history = string.match(text, '^(%d+)\\n(.*)$')
  return tonumber(attempts), history
end

-- The delivery that this token owns: id, owner, idle time, deliveries. False when the lease is over.
local function owned(id, held, ack_wait)
  if redis.call('HGET', leases, id) ~= held then return false end
  local delivery = redis.call('XPENDING', items, group, id, id, 1)[1]
  return delivery and delivery[3] < tonumber(ack_wait) and delivery
end

local function remove(id)
  redis.call('XACK', items, group, id)
  redis.call('XDEL', items, id)
  redis.call('HDEL', leases, id)
  redis.call('HDEL', notes, id)
end

local function bury(id, fields, attempts, history)
  redis.call('XADD', dead, '*', 'item', id, 'attempts', attempts, 'history', history, unpack(fields))
  remove(id)
end

local function hand_back(id, attempts, history, delay)
  redis.call('HSET', notes, id, attempts .. '\\n' .. history)
  redis.call('ZADD', delayed, millis() + delay, id)
  redis.call('XACK', items, group, id)
  redis.call('HDEL', leases, id)
  redis.call('PUBLISH', bell, '')
end
`;

/** A full server refuses these before they begin; the others make room. */
const growing = (body: string): Script => new Script(`#!lua\n${PRELUDE}${body}`);
const settling = (body: string): Script => new Script(`#!lua flags=allow-oom\n${PRELUDE}${body}`);

/** @returns id, and 1 when an item with this key was there */
export const PUBLISH = growing(`
local before = redis.call('GET', KEYS[8])
if before then return {before, 1} end
local _, window, key, headers, payload = unpack(ARGV)
local id = redis.call('XADD', items, 'NOMKSTREAM', '*', 'key', key, 'headers', headers, 'payload', payload)
if not id then return redis.error_reply('NOGROUP there is no stream ' .. items) end
redis.call('SET', KEYS[8], id, 'PX', window)
redis.call('PUBLISH', bell, '')
return {id, 0}
`);

/**
 * Leases what may be taken: leases that ran out (only when asked to look for them: that reads all that are out), then
 * what was handed back and is due, then what nobody has seen. Items whose attempts or time are used up become dead
 * letters on the way. A token is the time in microseconds, or one more than the last when that is greater: it grows
 * even on a server that lost its last writes.
 *
 * @returns items as id, token, attempt, key, headers, payload; how many were buried; milliseconds until one is due or -1
 */
export const CLAIM = settling(`
local max, most_pending, ack_wait, max_attempts, retention = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local look_for_expired, over = ARGV[7] == '1', ARGV[8]
local now = millis()
local last = math.max(tonumber(redis.call('GET', token) or 0), micros())
local taken, buried = {}, 0

local function take(id, fields, attempt)
  local attempts, history = note(id)
  local published = tonumber(string.match(id, '^%d+'))
  if attempt > max_attempts or published + retention <= now then
    bury(id, fields, attempt - 1, attempt > max_attempts and history or history .. over .. '\\n')
    buried = buried + 1
    return
  end
  last = last + 1
  local own = string.format('%.0f', last)
  redis.call('HSET', leases, id, own)
  taken[#taken + 1] = {id, own, attempt, fields[2], fields[4], fields[6]}
end

local pending = redis.call('XPENDING', items, group)[1]
local cursor = look_for_expired and '0-0'
while cursor and #taken < max do
  local found = redis.call('XAUTOCLAIM', items, group, owner, ack_wait, cursor, 'COUNT', max - #taken)
  for _, entry in ipairs(found[2]) do
    take(entry[1], entry[2], redis.call('XPENDING', items, group, entry[1], entry[1], 1)[1][4])
  end
  cursor = found[1] ~= '0-0' and found[1]
end

local room = math.min(max - #taken, most_pending - pending)
if room > 0 then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', 0, room)) do
    local attempt = note(id) + 1
    redis.call('ZREM', delayed, id)
    local entry = redis.call('XCLAIM', items, group, owner, 0, id, 'RETRYCOUNT', attempt, 'FORCE')[1]
    if entry then take(id, entry[2], attempt) end
    room = room - 1
  end
end
if room > 0 then
  local unseen = redis.call('XREADGROUP', 'GROUP', group, owner, 'COUNT', room, 'STREAMS', items, '>')
  for _, entry in ipairs(unseen and unseen[1][2] or {}) do take(entry[1], entry[2], 1) end
end
if #taken > 0 then redis.call('SET', token, string.format('%.0f', last)) end
local first = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
return {taken, buried, first[2] and math.max(0, first[2] - now) or -1}
`);

/** Every settlement returns 0 when the lease is over. */
export const EXTEND = settling(`
local _, id, held, ack_wait = unpack(ARGV)
if not owned(id, held, ack_wait) then return 0 end
redis.call('XCLAIM', items, group, owner, 0, id, 'JUSTID')
return 1
`);

export const ACK = settling(`
local _, id, held, ack_wait = unpack(ARGV)
if not owned(id, held, ack_wait) then return 0 end
remove(id)
return 1
`);

export const RELEASE = settling(`
local _, id, held, ack_wait = unpack(ARGV)
local delivery = owned(id, held, ack_wait)
if not delivery then return 0 end
local _, history = note(id)
hand_back(id, delivery[4] - 1, history, 0)
return 1
`);

/** @returns 1 for an item that will be tried again, 2 for a dead letter */
export const FAIL = settling(`
local _, id, held, ack_wait, record, is_last, delay = unpack(ARGV)
local delivery = owned(id, held, ack_wait)
if not delivery then return 0 end
local _, history = note(id)
history = history .. record .. '\\n'
if is_last == '1' then
  bury(id, redis.call('XRANGE', items, id, id)[1][2], delivery[4], history)
  return 2
end
hand_back(id, delivery[4], history, tonumber(delay))
return 1
`);

/** @returns ready, delayed, leased, dead-lettered */
export const DEPTH = new Script(`#!lua flags=no-writes
${PRELUDE}
local leased = redis.call('XPENDING', items, group)[1]
local waiting = redis.call('ZCOUNT', delayed, '(' .. millis(), '+inf')
return {redis.call('XLEN', items) - leased - waiting, waiting, leased, redis.call('XLEN', dead)}
`);

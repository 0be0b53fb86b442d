"""The one script in which a seed is loaded into Redis: the ledger, the checks and the commands, as one unit.

Redis runs a script alone and keeps its effects together, so two loaders cannot meet and a killed one leaves nothing
but its stage, which expires. A script has no way back of its own: this one remembers what was there (DUMP) of every
key before it is touched, and puts it back where a command is refused or a person must be asked first.
"""

from __future__ import annotations

SCRIPT = """\
local name, digest, again, consented, stage, expected, nonce = unpack(ARGV)
local LEDGER, KEYS_PUT = 'devenv:seeds', 'devenv:keys'
local call, try = redis.call, redis.pcall

local function answer(found)
  call('DEL', stage)
  return 'devenv:' .. nonce .. ':' .. cjson.encode(found)
end

local function hashed(parts, step)
  local found = {}
  for i = 1, #parts, step do
    local text = ''
    for j = i, i + step - 1 do text = text .. #parts[j] .. ':' .. parts[j] end
    found[#found + 1] = redis.sha1hex(text)
  end
  return found
end

-- What a value is, whatever its encoding and the order of what has none; nil where there is no key.
local function print_of(key)
  local kind = call('TYPE', key).ok
  local parts
  if kind == 'none' then return nil end
  if kind == 'string' then
    parts = {call('GET', key)}
  elseif kind == 'list' then
    parts = hashed(call('LRANGE', key, 0, -1), 1)
  elseif kind == 'zset' then
    parts = hashed(call('ZRANGE', key, 0, -1, 'WITHSCORES'), 2)
  elseif kind == 'set' then
    parts = hashed(call('SMEMBERS', key), 1)
    table.sort(parts)
  elseif kind == 'hash' then
    parts = hashed(call('HGETALL', key), 2)
    table.sort(parts)
  elseif kind == 'stream' then
    parts = {}
    for _, each in ipairs(call('XRANGE', key, '-', '+')) do
      parts[#parts + 1] = each[1] .. table.concat(hashed(each[2], 1))
    end
  else
    parts = {call('DUMP', key)}
  end
  return redis.sha1hex(kind .. ':' .. table.concat(parts, ' '))
end

local entry = call('HGET', LEDGER, name)
if entry and again ~= '1' and cjson.decode(entry).digest == digest then return answer({state = 'same'}) end
if call('LLEN', stage) ~= tonumber(expected) then return answer({state = 'short'}) end

local owners = {}
local flat = call('HGETALL', KEYS_PUT)
for i = 1, #flat, 2 do owners[flat[i]] = {print = flat[i + 1]:sub(1, 40), name = flat[i + 1]:sub(41)} end
flat = nil

local before, touched, place_of = {}, {}, {}
local function keep(key, place)
  if before[key] then return end
  local dump = call('DUMP', key)
  before[key] = {dump = dump, ttl = dump and call('PTTL', key), print = dump and print_of(key) or nil}
  touched[#touched + 1] = key
  place_of[key] = place
end

local function undo()
  for _, key in ipairs(touched) do
    call('DEL', key)
    local was = before[key]
    if was.dump then call('RESTORE', key, was.ttl > 0 and was.ttl or 0, was.dump) end
  end
end

-- What this seed put there goes first, so that a changed or repeated one replaces and never adds.
local mine = {}
for key, owner in pairs(owners) do
  if owner.name == name then mine[#mine + 1] = key end
end
table.sort(mine)
for _, key in ipairs(mine) do
  keep(key, '')
  call('DEL', key)
end

for from = 0, tonumber(expected) - 1, 500 do
  for _, packed in ipairs(call('LRANGE', stage, from, from + 499)) do
    local place, words = unpack(cmsgpack.unpack(packed))
    local keys = try('COMMAND', 'GETKEYS', unpack(words))
    for _, key in ipairs(keys) do
      if key:sub(1, 7) == 'devenv:' then
        undo()
        return answer({state = 'ours', place = place, key = key})
      end
      keep(key, place)
    end
    local said = try(unpack(words))
    if type(said) == 'table' and said.err then
      undo()
      return answer({state = 'refused', place = place, command = words[1], said = said.err})
    end
  end
end

local strangers, stranger, put, prints = 0, '', 0, {}
for _, key in ipairs(touched) do
  local was, now, owner = before[key].print, print_of(key), owners[key]
  local own = owner and owner.name == name
  if own or now ~= was then
    if owner and not own and was then
      undo()
      return answer({state = 'owned', place = place_of[key], key = key, by = owner.name})
    end
    if was and now ~= was and not (own and owner.print == was) then
      strangers = strangers + 1
      if stranger == '' then stranger = key end
    end
    prints[key] = now or ''
    if now then put = put + 1 end
  end
end
if strangers > 0 and consented ~= '1' then
  undo()
  return answer({state = 'ask', keys = strangers, key = stranger, known = entry and 1 or 0})
end
for key, print in pairs(prints) do
  if print == '' then call('HDEL', KEYS_PUT, key) else call('HSET', KEYS_PUT, key, print .. name) end
end
local at = tonumber(call('TIME')[1])
call('HSET', LEDGER, name, cjson.encode({name = name, digest = digest, state = 'done', rows = put, at = at}))
return answer({state = 'done', rows = put})
"""
"""ARGV: name, digest, again, consented (`1` or `0`), key of the stage, number of its items, nonce of the answer. An
item of the stage is MessagePack of [place in the file, [word, …]]. Answers `devenv:NONCE:` and JSON."""

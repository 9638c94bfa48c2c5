import { script } from '../../redis.js';

/** Since when Redis holds what it holds, in µs by its own clock. Gone when it was emptied. */
export const FILLED_KEY = 'pmh:filled';

const markScript = script(`
if redis.call('EXISTS', KEYS[1]) == 1 then return 1 end
local t = redis.call('TIME')
redis.call('SET', KEYS[1], string.format('%.0f', t[1] * 1000000 + t[2]))
return 0
`);

/** @returns whether Redis was emptied since this was asked last; it is marked as filled again. @throws the error of Redis. */
export async function wasEmptied(): Promise<boolean> {
  return (await markScript([FILLED_KEY], [])) === 0;
}

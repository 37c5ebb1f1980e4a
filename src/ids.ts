// Ids of requests. They travel in a request header, so whoever serves the request sees its own; nobody may be able
// to guess another's, for evidence is matched by them. Random bytes are drawn in bulk: one draw serves many requests.

import { randomFillSync } from 'node:crypto';

const ID_BYTES = 12;
const IDS_PER_DRAW = 256;

/** Each call gives a new id: 96 random bits as 24 hexadecimal digits. */
export function randomIds(): () => string {
  const pool = Buffer.alloc(ID_BYTES * IDS_PER_DRAW);
  let next = pool.length;
  return () => {
    if (next === pool.length) {
      randomFillSync(pool);
      next = 0;
    }
    next += ID_BYTES;
    return pool.toString('hex', next - ID_BYTES, next);
  };
}

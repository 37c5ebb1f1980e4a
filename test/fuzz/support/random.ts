// Numbers that look random and are the same for the same seed, on every machine: what failed once fails again.

/** A whole number from 0 to below `limit`. */
export type Below = (limit: number) => number;

/** Mulberry32. */
export function generator(seed: number): Below {
  let state = seed | 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

/** One of them. @throws RangeError where there is none. */
export function pick<T>(below: Below, items: readonly T[]): T {
  const item = items[below(items.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}

// Numbers that look random and are the same everywhere, for fuzzers whose failures have to come back: Mulberry32.

/** A whole number from 0 up to, and without, `below`. */
export type Below = (below: number) => number;

export function generator(seed: number): Below {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

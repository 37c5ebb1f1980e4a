// The promise of the budget, through a real Envoy: an upstream that fails everything gets at most `1 + ratio` attempts per
// request, and the floor, however many clients ask at once. Where an attempt can be stopped before it is sent that
// holds exactly. A connection that is refused fails before the gate has answered, and without gate and judge nobody is
// asked: there the budget hears of it late, and what was too much is paid for by the requests that follow.

import { describe, expect, it } from 'vitest';
import { CLIENTS, MAX_RETRIES, runStorm, type Storm } from '../bench/support/storm.js';

const REQUESTS_PER_CLIENT = 25;

/** Retries of requests that were admitted before those ahead of them had been charged: two rounds of all clients. */
const ON_THEIR_WAY = 2 * CLIENTS * MAX_RETRIES;

const STOPPED: readonly Storm[] = [
  { name: 'answers 503, and the judge decides', failure: 'answered', guard: 'judge' },
  { name: 'answers 503, Envoy decides, and the gate is asked', failure: 'answered', guard: 'gate' },
  { name: 'resets what was written, and the gate is asked', failure: 'reset', guard: 'gate' },
];

const LATE: readonly Storm[] = [
  { name: 'refuses connections faster than the gate answers', failure: 'refused', guard: 'gate' },
  { name: 'answers 503, without gate and judge', failure: 'answered', guard: 'none' },
  { name: 'resets what was written, without gate and judge', failure: 'reset', guard: 'none' },
  { name: 'refuses connections, without gate and judge', failure: 'refused', guard: 'none' },
];

describe(`${CLIENTS} clients against an upstream that fails everything`, () => {
  it.each(STOPPED)('stay within the budget where it $name', async (storm) => {
    const { requests, attempts, allowed } = await runStorm(storm, REQUESTS_PER_CLIENT);
    expect(attempts).toBeLessThanOrEqual(allowed);
    // It is the budget that stops them, and not that nothing is retried.
    expect(attempts).toBeGreaterThan(requests * 1.1);
  });

  it.each(LATE)('pay for what went past the budget where it $name', async (storm) => {
    const { requests, attempts, allowed } = await runStorm(storm, REQUESTS_PER_CLIENT);
    expect(attempts).toBeLessThanOrEqual(allowed + ON_THEIR_WAY);
    expect(attempts).toBeGreaterThan(requests * 1.1);
  });
});

// How long to wait before the n-th retry. Full jitter by default: it spreads retries over the whole span, which
// clears a burst of failures sooner than waiting for an exact time does.

import type { BackoffPolicy } from '../policy.js';

/** 2^1000 is still finite; by then every schedule has long met its cap. */
const LAST_DOUBLING = 1000;

/**
 * Whole milliseconds to wait: ceil(uniform(0, min(max, base * 2^n))) with full jitter, that ceiling itself without.
 * @param n retries made before this one, on whatever schedule: the exponent is shared between the schedules.
 * @param status of the last failure; null where it had none. Picks the schedule: `byStatus`, else the policy's own.
 * @param random uniform in [0, 1); not asked without jitter.
 */
export function delayMs(policy: BackoffPolicy, n: number, status: number | null, random: () => number): number {
  const own = status === null ? undefined : policy.byStatus.get(status);
  const { baseMs, maxMs } = own ?? policy;
  const ceilingMs = Math.min(maxMs, baseMs * 2 ** Math.min(n, LAST_DOUBLING));
  return Math.ceil(policy.jitter === 'full' ? ceilingMs * random() : ceilingMs);
}

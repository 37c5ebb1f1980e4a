// How much is saved of each circuit, so that the file stays small enough to be written every few seconds whatever the
// number of circuits: with up to 1,000 of them all there is, and a fair share each with more.

import type { MemoryLimits } from '../core/circuit/memory.js';

/** Of all circuits together: a result takes about 5 bytes, a transition about 80. */
const MAX_RESULTS = 1_000_000;
const MAX_TRANSITIONS = 50_000;
/** Of one circuit. */
const RESULTS = 1_000;
const TRANSITIONS = 20;

export function memoryLimits(circuits: number): MemoryLimits {
  const share = (total: number, most: number) => Math.max(1, Math.min(most, Math.floor(total / Math.max(1, circuits))));
  return { results: share(MAX_RESULTS, RESULTS), transitions: share(MAX_TRANSITIONS, TRANSITIONS) };
}

// Looks at the old generation of this thread's heap: what ends up there, only a full collection finds.

import { getHeapSpaceStatistics } from 'node:v8';

/**
 * Most that the old generation grew by while `work` ran, in bytes: looked at between its steps, so that a full collection
 * in the middle does not hide it.
 */
export function oldSpaceGrowth(work: () => Iterable<unknown>): number {
  let least = oldSpace();
  let growth = 0;
  for (const _step of work()) {
    const now = oldSpace();
    least = Math.min(least, now);
    growth = Math.max(growth, now - least);
  }
  return growth;
}

function oldSpace(): number {
  const found = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space');
  if (found === undefined) throw new Error('V8 has no space named old_space');
  return found.space_used_size;
}

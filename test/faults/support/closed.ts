// No circuit may be stuck: with healthy upstreams and traffic to probe with, each is closed within its time.

import { eventually } from '../../support/eventually.js';
import type { World } from './world.js';

/** Of the policy of these tests: open for a second at most, and a probe's lease of two. */
const CLOSED_WITHIN_MS = 15_000;

/** While there is traffic to probe with. */
export function circuitsClosed({ sluice }: World): Promise<void> {
  return eventually(async () => {
    const circuits = await sluice.circuits();
    const stuck = circuits
      .filter(({ state }) => state !== 'closed')
      .map(({ cluster, state }) => `${cluster}: ${state}`);
    if (circuits.length === 0 || stuck.length > 0)
      throw new Error(`not closed: ${stuck.join(', ') || 'none is there'}`);
  }, CLOSED_WITHIN_MS);
}

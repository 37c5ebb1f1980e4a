// Decisions do without the trace, and evidence that comes late, twice, in any order or never leaves nothing behind.

import { describe, expect, it } from 'vitest';
import { counts } from '../soak/calm.js';
import { SHORT } from './support/fault.js';
import { pathOf } from './support/policy.js';
import { expectQuiet } from './support/quiet.js';
import { traceCut, traceDelayed, traceReplayed, traceShuffled } from './support/trace-faults.js';
import { Traffic } from './support/traffic.js';
import { complaints, RATE, underLoad } from './support/under-load.js';
import { useWorld } from './support/use-world.js';

describe('under load,', () => {
  const used = useWorld();

  it.each([traceCut, traceDelayed, traceReplayed, traceShuffled])(
    '$name: no request fails, every circuit is closed, and a counter tells',
    async (fault) => {
      expect(complaints(await underLoad(used.world, fault, SHORT))).toEqual([]);
    },
  );

  it('out of order, every request and attempt is counted once, and none is left open', async () => {
    const { world } = used;
    const before = await counts(world);
    world.trace.become('shuffle');
    const traffic = new Traffic({ port: world.envoy.port, path: pathOf, perSecond: RATE });
    await traffic.more(600);
    await traffic.stop();
    // What the relay still holds goes on.
    world.trace.become('pass');
    const after = await counts(world);
    const lost = after.lost - before.lost;
    for (const counted of [after.decided - before.decided, after.settled - before.settled]) {
      expect(counted).toBeLessThanOrEqual(traffic.sent);
      // On a busy machine Envoy goes on alone now and then, and says so.
      expect(counted).toBeGreaterThanOrEqual(traffic.sent - lost);
    }
  });

  it('and afterwards nothing is held', () => expectQuiet(used.world));
});

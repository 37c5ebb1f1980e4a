// Decisions do without the trace, and evidence that comes late, twice, in any order or never leaves nothing behind.

import { describe, expect, it } from 'vitest';
import { SHORT } from './support/fault.js';
import { expectQuiet } from './support/quiet.js';
import { traceCut, traceDelayed, traceReplayed, traceShuffled } from './support/trace-faults.js';
import { complaints, underLoad } from './support/under-load.js';
import { useWorld } from './support/use-world.js';

describe('under load,', () => {
  const used = useWorld();

  it.each([traceCut, traceDelayed, traceReplayed, traceShuffled])(
    '$name: no request fails, every circuit is closed, and a counter tells',
    async (fault) => {
      expect(complaints(await underLoad(used.world, fault, SHORT))).toEqual([]);
    },
  );

  it('and afterwards nothing is held', () => expectQuiet(used.world));
});

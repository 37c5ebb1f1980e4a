// Decisions do without the trace, and evidence that comes late, twice, in any order or never leaves nothing behind.

import { describe, expect, it } from 'vitest';
import { SHORT } from './support/fault.js';
import { expectQuiet, underLoad } from './support/run.js';
import { traceCut, traceDelayed, traceReplayed, traceShuffled } from './support/trace-faults.js';
import { useWorld } from './support/use-world.js';

describe('under load,', () => {
  const used = useWorld();

  it.each([traceCut, traceDelayed, traceReplayed, traceShuffled])(
    '$name: no request fails, every circuit is closed, and a counter tells',
    async (fault) => {
      const { failures, told } = await underLoad(used.world, fault, SHORT);
      expect(failures).toEqual({});
      expect(told).toBeGreaterThan(0);
    },
  );

  it('and afterwards nothing is held', () => expectQuiet(used.world));
});

// Whatever happens to the process of Sluice, no request fails by it, and an operator can see that it happened.

import { describe, expect, it } from 'vitest';
import { SHORT } from './support/fault.js';
import { blocked, clockSetBack, diskFull, killed, socketRemoved, stopped } from './support/process-faults.js';
import { expectQuiet, underLoad } from './support/run.js';
import { useWorld } from './support/use-world.js';

describe('under load,', () => {
  const used = useWorld();

  it.each([killed, stopped, blocked, diskFull, socketRemoved, clockSetBack])(
    '$name: no request fails, every circuit is closed, and a counter tells',
    async (fault) => {
      const { failures, told } = await underLoad(used.world, fault, SHORT);
      expect(failures).toEqual({});
      expect(told).toBeGreaterThan(0);
    },
  );

  it('and afterwards nothing is held', () => expectQuiet(used.world));
});

// Whatever happens to the process of Sluice, no request fails by it, and an operator can see that it happened.

import { describe, expect, it } from 'vitest';
import { SHORT } from './support/fault.js';
import {
  blocked,
  clockSetBack,
  diskFull,
  killed,
  socketRemoved,
  stateDiskFull,
  stopped,
} from './support/process-faults.js';
import { expectQuiet } from './support/quiet.js';
import { complaints, underLoad } from './support/under-load.js';
import { useWorld } from './support/use-world.js';

describe('under load,', () => {
  const used = useWorld();

  it.each([killed, stopped, blocked, stateDiskFull, diskFull, socketRemoved, clockSetBack])(
    '$name: no request fails, every circuit is closed, and a counter tells',
    async (fault) => {
      expect(complaints(await underLoad(used.world, fault, SHORT))).toEqual([]);
    },
  );

  it('and afterwards nothing is held', () => expectQuiet(used.world));
});

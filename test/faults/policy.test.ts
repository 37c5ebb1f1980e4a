// A policy file that is not one changes nothing, and one that changes all the time costs no request.

import { describe, expect, it } from 'vitest';
import { SHORT } from './support/fault.js';
import { policyDeleted, policyEmptied, policyHalfWritten, policyReplaced } from './support/policy-faults.js';
import { expectQuiet, underLoad } from './support/run.js';
import { useWorld } from './support/use-world.js';

describe('under load,', () => {
  const used = useWorld();

  it.each([policyDeleted, policyEmptied, policyHalfWritten, policyReplaced])(
    '$name: no request fails, every circuit is closed, and a counter tells',
    async (fault) => {
      const { failures, told } = await underLoad(used.world, fault, SHORT);
      expect(failures).toEqual({});
      expect(told).toBeGreaterThan(0);
    },
  );

  it('and afterwards nothing is held', () => expectQuiet(used.world));
});

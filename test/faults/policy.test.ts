// A policy file that is not one changes nothing, and one that changes all the time costs no request.

import { describe, expect, it } from 'vitest';
import { SHORT } from './support/fault.js';
import { policyDeleted, policyEmptied, policyHalfWritten, policyReplaced } from './support/policy-faults.js';
import { expectQuiet } from './support/quiet.js';
import { complaints, underLoad } from './support/under-load.js';
import { useWorld } from './support/use-world.js';

describe('under load,', () => {
  const used = useWorld();

  it.each([policyDeleted, policyEmptied, policyHalfWritten, policyReplaced])(
    '$name: no request fails, every circuit is closed, and a counter tells',
    async (fault) => {
      expect(complaints(await underLoad(used.world, fault, SHORT))).toEqual([]);
    },
  );

  it('and afterwards nothing is held', () => expectQuiet(used.world));
});

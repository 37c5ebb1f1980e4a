// Property tests try the same cases in every run of the suite, so that a red build is red again on the next machine.
// New cases are looked for on purpose: `SLUICE_SEED=random`.

import fc from 'fast-check';

const given = process.env.SLUICE_SEED ?? '1';
const seed = given === 'random' ? Math.floor(Math.random() * 2 ** 31) : Number(given);
if (!Number.isSafeInteger(seed)) throw new Error(`SLUICE_SEED is ${given}; give a whole number, or random`);
fc.configureGlobal({ seed });

// A short form of `npm run fuzz`, with a seed of its own: what fails here fails again.

import { describe, expect, it } from 'vitest';
import { portOf } from '../support/ports.js';
import { startSluice } from '../support/sluice.js';
import { adminBytes, throwAt } from './support/admin-fuzz.js';
import { mutate } from './support/mutate.js';
import { policyText, tryPolicy } from './support/policy-fuzz.js';
import { generator } from './support/random.js';
import { WireFuzz } from './support/wire-fuzz.js';

const SEED = 20_261_122;
const MESSAGES = 3_000;
const POLICIES = 40;
const REQUESTS = 60;

/** On a machine that is busy with other things. */
const WITHIN_MS = 120_000;

describe('changed messages of Envoy', () => {
  it(
    'are answered or refused, and leave nothing behind',
    async () => {
      const fuzz = new WireFuzz(generator(SEED));
      fuzz.run(MESSAGES);
      expect(await fuzz.end()).toEqual([]);
      // It must neither refuse nor take everything: then it would not get anywhere.
      expect(fuzz.target.refused).toBeGreaterThan(MESSAGES / 10);
      expect(fuzz.target.refused).toBeLessThan(MESSAGES * 0.8);
    },
    WITHIN_MS,
  );
});

describe('changed policy files', () => {
  it(
    'give a policy or problems',
    () => {
      const below = generator(SEED);
      const wrong = Array.from({ length: POLICIES }, () => tryPolicy(policyText(below))).filter(
        (text) => text !== null,
      );
      expect(wrong).toEqual([]);
    },
    WITHIN_MS,
  );
});

describe('changed requests to the HTTP side', () => {
  it(
    'leave it as it was',
    async () => {
      const sluice = await startSluice({ policy: {}, env: { SLUICE_ADMIN_TOKEN: 'token' } });
      try {
        const port = portOf(sluice.http);
        const below = generator(SEED);
        for (let sent = 0; sent < REQUESTS; sent += 20) {
          await Promise.all(Array.from({ length: 20 }, () => throwAt(port, adminBytes(below))));
        }
        expect((await sluice.fetch('/healthz')).status).toBe(200);
        expect((await sluice.metrics()).metric('sluice_faults_total')).toBe(0);
        expect(sluice.stderr()).toBe('');
      } finally {
        await sluice.stop();
      }
    },
    WITHIN_MS,
  );
});

describe('the fuzzer', () => {
  it('does the same for the same seed, and something else for another', () => {
    const first = (seed: number) =>
      mutate(Buffer.from('some bytes'), [Buffer.from('others')], generator(seed)).toString();
    expect(first(1)).toBe(first(1));
    expect(new Set(Array.from({ length: 20 }, (_, seed) => first(seed))).size).toBeGreaterThan(15);
  });
});

// Retries that nobody could stop: without gate and judge Sluice learns of them from the log, when they are over. They are
// charged all the same, so that the requests after them pay for them.

import { describe, expect, it } from 'vitest';
import { FLAGS } from '../../src/core/evidence.js';
import { CoreWorld } from '../support/core-world.js';
import { FACTS } from './support.js';

/** One retry for every two requests, and none without. */
const POLICY = {
  defaults: {
    circuit: { mode: 'off' },
    retry: { maxRetries: 3, budget: { ratio: 0.5, minPerSecond: 0, window: '10s' } },
  },
};

function begin() {
  const world = new CoreWorld(POLICY);
  const admit = () => {
    const decision = world.engine.admit(FACTS, world.now);
    if (decision.kind !== 'proceed') throw new Error('not admitted');
    return decision.session;
  };
  const refuseConnection = (id: string, attempt: number) =>
    world.engine.traced(
      {
        kind: 'attempt',
        id,
        attempt,
        cluster: 'a',
        evidence: {
          source: 'trace',
          flags: FLAGS.upstreamConnectionFailure,
          status: null,
          grpcStatus: null,
          written: false,
          transportFailure: 'connection refused',
          details: '',
          host: null,
          durationMs: 1,
        },
      },
      world.now,
    );
  return { world, admit, refuseConnection };
}

describe('a retry that only the log tells of', () => {
  it('is charged though the budget was spent: as many requests without a grant follow as it takes to earn it', () => {
    const { admit, refuseConnection } = begin();
    const granted = [admit(), admit(), admit(), admit()].filter((session) => session.grant !== null);
    expect(granted).toHaveLength(3);
    // Nine retries where the four requests had earned two.
    for (const { record } of granted) for (let n = 1; n <= 4; n++) refuseConnection(record.id, n);
    for (let n = 0; n < 15; n++) expect(admit()).toMatchObject({ grant: null, notGranted: 'retry_budget' });
    expect(admit().grant).not.toBeNull();
  });

  it('is charged once, however often it is told of', () => {
    const { world, admit, refuseConnection } = begin();
    admit();
    const { record } = admit();
    for (let n = 0; n < 8; n++) admit();
    for (let times = 0; times < 3; times++) for (let n = 1; n <= 2; n++) refuseConnection(record.id, n);
    expect(world.engine.budgetRemaining('a', world.now)).toBe(4);
  });
});

// What happens to Envoy, and to the upstreams behind it.

import { respond } from '../../support/behaviour.js';
import { eventually, pause } from '../../support/eventually.js';
import type { Upstream } from '../../support/upstream.js';
import { circuitsClosed } from './closed.js';
import { type Fault, ofSluice } from './fault.js';
import { FLAPPING_POLICY, POLICY } from './policy.js';
import { NO_ANSWER } from './traffic.js';
import type { World } from './world.js';

const FLAP_MS = 100;
const DRAIN_S = 2;
const traceEnded = ofSluice('sluice_disturbances_total', { reason: 'trace_ended' });

/** Requests that went on without an answer of Sluice, and retries that Envoy's own guard did not let be (see envoy.yaml). */
const NOT_RETRIED = /ext_proc\.failure_mode_allowed$|upstream_rq_retry_overflow$/;

async function notRetried({ envoy }: World): Promise<number> {
  const all = [...(await envoy.stats(''))].filter(([name]) => NOT_RETRIED.test(name));
  return all.reduce((sum, [, count]) => sum + count, 0);
}

export const envoyRestarted: Fault = {
  name: 'Envoy restarted',
  told: traceEnded,
  // For want of an Envoy.
  tolerated: (words) => words.startsWith(NO_ANSWER),
  async inject(world, traffic) {
    await world.envoy.stop();
    await world.startEnvoy();
    await traffic.more(300);
  },
};

/** For a world whose Envoy is epoch 0 of the same base id. */
export function hotRestarted(baseId: number): Fault {
  let epoch = 0;
  return {
    name: 'Envoy restarted hot',
    told: traceEnded,
    async inject(world, traffic) {
      const before = world.envoy;
      epoch += 1;
      await world.startEnvoy({ hotRestart: { baseId, epoch, drainS: DRAIN_S } });
      await before.exited();
      await traffic.more(300);
    },
  };
}

export function firstEpoch(baseId: number) {
  return { hotRestart: { baseId, epoch: 0, drainS: DRAIN_S } };
}

/** One refuses and drops every connection, the other answers 503, both for every second tenth of a second. */
export const flapping: Fault = {
  name: 'upstreams that come and go every 100 ms',
  told: ofSluice('sluice_circuit_transitions_total', { to: 'open' }),
  // A connection that is dropped with a request on it: it was written, and is not sent again.
  tolerated: (words) => words.includes('reset reason: connection termination'),
  excused: notRetried,
  async inject(world, traffic, { flappingMs }) {
    await usePolicy(world, FLAPPING_POLICY);
    // Those admitted before keep their policy, which has no fallback.
    await traffic.turnedOver();
    const { primary, flaky } = world.upstreams;
    for (let passedMs = 0; passedMs < flappingMs; passedMs += 2 * FLAP_MS) {
      await Promise.all([primary.refuse(), answer(flaky, 503)]);
      await pause(FLAP_MS);
      await Promise.all([primary.accept(), answer(flaky, 200)]);
      await pause(FLAP_MS);
    }
    await traffic.more(300);
    // A circuit that is still open then would have no fallback any more.
    await circuitsClosed(world);
    await usePolicy(world, POLICY);
  },
};

async function answer(upstream: Upstream, status: number): Promise<void> {
  upstream.behave(respond(status));
}

async function usePolicy({ sluice }: World, policy: object): Promise<void> {
  const applied = async () => (await sluice.metrics()).metric('sluice_policy_reloads_total', { result: 'applied' });
  const before = await applied();
  await sluice.writePolicy(policy);
  await eventually(async () => {
    if ((await applied()) === before) throw new Error('the policy is not in force yet');
  });
}

// What Envoys before 1.40 can and cannot do: a route that reads its cluster from a header keeps it for every attempt, and
// a composite cluster changes clusters by itself, under a name that only the log sees through.

import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../src/core/evidence.js';
import { CoreWorld } from '../support/core-world.js';

const HEALTHY = { circuit: { minimumRequests: 100 } };
const FACTS = {
  method: 'GET',
  path: '/',
  route: 'r',
  cluster: 'a',
  oneCluster: true,
  idempotencyKey: false,
  upgrade: false,
  grpc: false,
  headers: { text: () => undefined },
};

function proceed(world: CoreWorld, facts: typeof FACTS) {
  const decision = world.engine.admit(facts, world.now);
  if (decision.kind !== 'proceed') throw new Error('not admitted');
  return decision;
}

function answered(source: Evidence['source'], status: number): Evidence {
  const nothing = { transportFailure: '', grpcStatus: null, durationMs: 1 };
  return { ...nothing, source, flags: 0, status, written: true, details: 'via_upstream', host: 'h' };
}

describe('a request whose route keeps one cluster', () => {
  const policy = {
    defaults: { ...HEALTHY, retry: { maxRetries: 3, statuses: [503] } },
    clusters: { a: { fallback: ['b', 'c'] } },
  };

  it('has a plan without the fallbacks, and an order of one', () => {
    const { session, order, retries } = proceed(new CoreWorld(policy), FACTS);
    expect(order).toEqual(['a']);
    expect(new Set(session.plan)).toEqual(new Set(['a']));
    expect(session.slots.map((slot) => slot.cluster)).toEqual(['a']);
    expect(retries).toMatchObject({ maxRetries: 3 });
  });

  it('goes to the first fallback that admits, and stays there', () => {
    const world = new CoreWorld(policy);
    for (const name of ['a', 'b']) world.circuits.use(name, world.now).force('forced_open', world.now);
    const { session, order } = proceed(world, FACTS);
    expect(order).toEqual(['c']);
    expect(new Set(session.plan)).toEqual(new Set(['c']));
    expect(session.record).toMatchObject({ cluster: 'a', decision: 'reroute' });
  });

  it('names its own cluster in each attempt that nothing better is known of', () => {
    const world = new CoreWorld(policy);
    const { session } = proceed(world, FACTS);
    const wish = { waitMs: 0, retry: null };
    const evidence = answered('admission', 200);
    const seen = { attempt: 3, cluster: '', evidence, wish, remainingMs: null, clientStatus: 200 };
    world.engine.requestAnswered(session, seen, world.now);
    expect(session.attempts.map((attempt) => attempt.cluster)).toEqual(['a', 'a', 'a']);
  });

  it('as a probe is not retried: there is no other cluster to go to', () => {
    const world = new CoreWorld({
      defaults: { circuit: { minimumRequests: 1, open: { base: '1s', jitter: 0 } }, retry: { maxRetries: 3 } },
      clusters: { a: { fallback: ['b'] } },
    });
    const { session } = proceed(world, { ...FACTS, route: '' });
    const wish = { waitMs: 0, retry: null };
    const evidence = answered('admission', 500);
    const seen = { attempt: 1, cluster: 'a', evidence, wish, remainingMs: null, clientStatus: 500 };
    world.engine.requestAnswered(session, seen, world.now);
    world.advance(1_000);
    const probe = proceed(world, FACTS);
    expect(probe.order).toEqual(['a']);
    expect(probe).toMatchObject({ retries: 'none', session: { notGranted: 'probe_limit' } });
  });

  it('where Envoy can change over, has all of them', () => {
    const { session, order } = proceed(new CoreWorld(policy), { ...FACTS, oneCluster: false });
    expect(order).toEqual(['a', 'b', 'c', 'a']);
    expect(session.slots.map((slot) => slot.cluster)).toEqual(['a', 'b', 'c']);
  });
});

describe('an attempt that the log places in another cluster than all else does', () => {
  const slow = { circuit: { ...HEALTHY.circuit, slow: { after: '1ms', ratio: 1 } } };

  function settledAs(status: number, logged: string, world = new CoreWorld({ defaults: HEALTHY })) {
    const { session } = proceed(world, { ...FACTS, cluster: 'models', oneCluster: false });
    const wish = { waitMs: 0, retry: null };
    const evidence = answered('admission', status);
    const seen = { attempt: 1, cluster: 'models', evidence, wish, remainingMs: null, clientStatus: status };
    world.engine.requestAnswered(session, seen, world.now);
    const { id } = session.record;
    const entry = { id, attempt: 1, cluster: logged, evidence: answered('trace', status) };
    const told = () => world.engine.traced({ kind: 'attempt', ...entry }, world.now);
    told();
    return { world, session, told };
  }

  it('is recorded where it really went, and teaches both circuits', () => {
    const { world, session } = settledAs(503, 'backend');
    expect(session.attempts).toMatchObject([{ cluster: 'backend', status: 503, outcome: 'failure' }]);
    expect(world.circuit('models')).toMatchObject({ requests: 1, failures: 1 });
    expect(world.circuit('backend')).toMatchObject({ requests: 1, failures: 1 });
  });

  it('teaches a success as well: a circuit that only heard of failures would open', () => {
    const { world } = settledAs(200, 'backend');
    expect(world.circuit('backend')).toMatchObject({ requests: 1, failures: 0 });
  });

  it('is slow there by the policy of that cluster', () => {
    const world = settledAs(200, 'backend', new CoreWorld({ clusters: { backend: slow } })).world;
    expect(world.circuit('backend').slowRatio).toBe(1);
    expect(world.circuit('models').slowRatio).toBe(0);
  });

  it('counts once, however often the log says so', () => {
    const { world, told } = settledAs(503, 'backend');
    told();
    expect(world.circuit('backend')).toMatchObject({ requests: 1 });
    expect(world.counted('attempt', 'models', 'response', 'failure')).toBe(1);
    expect(world.counted('attempt', 'backend', 'response', 'failure')).toBe(0);
  });

  it('is left as it is where the log names no cluster', () => {
    const { world, session } = settledAs(503, '');
    expect(session.attempts).toMatchObject([{ cluster: 'models' }]);
    expect(world.circuits.size).toBe(1);
  });
});

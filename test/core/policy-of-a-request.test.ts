// A reload while requests are under way: each is judged to its end by the policy it was admitted under.

import { expect, it } from 'vitest';
import type { Evidence } from '../../src/core/evidence.js';
import { CoreWorld, policyOf } from '../support/core-world.js';

const FACTS = {
  method: 'GET',
  path: '/',
  route: '',
  cluster: 'a',
  oneCluster: false,
  idempotencyKey: false,
  upgrade: false,
  grpc: false,
  headers: { text: () => undefined },
};
const TEAPOT: Evidence = {
  source: 'trace',
  flags: 0,
  status: 418,
  grpcStatus: null,
  written: true,
  transportFailure: '',
  details: 'via_upstream',
  host: '10.0.0.1:80',
  durationMs: 3,
};
const TEAPOTS_FAIL = { clusters: { a: { circuit: { failureStatuses: [418] } } } };

function admit(world: CoreWorld): string {
  const decision = world.engine.admit(FACTS, world.now);
  if (decision.kind !== 'proceed') throw new Error('not admitted');
  return decision.session.record.id;
}

function trace(world: CoreWorld, id: string): void {
  world.engine.traced({ kind: 'attempt', id, attempt: 1, cluster: 'a', evidence: TEAPOT }, world.now);
}

it('counts an answer as a failure by the policy that its request was admitted under', () => {
  const world = new CoreWorld({});
  const before = admit(world);
  world.engine.usePolicy(policyOf(TEAPOTS_FAIL), world.now);
  const after = admit(world);
  trace(world, before);
  expect(world.circuit('a')).toMatchObject({ requests: 1, failures: 0 });
  trace(world, after);
  expect(world.circuit('a')).toMatchObject({ requests: 2, failures: 1 });
});

it('asks the policy in force for a cluster that was not planned', () => {
  const world = new CoreWorld({});
  const id = admit(world);
  world.engine.usePolicy(policyOf({ defaults: TEAPOTS_FAIL.clusters.a }), world.now);
  world.engine.traced({ kind: 'attempt', id, attempt: 1, cluster: 'elsewhere', evidence: TEAPOT }, world.now);
  expect(world.circuit('elsewhere')).toMatchObject({ requests: 1, failures: 1 });
});

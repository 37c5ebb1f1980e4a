// A reload while requests are under way: each is judged to its end by the policy it was admitted under.

import { expect, it } from 'vitest';
import { CoreWorld, policyOf } from '../support/core-world.js';
import { evidence, FACTS, status } from './support.js';

const TEAPOT = evidence('trace', status(418));
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

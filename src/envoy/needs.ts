// Everything that a bootstrap may lack, one concern after the other.

import type { Need } from './look/need.js';
import type { World } from './look/world.js';
import { admissionNeeds } from './pieces/admission.js';
import { elsewhereNeeds } from './pieces/elsewhere.js';
import { forgeryNeeds } from './pieces/forgery.js';
import { gateNeeds } from './pieces/gate.js';
import { guardNeeds } from './pieces/guard.js';
import { judgeNeeds } from './pieces/judge.js';
import { policyNameNeeds } from './pieces/policy-names.js';
import { retryPolicyNeeds } from './pieces/retry-policy.js';
import { runtimeNeeds } from './pieces/runtime.js';
import { sluiceClusterNeeds } from './pieces/sluice-cluster.js';
import { steeringNeeds } from './pieces/steering.js';
import { traceNeeds } from './pieces/trace.js';
import { virtualHostNeeds } from './pieces/virtual-hosts.js';

export type Concern = (world: World) => Iterable<Need>;

export const CONCERNS: readonly Concern[] = [
  runtimeNeeds,
  forgeryNeeds,
  traceNeeds,
  admissionNeeds,
  gateNeeds,
  virtualHostNeeds,
  // A steered route takes its retry policy along.
  retryPolicyNeeds,
  steeringNeeds,
  sluiceClusterNeeds,
  judgeNeeds,
  guardNeeds,
  policyNameNeeds,
  elsewhereNeeds,
];

export function allNeeds(world: World): readonly Need[] {
  return CONCERNS.flatMap((concern) => [...concern(world)]);
}

// A retry storm in small: clients that never pause, and an upstream that fails everything. What counts is how many attempts
// Envoy makes for them, with gate and judge in its configuration and without.

import { type Behaviour, reset, respond } from '../../support/behaviour.js';
import { type JsonObject, list, object, ofType } from '../../support/bootstrap.js';
import { type Mesh, startMesh } from '../../support/mesh.js';
import { settled } from '../../support/settled.js';

export const CLIENTS = 16;
export const MAX_RETRIES = 3;
/** A fifth of the requests, and one a second. */
export const BUDGET = { ratio: 0.2, minPerSecond: 1, window: '10s' };
const WINDOW_SECONDS = 10;

export interface Storm {
  readonly name: string;
  /** How the upstream fails. */
  readonly failure: 'answered' | 'reset' | 'refused';
  /** What stands between Envoy and a retry that the budget does not allow. */
  readonly guard: 'judge' | 'gate' | 'none';
}

export interface StormResult {
  readonly requests: number;
  /** That Envoy made; for refused connections the most that it can have made. */
  readonly attempts: number;
  /** The most that the budget allows for so many requests in that time. */
  readonly allowed: number;
}

/** Every storm has an Envoy and a Sluice of its own. */
export async function runStorm(storm: Storm, requestsPerClient: number): Promise<StormResult> {
  const envoy = storm.guard === 'none' ? { patch: removeGateAndJudge } : {};
  await using mesh = await startMesh({ policy: policyFor(storm), envoy });
  const { flaky, primary } = mesh.upstreams;
  for (const upstream of [flaky, primary]) upstream.behave(behaviourOf(storm));
  const startedAtMs = performance.now();
  const target = targetOf(storm);
  await Promise.all(Array.from({ length: CLIENTS }, () => askAll(mesh, target, requestsPerClient)));
  const seconds = (performance.now() - startedAtMs) / 1000;
  const requests = CLIENTS * requestsPerClient;
  const retries = BUDGET.ratio * requests + BUDGET.minPerSecond * (WINDOW_SECONDS + seconds);
  // Sluice hears of the last attempts after the answer to them: wait, so that nothing is cut off.
  await settled(mesh, 20_000);
  return { requests, attempts: await attemptsMade(mesh, storm, requests), allowed: requests + retries };
}

function policyFor({ failure, guard }: Storm): object {
  const what = failure === 'answered' ? { statuses: [503] } : failure === 'reset' ? { on: ['reset'] } : {};
  const backoff = { base: '5ms', max: '10ms' };
  const retry = { maxRetries: MAX_RETRIES, judge: guard === 'judge', budget: BUDGET, backoff, ...what };
  // A circuit would end the storm before the budget had to.
  return { ceilings: { maxRetries: MAX_RETRIES }, defaults: { circuit: { mode: 'off' }, retry } };
}

function behaviourOf({ failure }: Storm): Behaviour {
  return failure === 'answered' ? respond(503) : reset;
}

/** The cluster of envoy.yaml that has what the storm needs, by its route. */
function targetOf({ failure, guard }: Storm): 'refusing' | 'flaky' | 'primary' {
  if (failure === 'refused') return 'refusing';
  return guard === 'judge' ? 'flaky' : 'primary';
}

async function askAll(mesh: Mesh, target: string, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await mesh.request(`/${target}/x`);
}

async function attemptsMade({ upstreams, envoy }: Mesh, storm: Storm, requests: number): Promise<number> {
  const target = targetOf(storm);
  if (target !== 'refusing') return upstreams[target].requests.length;
  return requests + (await envoy.counter(`cluster.${target}.upstream_rq_retry`));
}

/** What is left is the grant: admission and the log. */
function removeGateAndJudge(bootstrap: JsonObject): void {
  for (const router of ofType(bootstrap, 'Router')) delete router.upstream_http_filters;
  for (const cluster of list(object(bootstrap.static_resources).clusters)) {
    if (cluster.typed_extension_protocol_options === undefined) continue;
    for (const options of Object.values(object(cluster.typed_extension_protocol_options))) {
      delete object(options).http_filters;
    }
  }
}

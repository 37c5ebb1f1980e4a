// Who plays in the demo: the upstreams, what is the matter with each, and how often the steady traffic asks for it. The
// names are those of envoy.yaml's routes and clusters.

import { type Behaviour, reset, respond } from '../support/behaviour.js';
import type { MeshOptions } from '../support/mesh.js';
import type { ReceivedRequest } from '../support/upstream.js';

export const ROLES = [
  { name: 'primary', what: 'dies and comes back', everyMs: 150 },
  { name: 'secondary', what: "healthy, primary's fallback", everyMs: 500 },
  { name: 'pool', what: 'one of two hosts refuses', everyMs: 300 },
  { name: 'flaky', what: '503 at times, resets POSTs', everyMs: 300 },
  { name: 'slow', what: 'answers after 0.2 s', everyMs: 400 },
  { name: 'refusing', what: 'nobody listens there', everyMs: 400 },
] as const;

export type RoleName = (typeof ROLES)[number]['name'];

const SLOW_MS = 200;
const FLAKY_EVERY = 3;
/** Every so many requests to flaky, one is a POST. */
export const POST_EVERY = 6;

/** Of the upstreams that do not simply answer 200. Primary is killed and healed while the demo runs. */
export function castUpstreams(): NonNullable<MeshOptions['upstreams']> {
  return {
    poolB: 'refused',
    slow: { behaviour: respond(200, { delayMs: SLOW_MS }) },
    flaky: { behaviour: flaky() },
  };
}

/** A POST is read and reset; of the others, the first attempt of every third request is answered 503. */
export function flaky(): (request: Pick<ReceivedRequest, 'method' | 'attempt'>) => Behaviour {
  let first = 0;
  return ({ method, attempt }) => {
    if (method === 'POST') return reset;
    if (attempt <= 1) first += 1;
    return attempt <= 1 && first % FLAKY_EVERY === 0 ? respond(503) : respond(200);
  };
}

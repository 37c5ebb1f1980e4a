// Between two faults: so many requests with nothing wrong, and every count of them has to be the same. Where the machine is
// too busy for Sluice to answer in time, Envoy goes on alone and says so; then nothing can be compared.

import { pathOf } from '../faults/support/policy.js';
import { Traffic } from '../faults/support/traffic.js';
import { RATE } from '../faults/support/under-load.js';
import type { World } from '../faults/support/world.js';
import { settled } from '../support/settled.js';

const REQUESTS = 600;
const QUIET_WITHIN_MS = 60_000;

export interface Calm {
  readonly sent: number;
  /** Answered with 200, decided on, settled as a success, read by an upstream: by how much each differs from `sent`. */
  readonly drift: Readonly<Record<string, number>>;
  /** What was not answered with 200, in words, and how often. */
  readonly failures: Readonly<Record<string, number>>;
  /** Decisions that Envoy did not wait for. */
  readonly lost: number;
}

export interface Counts {
  readonly decided: number;
  readonly settled: number;
  readonly received: number;
  readonly lost: number;
}

export async function calm(world: World): Promise<Calm> {
  forget(world);
  const before = await counts(world);
  const traffic = new Traffic({ port: world.envoy.port, path: pathOf, perSecond: RATE });
  await traffic.more(REQUESTS);
  await traffic.stop();
  const after = await counts(world);
  const { sent } = traffic;
  const failed = [...traffic.failures.values()].reduce((sum, count) => sum + count, 0);
  return {
    sent,
    drift: {
      answered: traffic.answered - failed - sent,
      decided: after.decided - before.decided - sent,
      settled: after.settled - before.settled - sent,
      received: after.received - before.received - sent,
    },
    failures: Object.fromEntries(traffic.failures),
    lost: after.lost - before.lost,
  };
}

/** Without traffic. @throws Error that says what Sluice still holds. */
export async function counts(world: World): Promise<Counts> {
  const { metric } = await settled(world, QUIET_WITHIN_MS);
  const lost = [...(await world.envoy.stats(''))].filter(([name]) => name.endsWith('ext_proc.failure_mode_allowed'));
  return {
    decided: metric('sluice_requests_total'),
    settled: metric('sluice_attempts_total', { outcome: 'success' }),
    received: Object.values(world.upstreams).reduce(
      (sum, each) => sum + ('requests' in each ? each.requests.length : 0),
      0,
    ),
    lost: lost.reduce((sum, [, count]) => sum + count, 0),
  };
}

/** The upstreams remember every request: over half an hour that would be the test's own leak. */
function forget({ upstreams }: World): void {
  for (const each of Object.values(upstreams)) if ('forget' in each) each.forget();
}

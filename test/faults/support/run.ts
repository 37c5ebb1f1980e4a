// One fault under load, from before it to after it.

import { expect } from 'vitest';
import { settled } from '../../support/settled.js';
import { circuitsClosed } from './closed.js';
import type { Fault, Scale } from './fault.js';
import { pathOf } from './policy.js';
import { Traffic } from './traffic.js';
import type { World } from './world.js';

/** Requests per second; a machine that is busy with other things gets through fewer. */
export const RATE = 600;
/** Longer than anything waits for evidence that does not come. */
const QUIET_WITHIN_MS = 40_000;

export interface Outcome {
  /** What was not answered with 200, in words, and how often. */
  readonly failures: Readonly<Record<string, number>>;
  /** By how much the operator's counter moved. */
  readonly told: number;
}

export async function underLoad(world: World, fault: Fault, scale: Scale): Promise<Outcome> {
  const before = await fault.told(world);
  const traffic = new Traffic({ port: world.envoy.port, path: pathOf, perSecond: RATE });
  try {
    await traffic.more(200);
    await fault.inject(world, traffic, scale);
    await traffic.more(200);
    await circuitsClosed(world);
  } finally {
    await traffic.stop();
  }
  return { failures: Object.fromEntries(traffic.failures), told: (await fault.told(world)) - before };
}

/** Without traffic: nothing is held, no request is pending, and nothing went wrong inside. */
export async function expectQuiet({ sluice }: World): Promise<void> {
  const { metric } = await settled({ sluice }, QUIET_WITHIN_MS);
  const pending = (await sluice.requests()).filter(
    ({ result, durationMs }) => result === 'pending' || durationMs === null,
  );
  expect(pending).toEqual([]);
  expect(metric('sluice_faults_total')).toBe(0);
}

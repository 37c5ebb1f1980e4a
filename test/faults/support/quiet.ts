// What has to hold once the load is over.

import { expect } from 'vitest';
import { settled } from '../../support/settled.js';
import type { World } from './world.js';

/** Longer than anything waits for evidence that does not come. */
const QUIET_WITHIN_MS = 40_000;

/** Without traffic: nothing is held, no request is pending, and nothing went wrong inside. */
export async function expectQuiet({ sluice }: World): Promise<void> {
  const { metric } = await settled({ sluice }, QUIET_WITHIN_MS);
  const pending = (await sluice.requests()).filter(
    ({ result, durationMs }) => result === 'pending' || durationMs === null,
  );
  expect(pending).toEqual([]);
  expect(metric('sluice_faults_total')).toBe(0);
}

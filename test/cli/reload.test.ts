// A changed policy is read beside the traffic, on a running sidecar: how long that takes is nobody's wait.

import { describe, expect, it } from 'vitest';
import { afterTest } from '../observe/support.js';
import { eventually } from '../support/eventually.js';
import { type Sluice, startSluice } from '../support/sluice.js';

/** Many seconds of reading, and no policy. */
const HOSTILE = '['.repeat(250_000);

async function running(): Promise<Sluice> {
  const sluice = await startSluice({ policy: {} });
  afterTest(() => sluice.stop());
  return sluice;
}

const reloads = async (sluice: Sluice, result: string) =>
  (await sluice.metrics()).metric('sluice_policy_reloads_total', { result });

/** Longest wait for an answer, and the time until the policy was rejected, in milliseconds. */
async function waitsUntilRejected(sluice: Sluice) {
  const startedAtMs = performance.now();
  let longestMs = 0;
  while (!sluice.logs().some(({ event }) => event === 'policy_rejected')) {
    const askedAtMs = performance.now();
    await sluice.fetch('/healthz');
    longestMs = Math.max(longestMs, performance.now() - askedAtMs);
  }
  return { longestMs, allMs: performance.now() - startedAtMs };
}

describe('a policy that takes long to read', () => {
  it('holds nobody up, and is rejected like any other', async () => {
    const sluice = await running();
    await sluice.writePolicy(HOSTILE);
    const { longestMs, allMs } = await waitsUntilRejected(sluice);
    // Read in between, it would make one wait of nearly all the time.
    expect(longestMs).toBeLessThan(allMs / 2);
    expect(await reloads(sluice, 'rejected')).toBe(1);
  }, 120_000);

  it('gives way to a newer one', async () => {
    const sluice = await running();
    expect(await inThread(sluice)).toBe(false);
    await sluice.writePolicy(HOSTILE);
    await eventually(async () => expect(await inThread(sluice)).toBe(true));
    await sluice.writePolicy({ defaults: { retry: { maxRetries: 2 } } });
    await eventually(async () => expect(await reloads(sluice, 'applied')).toBe(1));
    expect(await reloads(sluice, 'rejected')).toBe(0);
    expect(JSON.stringify(await (await sluice.fetch('/policy')).json())).toContain('"maxRetries":2');
  }, 120_000);

  it('does not keep a sidecar that is to stop', async () => {
    const sluice = await running();
    expect(await inThread(sluice)).toBe(false);
    await sluice.writePolicy(HOSTILE);
    await eventually(async () => expect(await inThread(sluice)).toBe(true));
    expect(await sluice.stop()).toBe(0);
  }, 120_000);
});

/** It is being read: Node counts the thread's port among the process's resources. */
async function inThread(sluice: Sluice): Promise<boolean> {
  return (await sluice.metrics()).metric('nodejs_active_resources', { type: 'MessagePort' }) > 0;
}

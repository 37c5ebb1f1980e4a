// Restart with memory, through a real Envoy: an update of the sidecar, or its death, does not forget that an upstream is down.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TRANSPORT_NAMES } from '../../src/server/transport-names.js';
import { respond } from '../support/behaviour.js';
import { eventually } from '../support/eventually.js';
import { type Mesh, startMesh } from '../support/mesh.js';
import { settled } from '../support/settled.js';

const policy = {
  defaults: {
    circuit: { consecutiveFailures: 3, open: { base: '300s', max: '1h', jitter: 0 } },
    // Three retries, and no more for as long as the window lasts.
    retry: { maxRetries: 1, budget: { ratio: 0, minPerSecond: 0.003, window: '1000s' } },
  },
};

async function remembering(transport: string): Promise<Mesh & { readonly file: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-state-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'state');
  const args = ['--transport', transport, '--state', file, '--state-interval', '1'];
  const mesh = await startMesh({ policy, sluice: { args } });
  onTestFinished(() => mesh[Symbol.asyncDispose]());
  return Object.assign(mesh, { file });
}

/** How far two times are apart that should be the same: both are shown by clocks that are set against each other. */
function apart(a: string | null, b: string | null): number {
  return Math.abs(Date.parse(a ?? '') - Date.parse(b ?? ''));
}

/** Until Envoy has found the new one. */
async function decides(mesh: Mesh): Promise<void> {
  await eventually(async () => {
    await mesh.request('/secondary/found');
    expect((await mesh.sluice.metrics()).metric('sluice_requests_total')).toBeGreaterThan(0);
  }, 15_000);
}

describe.each(TRANSPORT_NAMES)('over %s, a circuit that opened', (transport) => {
  it('is open in the process that follows a killed one, until the same moment, and the upstream is left alone', async () => {
    const mesh = await remembering(transport);
    const { primary } = mesh.upstreams;
    primary.behave(respond(503));
    for (let count = 0; count < 3; count++) await mesh.request('/primary/fails');
    await eventually(async () => expect((await mesh.sluice.circuit('primary')).state).toBe('open'));
    await eventually(() => expect(readFileSync(mesh.file, 'utf8')).toContain('"kind":"open"'), 60_000);
    const before = await mesh.sluice.circuit('primary');

    await mesh.sluice.kill();
    await mesh.restartSluice();
    primary.forget();
    await decides(mesh);
    const answer = await mesh.request('/primary/x');
    expect(answer).toMatchObject({ status: 503, headers: { 'x-sluice-reason': 'circuit_open' } });
    expect(primary.requests).toEqual([]);
    const after = await mesh.sluice.circuit('primary');
    expect(after).toMatchObject({ state: 'open', failures: 3, reason: 'consecutive_failures' });
    expect(apart(after.retryAt, before.retryAt)).toBeLessThan(1000);
    expect(apart(after.openedAt, before.openedAt)).toBeLessThan(1000);
    const metrics = await mesh.sluice.metrics();
    expect(metrics.metric('sluice_state_loads_total', { result: 'restored' })).toBe(1);
    // It was no change of this process's.
    expect(metrics.metric('sluice_circuit_transitions_total', { cluster: 'primary' })).toBe(0);
    // A busy machine may take its time to write.
  }, 120_000);
});

describe('a SIGTERM', () => {
  it('saves what came last: the results of a closed circuit, and what is spent of the budget', async () => {
    const mesh = await remembering('direct');
    mesh.upstreams.primary.behave(respond(503));
    for (let count = 0; count < 2; count++) await mesh.request('/primary/fails');
    for (let count = 0; count < 3; count++) await mesh.request('/refusing/x');
    await settled(mesh);
    const left = (await mesh.sluice.metrics()).metric('sluice_retry_budget_remaining', { cluster: 'refusing' });
    expect(left).toBeLessThan(3);

    await mesh.restartSluice();
    expect(await mesh.sluice.circuit('primary')).toMatchObject({ state: 'closed', requests: 2, failures: 2 });
    const metrics = await mesh.sluice.metrics();
    expect(metrics.metric('sluice_retry_budget_remaining', { cluster: 'refusing' })).toBe(left);
    // The third in a row: two of them were seen by the process before.
    await decides(mesh);
    await mesh.request('/primary/fails');
    await eventually(async () => expect((await mesh.sluice.circuit('primary')).state).toBe('open'));
  });
});

// A changed ConfigMap reaches a Sluice that runs: the directory changes as a kubelet changes it, the process stays, and so
// does what it knows.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { respond } from '../support/behaviour.js';
import { send } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { parseMetrics } from '../support/metrics.js';
import { startUpstream, type Upstream } from '../support/upstream.js';
import type { CircuitView } from '../support/views.js';
import { parseObjects, renderYaml } from './objects.js';
import { type Pod, startPod } from './pod.js';

const PATIENCE_MS = 60_000;

const policy = (maxRetries: number) => `
defaults:
  circuit: { minimumRequests: 4, window: { requests: 100, duration: 1h }, open: { base: 1h, max: 1h } }
  retry: { maxRetries: ${maxRetries} }
`;
const BAD = `
defaults:
  circuit: { failureRatio: 2 }
  retry: { maxRetries: many }
`;

let catalog: Upstream;
let pod: Pod;
beforeAll(async () => {
  catalog = await startUpstream({ behaviour: respond(500) });
  pod = await startPod({ objects: parseObjects(await renderYaml('base')), catalog: [catalog.port] });
});
afterAll(async () => {
  await pod?.[Symbol.asyncDispose]();
  await catalog?.stop();
});

const swap = (text: string) => pod.configMap('sluice-policy').update({ 'policy.yaml': text });
const http = async (path: string) => (await fetch(`http://127.0.0.1:${pod.localiser.port(9003)}${path}`)).text();
const reloads = async (result: string) =>
  parseMetrics(await http('/metrics')).metric('sluice_policy_reloads_total', { result });
const circuit = async () => JSON.parse(await http('/circuits/catalog')) as CircuitView;
const request = () => send(pod.localiser.port(10_000), '/catalog/x');
const events = (name: string) =>
  pod
    .child('sluice')
    .stdout()
    .split('\n')
    .filter((line) => line.includes(`"event":"${name}"`))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** Counters of what happened so far, as the text of their lines. */
async function counted(): Promise<string> {
  const lines = (await http('/metrics')).split('\n');
  return lines
    .filter((line) => /^sluice_(requests|attempts|circuit_transitions|short_circuits)_total/.test(line))
    .join('\n');
}

describe('a change of the ConfigMap', () => {
  it('is in force without a restart: the circuit stays open, with its time, and the counters go on', async () => {
    await swap(policy(1));
    await eventually(async () => expect(await reloads('applied')).toBe(1), PATIENCE_MS);
    await eventually(async () => {
      expect((await request()).headers['x-sluice-reason']).toBe('circuit_open');
    }, PATIENCE_MS);
    await quiet();
    const before = { circuit: await circuit(), counted: await counted(), pid: pod.child('sluice').pid };
    expect(before.circuit).toMatchObject({ state: 'open', reason: 'failure_ratio' });

    await swap(policy(3));
    await eventually(async () => expect(await reloads('applied')).toBe(2), PATIENCE_MS);
    expect(await http('/policy?cluster=catalog')).toMatch(/"maxRetries":\s*(3|\{[^}]*3)/);
    expect(await circuit()).toEqual(before.circuit);
    expect(await counted()).toBe(before.counted);
    expect(pod.child('sluice')).toMatchObject({ pid: before.pid });
    expect(pod.child('sluice').hasExited()).toBe(false);
    expect((await request()).headers['x-sluice-reason']).toBe('circuit_open');
  });

  it('to a bad policy changes nothing, and is told in the log with every error, and counted', async () => {
    await quiet();
    const before = { policy: await http('/policy'), circuit: await circuit(), counted: await counted() };
    await swap(BAD);
    await eventually(async () => expect(await reloads('rejected')).toBe(1), PATIENCE_MS);
    expect({ policy: await http('/policy'), circuit: await circuit(), counted: await counted() }).toEqual(before);
    const [told] = events('policy_rejected');
    expect(JSON.stringify(told?.errors)).toMatch(/failureRatio.*maxRetries/);
  });

  it('to a good one again is in force again', async () => {
    await swap(policy(2));
    await eventually(async () => expect(await reloads('applied')).toBe(3), PATIENCE_MS);
    expect((await circuit()).state).toBe('open');
  });

  it('that brings the same text again is none', async () => {
    await swap(policy(2));
    await swap(policy(1));
    await eventually(async () => expect(await reloads('applied')).toBe(4), PATIENCE_MS);
    expect(events('policy_rejected')).toHaveLength(1);
  });
});

/** Nothing is awaited of any request: what is counted is final. */
async function quiet(): Promise<void> {
  await eventually(async () => {
    const metrics = parseMetrics(await http('/metrics'));
    expect(metrics.metric('sluice_sessions') + metrics.metric('sluice_streams')).toBe(0);
  }, PATIENCE_MS);
}

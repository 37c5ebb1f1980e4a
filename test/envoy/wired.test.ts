// What `sluice envoy` makes of bootstraps as people have them, shown by a real Envoy: it loads them, and Sluice does there what
// it does in this repository's own.

import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Answer } from '../support/client.js';
import { validate } from '../support/envoy.js';
import { envoyBinary } from '../support/envoy-binary.js';
import { recordsOf, settled } from '../support/settled.js';
import { sluiceEnvoy } from './wired/command.js';
import { bootstrapText, FIXTURES, type Fixture, fixtureNamed, policyFile } from './wired/fixtures.js';
import { startWired, versionFlag, type Wired } from './wired/world.js';

const DOWNLOAD_MS = 300_000;

// Some start four processes one after the other, and the machine may be busy with others.
vi.setConfig({ testTimeout: 120_000 });

async function wireFile(fixture: Fixture, input: string): Promise<string> {
  const { code, stdout, stderr } = await sluiceEnvoy(
    ['--policy', policyFile(fixture), ...versionFlag(fixture), '-'],
    input,
  );
  expect(code, stderr).toBe(0);
  return stdout;
}

function ours(answer: Answer): string[] {
  return Object.keys(answer.headers).filter((name) => name.startsWith('x-sluice-') || name.startsWith('x-envoy-retr'));
}

describe.each(FIXTURES)('$name, wired', (fixture) => {
  const world = useWired(fixture.name);

  it('is valid to Envoy, passes the check, and is not changed by wiring it again', async () => {
    const text = await wireFile(fixture, bootstrapText(fixture));
    expect(await wireFile(fixture, text)).toBe(text);
    const args = ['--check', '--policy', policyFile(fixture), ...versionFlag(fixture), '-'];
    const { code, stdout } = await sluiceEnvoy(args, text);
    expect(code, stdout).toBe(0);
    const file = `${world().file}.${fixture.extension}`;
    await writeFile(file, text);
    const { ok, log } = await validate(file, fixture.version);
    expect(ok, log).toBe(true);
  });

  it('saves a request whose connection is refused, by one retry, and shows both attempts', async () => {
    const { clusters } = fixture.saved;
    const before = world().received(8082);
    const record = await untilRetried(world(), fixture);
    expect(record).toMatchObject({ result: 'success', maxRetries: 1 });
    expect(record.attempts.map((attempt) => attempt.cluster)).toEqual(clusters);
    expect(record.attempts.map((attempt) => [attempt.stage, attempt.outcome])).toEqual([
      ['connect', 'failure'],
      ['response', 'success'],
    ]);
    expect(world().received(8082)).toBeGreaterThan(before);
  });

  it('opens the circuit of a cluster that fails, and answers in its place', async () => {
    const { sent, listener, cluster, port } = fixture.broken;
    world().fail(port);
    const state = async () => (await world().sluice.circuits()).find((each) => each.cluster === cluster)?.state;
    for (let count = 0; (await state()) !== 'open'; count += 1) {
      expect(count).toBeLessThan(50);
      const answer = await world().send(listener, sent);
      expect(ours(answer)).toEqual([]);
      await settled(world());
    }
    const answer = await world().send(listener, sent);
    expect(answer.headers).toMatchObject({ 'x-sluice-reason': 'circuit_open', 'x-sluice-cluster': cluster });
    expect([answer.status, answer.headers['grpc-status']]).toEqual(isGrpc(fixture) ? [200, '14'] : [503, undefined]);
  });
});

/** A world of its own for what only some of the fixtures have. */
function useWired(name: string): () => Wired {
  let wired: Wired | undefined;
  beforeAll(async () => {
    const fixture = fixtureNamed(name);
    await envoyBinary(fixture.version);
    wired = await startWired(fixture);
    await settled(wired, 15_000);
  }, DOWNLOAD_MS);
  afterAll(() => wired?.[Symbol.asyncDispose]());
  return () => {
    if (wired === undefined) throw new Error('not up');
    return wired;
  };
}

describe('a judge that was wired in', () => {
  const world = useWired('model-gateway');

  it('has an answer retried that the policy names, and leaves no mark on what reaches the client', async () => {
    world().answer(8082, 529, 200);
    const headers = { 'x-provider': 'second', 'x-envoy-max-retries': '9', 'x-sluice-id': 'forged' };
    const answer = await world().send('models', { path: '/v1/chat/judged', headers });
    expect([answer.status, ours(answer)]).toEqual([200, []]);
    const [record] = await recordsOf(world(), '/v1/chat/judged');
    expect(record?.id).not.toBe('forged');
    expect(record?.attempts.map(({ status, cluster }) => [status, cluster])).toEqual([
      [529, 'provider-second'],
      [200, 'provider-second'],
    ]);
  });

  it('leaves the filters before it in force: who is denied there is never counted', async () => {
    const headers = { 'x-provider': 'second', 'x-tenant': 'blocked' };
    const answer = await world().send('models', { path: '/v1/chat/denied', headers });
    expect(answer.status).toBe(403);
    expect(await recordsOf(world(), '/v1/chat/denied')).toEqual([]);
  });
});

describe('a route that was steered by header for Envoy 1.36', () => {
  const world = useWired('lts');

  it('goes to the fallback while the circuit is open, and tells the upstream nothing of it', async () => {
    const sent = { path: '/orders/1', headers: { host: 'main.example' } };
    world().fail(8083);
    const state = async () => (await world().sluice.circuits()).find((each) => each.cluster === 'orders')?.state;
    for (let count = 0; (await state()) !== 'open'; count += 1) {
      expect(count).toBeLessThan(50);
      await world().send('main', sent);
      await settled(world());
    }
    expect(await world().send('main', { ...sent, path: '/orders/2' })).toMatchObject({ status: 200 });
    expect(await recordsOf(world(), '/orders/2')).toMatchObject([
      { decision: 'reroute', cluster: 'orders', attempts: [{ cluster: 'orders-standby' }] },
    ]);
    expect(world().received(8084)).toBe(1);
  });
});

function isGrpc({ broken }: Fixture): boolean {
  return broken.sent.headers?.['content-type'] === 'application/grpc';
}

/** Of a cluster with two hosts, the first attempt may go to the good one. */
async function untilRetried(wired: Wired, { saved }: Fixture) {
  for (let count = 0; count < 20; count += 1) {
    const answer = await wired.send(saved.listener, saved.sent);
    expect(answer.status).toBe(200);
    expect(ours(answer)).toEqual([]);
    const record = (await recordsOf(wired, saved.sent.path)).find((each) => each.attempts.length > 1);
    if (record !== undefined) return record;
  }
  throw new Error('no request was retried');
}

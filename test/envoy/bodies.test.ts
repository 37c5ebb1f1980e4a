// Bodies are Envoy's business: Sluice sees not a byte of them, and what Envoy keeps for a retry is what its configuration
// allows. And the hosts of one cluster: a connection that one host refuses goes to another.

import { afterAll, describe, expect, it } from 'vitest';
import { FRAMINGS, upload } from '../bench/support/upload.js';
import { respond } from '../support/behaviour.js';
import { type BlackHole, startBlackHole } from '../support/black-hole.js';
import { connectionManager, type JsonObject, virtualHost } from '../support/bootstrap.js';
import { startMesh } from '../support/mesh.js';
import { addUpstream, hosts } from '../support/routes.js';
import { recordOf, recordsOf, settled } from '../support/settled.js';
import { useMesh } from '../support/use-mesh.js';
import { expectNothingLost, WATCHING } from './rows/run.js';

const policy = {
  defaults: { circuit: WATCHING, retry: { maxRetries: 2 } },
  clusters: { refusing: { fallback: ['secondary'] } },
};
const LIMIT_BYTES = 64 * 1024;
const UPLOAD_BYTES = 20 * 1024 * 1024;
const ABANDONED = 'cluster.refusing.retry_or_shadow_abandoned';
const TO_SLUICE = 'cluster.sluice.upstream_cx_tx_bytes_total';

describe('a request with a body', () => {
  const world = useMesh({ policy, upstreams: { poolA: 'refused' } });

  it('R11: of 20 MB reaches the upstream whole, and Sluice gets none of it', async () => {
    const { primary } = world.mesh.upstreams;
    await world.mesh.request('/primary/warm');
    primary.forget();
    const before = await world.mesh.envoy.counter(TO_SLUICE);
    const memory = async () => (await settled(world.mesh)).metric('process_resident_memory_bytes');
    const memoryBefore = await memory();
    const answer = await world.mesh.request('/primary/upload', { method: 'POST', body: Buffer.alloc(UPLOAD_BYTES) });
    expect(answer.status).toBe(200);
    expect(primary.requests).toMatchObject([{ bodyBytes: UPLOAD_BYTES, complete: true }]);
    expect((await memory()) - memoryBefore).toBeLessThan(UPLOAD_BYTES / 2);
    // Headers both ways, and two log entries.
    expect((await world.mesh.envoy.counter(TO_SLUICE)) - before).toBeLessThan(32 * 1024);
    expect(await recordOf(world.mesh, '/primary/upload')).toMatchObject({ result: 'success' });
  });

  it('R11: of 20 MB is more than Envoy keeps, so that a refused connection ends it', async () => {
    world.mesh.upstreams.secondary.forget();
    const before = await world.mesh.envoy.counter(ABANDONED);
    const answer = await world.mesh.request('/refusing/upload', { method: 'POST', body: Buffer.alloc(UPLOAD_BYTES) });
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(world.mesh.upstreams.secondary.requests).toEqual([]);
    expect(await world.mesh.envoy.counter(ABANDONED)).toBe(before + 1);
    const record = await recordOf(world.mesh, '/refusing/upload');
    expect(record.attempts).toMatchObject([{ cluster: 'refusing', stage: 'connect' }]);
    expect(record).toMatchObject({ result: 'failure', notRetried: 'not_retried_by_envoy' });
  });

  it('R2: of 60 KiB is kept, and sent whole to the next cluster', async () => {
    world.mesh.upstreams.secondary.forget();
    const body = Buffer.alloc(60 * 1024, 'x');
    expect((await world.mesh.request('/refusing/kept', { method: 'POST', body })).status).toBe(200);
    expect(world.mesh.upstreams.secondary.requests).toMatchObject([{ bodyBytes: body.length, attempt: 2 }]);
  });

  it('R2: of 20 MB is retried where client and Envoy leave it to the upstream to say when it may come', async () => {
    const patch = (bootstrap: JsonObject) => {
      connectionManager(bootstrap).proxy_100_continue = true;
    };
    await using mesh = await startMesh({ policy, envoy: { patch } });
    expect(await upload(mesh.envoy.port, '/refusing/asked', 'expect', UPLOAD_BYTES)).toBe(200);
    expect(mesh.upstreams.secondary.requests).toMatchObject([{ bodyBytes: UPLOAD_BYTES, attempt: 2, complete: true }]);
    expect(await mesh.envoy.counter(ABANDONED)).toBe(0);
    expect(await upload(mesh.envoy.port, '/primary/asked', 'expect', UPLOAD_BYTES)).toBe(200);
  });

  it('R11: with request_body_buffer_limit 0 Envoy keeps nothing of it, however small', async () => {
    const patch = (bootstrap: JsonObject) => {
      virtualHost(bootstrap).request_body_buffer_limit = 0;
    };
    await using mesh = await startMesh({ policy, envoy: { patch } });
    const answer = await mesh.request('/refusing/lost', { method: 'POST', body: 'x'.repeat(100) });
    expect(answer.status).toBe(503);
    expect(mesh.upstreams.secondary.requests).toEqual([]);
    expect(await mesh.envoy.counter(ABANDONED)).toBe(1);
    expect((await mesh.request('/refusing/none')).status).toBe(200);
    expect(mesh.upstreams.secondary.requests).toHaveLength(1);
  });
});

describe('a request whose body has come by the time that its connection fails', () => {
  // A refusal can be faster than the last byte, which then follows the rest to the next cluster. A timeout is not.
  let hole: BlackHole;
  const world = useMesh(async () => {
    hole = await startBlackHole();
    const silent = { ...hosts('hole', hole.port), connect_timeout: '1s' };
    const clusters = { hole: { fallback: ['secondary'] } };
    return { policy: { ...policy, clusters }, envoy: { patch: (bootstrap) => addUpstream(bootstrap, 'hole', silent) } };
  });
  afterAll(() => hole[Symbol.asyncDispose]());

  it.each(FRAMINGS)('R2: is retried with exactly 64 KiB, and not with one byte more (%s)', async (framing) => {
    const { envoy, upstreams } = world.mesh;
    upstreams.secondary.forget();
    expect(await upload(envoy.port, '/hole/limit', framing, LIMIT_BYTES)).toBe(200);
    expect(upstreams.secondary.requests).toMatchObject([{ bodyBytes: LIMIT_BYTES, attempt: 2, complete: true }]);
    expect(await upload(envoy.port, '/hole/limit', framing, LIMIT_BYTES + 1)).not.toBe(200);
    expect(upstreams.secondary.requests).toHaveLength(1);
  });
});

describe('a cluster of two hosts, one of which refuses', () => {
  const world = useMesh({ policy, upstreams: { poolA: 'refused' } });

  it('N2, R1: a request that met the bad one is served by the good one: 200, two attempts, sent once', async () => {
    const { poolB } = world.mesh.upstreams;
    poolB.behave(respond(200, { body: 'from B' }));
    for (let count = 0; count < 6; count += 1) {
      const answer = await world.mesh.request('/pool/x', { method: 'POST', body: 'hello' });
      expect(answer).toMatchObject({ status: 200, body: 'from B' });
    }
    expect(poolB.requests).toHaveLength(6);
    const records = await recordsOf(world.mesh, '/pool/x');
    const retried = records.filter(({ attempts }) => attempts.length > 1);
    // Round robin: every other one meets the bad host first.
    expect(retried.length).toBeGreaterThanOrEqual(2);
    for (const { attempts, result } of retried) {
      expect(attempts).toMatchObject([
        {
          stage: 'connect',
          error: 'connection_refused',
          host: '127.0.0.1:1',
          message: expect.stringContaining('refused'),
        },
        { stage: 'response', outcome: 'success', host: `127.0.0.1:${poolB.port}` },
      ]);
      expect(result).toBe('success');
    }
    const made = await world.mesh.envoy.counter('cluster.pool.upstream_cx_connect_fail');
    expect(made).toBe(retried.length);
    expect(await world.mesh.sluice.circuit('pool')).toMatchObject({ requests: 6 + made, failures: made });
  });

  it('R14: the history of each shows in the log as well as in /requests', async () => {
    const records = await recordsOf(world.mesh, '/pool/x');
    const lines = world.mesh.sluice
      .logs()
      .filter(({ event, path }) => event === 'request_retried' && path === '/pool/x');
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      const record = records.find(({ id }) => id === line.id);
      expect(line).toMatchObject({ result: 'success', attempts: record?.attempts });
      expect(record?.attempts[0]).toMatchObject({
        cluster: 'pool',
        host: '127.0.0.1:1',
        stage: 'connect',
        error: 'connection_refused',
      });
    }
  });

  it('lost no decision and no evidence on the way', async () => {
    await expectNothingLost(world.mesh, await settled(world.mesh));
  });
});

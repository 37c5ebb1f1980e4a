// Without Sluice, Envoy has to serve as if Sluice had never been put in front of it: the promise that makes it safe to try.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cut, hang, reset, respond } from '../support/behaviour.js';
import { eventually } from '../support/eventually.js';
import { callGrpc } from '../support/grpc-client.js';
import { type Mesh, startMesh, type UpstreamName } from '../support/mesh.js';

const LOST = 'http.ingress.ext_proc.failure_mode_allowed';

describe('with Sluice absent', () => {
  let mesh: Mesh;
  beforeAll(async () => {
    mesh = await startMesh({ policy: null });
  });
  afterAll(async () => {
    await mesh[Symbol.asyncDispose]();
  });

  it.each<UpstreamName>(['primary', 'provider', 'secondary', 'slow', 'flaky', 'secure'])(
    '%s is served',
    async (name) => {
      mesh.upstreams[name].forget();
      mesh.upstreams[name].behave(respond(200, { body: `from ${name}`, headers: { 'x-of': name } }));
      const answer = await mesh.request(`/${name}/x?q=1`, { method: 'POST', body: 'hello' });
      expect(answer).toMatchObject({ status: 200, body: `from ${name}`, complete: true });
      expect(answer.headers['x-of']).toBe(name);
      expect(mesh.upstreams[name].requests).toMatchObject([{ method: 'POST', path: `/${name}/x?q=1`, bodyBytes: 5 }]);
    },
  );

  it('both hosts of pool are served', async () => {
    for (let count = 0; count < 4; count += 1) expect((await mesh.request('/pool/x')).status).toBe(200);
    expect(mesh.upstreams.poolA.requests).toHaveLength(2);
    expect(mesh.upstreams.poolB.requests).toHaveLength(2);
  });

  it('a gRPC call gets its status from the trailers', async () => {
    expect(await callGrpc(mesh.envoy.port, '/grpc/Echo')).toMatchObject({ status: 200, grpcStatus: '0' });
    expect(mesh.upstreams.grpc.calls).toHaveLength(1);
  });

  it('every decision that was lost is counted', async () => {
    const before = await mesh.envoy.counter(LOST);
    await mesh.request('/primary/x');
    expect(await mesh.envoy.counter(LOST)).toBeGreaterThan(before);
  });

  it('a refused connection is 503 after one attempt', async () => {
    const before = await mesh.envoy.counter('cluster.refusing.upstream_cx_connect_fail');
    expect((await mesh.request('/refusing/x')).status).toBe(503);
    expect(await mesh.envoy.counter('cluster.refusing.upstream_cx_connect_fail')).toBe(before + 1);
    expect(await mesh.envoy.counter('cluster.refusing.upstream_rq_retry')).toBe(0);
  });

  it('an answer of the upstream passes untouched, and without the mark that is for the judge', async () => {
    mesh.upstreams.provider.behave(
      respond(503, { body: 'busy', headers: { 'x-sluice-retry': '1', 'retry-after': '7' } }),
    );
    const answer = await mesh.request('/provider/x');
    expect(answer).toMatchObject({ status: 503, body: 'busy' });
    expect(answer.headers['retry-after']).toBe('7');
    expect(answer.headers).not.toHaveProperty('x-sluice-retry');
  });

  it('a reset after the request was written is 503 and is not sent again', async () => {
    mesh.upstreams.primary.forget();
    mesh.upstreams.primary.behave(reset);
    expect((await mesh.request('/primary/x')).status).toBe(503);
    expect(mesh.upstreams.primary.requests).toHaveLength(1);
  });

  it('a body that is cut short arrives cut short', async () => {
    mesh.upstreams.primary.behave(cut(10, 100));
    expect(await mesh.request('/primary/x')).toMatchObject({ status: 200, body: 'x'.repeat(10), complete: false });
  });

  it('an upstream that is too slow is 504 after the time of its route', async () => {
    mesh.upstreams.slow.behave(hang);
    const answer = await mesh.request('/slow/x');
    expect(answer.status).toBe(504);
    expect(answer.durationMs).toBeGreaterThan(450);
  });

  it('a path without a route is 404', async () => {
    expect((await mesh.request('/nowhere/x')).status).toBe(404);
  });

  it('trace entries that nobody takes are not hoarded and fail nothing', async () => {
    // Envoy 1.40 counts them as flushed, not as dropped: neither counter tells that Sluice got them.
    const log = 'access_logs.grpc_access_log';
    await eventually(async () => {
      const stats = await mesh.envoy.stats(log);
      expect(stats.get(`${log}.logs_written`)).toBeGreaterThan(20);
      expect(stats.get(`${log}.grpc_entries_flushed`)).toBe(stats.get(`${log}.logs_written`));
    });
    expect((await mesh.request('/secondary/x')).status).toBe(200);
  });
});

describe('the certificate of an upstream', () => {
  it('fails the handshake when it is of another name, and nothing is sent', async () => {
    await using mesh = await startMesh({ policy: null, upstreams: { secure: { tls: 'stranger' } } });
    expect((await mesh.request('/secure/x')).status).toBe(503);
    expect(mesh.upstreams.secure.requests).toEqual([]);
    expect(await mesh.envoy.counter('cluster.secure.ssl.fail_verify_san')).toBe(1);
  });
});

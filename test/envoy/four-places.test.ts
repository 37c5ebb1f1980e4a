// The four places where Sluice meets Envoy, each seen to work through envoy.yaml as it is, with the rights it grants and no
// more. What Sluice decides there is the scenarios' business; that Envoy does as it is told is the business of this file.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { echo, inTurn, respond } from '../support/behaviour.js';
import { eventually } from '../support/eventually.js';
import { type Mesh, startMesh } from '../support/mesh.js';

const policy = {
  defaults: { retry: { maxRetries: 2 } },
  clusters: {
    refusing: { fallback: ['secondary'] },
    flaky: {
      retry: { judge: true, statuses: [503], backoff: { base: '150ms', jitter: 'none' } },
      circuit: { mode: 'off' },
    },
    provider: { circuit: { failureRatio: 0.5, minimumRequests: 2, open: { base: '60s', jitter: 0 } } },
  },
};

let mesh: Mesh;
beforeAll(async () => {
  mesh = await startMesh({ policy });
});
afterAll(async () => {
  await mesh[Symbol.asyncDispose]();
});
beforeEach(() => {
  const { primary, provider, secondary, flaky } = mesh.upstreams;
  for (const upstream of [primary, provider, secondary, flaky]) {
    upstream.forget();
    upstream.behave(respond(200));
  }
});

describe('admission', () => {
  it('takes from the client what would steer Envoy, and gives the request an id', async () => {
    mesh.upstreams.primary.behave(echo);
    const { body } = await mesh.request('/primary/x', {
      headers: {
        'x-envoy-retry-on': '5xx',
        'x-envoy-max-retries': '9',
        'x-sluice-id': 'forged',
        'x-sluice-cluster': 'b',
      },
    });
    const received = JSON.parse(body) as Record<string, string>;
    const ours = Object.keys(received).filter((name) => name.startsWith('x-envoy-') || name.startsWith('x-sluice-'));
    expect(ours.sort()).toEqual(['x-envoy-attempt-count', 'x-envoy-expected-rq-timeout-ms', 'x-sluice-id']);
    expect(received['x-sluice-id']).not.toBe('forged');
  });

  it('passes credentials on to the upstream, which Sluice itself never gets', async () => {
    mesh.upstreams.primary.behave(echo);
    const { body } = await mesh.request('/primary/x', { headers: { authorization: 'Bearer abc', cookie: 'a=b' } });
    expect(JSON.parse(body)).toMatchObject({ authorization: 'Bearer abc', cookie: 'a=b' });
  });

  it('sends a retry to another cluster, with its body', async () => {
    const answer = await mesh.request('/refusing/x', { method: 'POST', body: 'hello' });
    expect(answer.status).toBe(200);
    expect(mesh.upstreams.secondary.requests).toMatchObject([{ method: 'POST', bodyBytes: 5, attempt: 2 }]);
  });

  it('answers in place of an upstream that fails, with the headers that its rights cover', async () => {
    mesh.upstreams.provider.behave(respond(500));
    for (let count = 0; count < 2; count += 1) await mesh.request('/provider/x');
    await eventually(async () => expect(await mesh.sluice.circuit('provider')).toMatchObject({ state: 'open' }));
    mesh.upstreams.provider.forget();
    const answer = await mesh.request('/provider/x');
    expect(answer).toMatchObject({
      status: 503,
      headers: {
        'content-type': 'application/problem+json',
        'retry-after': expect.stringMatching(/^[1-9]\d*$/),
        'x-sluice-reason': 'circuit_open',
        'x-sluice-cluster': 'provider',
      },
    });
    expect(mesh.upstreams.provider.requests).toEqual([]);
  });
});

describe('judge', () => {
  it('has an answer retried after the wait of the policy', async () => {
    mesh.upstreams.flaky.behave(inTurn(respond(503), respond(200, { body: 'saved' })));
    expect(await mesh.request('/flaky/x')).toMatchObject({ status: 200, body: 'saved' });
    const [first, second] = mesh.upstreams.flaky.requests;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(145);
  });

  it('leaves nothing of its own on the answer that the client gets', async () => {
    mesh.upstreams.flaky.behave(respond(503, { body: 'busy', headers: { 'x-sluice-retry': 'forged' } }));
    const answer = await mesh.request('/flaky/x');
    expect(answer).toMatchObject({ status: 503, body: 'busy' });
    expect(mesh.upstreams.flaky.requests).toHaveLength(3);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('x-sluice-'))).toEqual([]);
  });
});

describe('trace', () => {
  it('tells of each attempt under the id and number that it had', async () => {
    await mesh.request('/refusing/traced');
    await eventually(async () => {
      const record = (await mesh.sluice.requests()).find((each) => each.path === '/refusing/traced');
      expect(record?.attempts).toMatchObject([
        { attempt: 1, cluster: 'refusing', host: '127.0.0.1:1', stage: 'connect', outcome: 'failure' },
        { attempt: 2, cluster: 'secondary', stage: 'response', outcome: 'success', status: 200 },
      ]);
    });
  });

  it('comes with both tags, from both logs', async () => {
    await mesh.request('/primary/x');
    await eventually(async () => {
      const { metric } = await mesh.sluice.metrics();
      expect(metric('sluice_trace_entries_total', { type: 'attempt' })).toBeGreaterThan(0);
      expect(metric('sluice_trace_entries_total', { type: 'request' })).toBeGreaterThan(0);
      expect(metric('sluice_trace_entries_total', { match: 'untagged' })).toBe(0);
    });
  });
});

describe('all of them', () => {
  it('ask for nothing that the rights in envoy.yaml refuse, and lose no decision', async () => {
    mesh.upstreams.flaky.behave(inTurn(respond(503), respond(200)));
    for (const path of ['/primary/x', '/refusing/x', '/flaky/x', '/provider/x']) await mesh.request(path);
    // Admission, gate (the missing dot is Envoy's) and judges.
    for (const scope of ['http.ingress.', 'http.ingress', 'cluster.flaky.', 'cluster.provider.']) {
      const stats = await mesh.envoy.stats(`${scope}ext_proc.`);
      expect(stats.get(`${scope}ext_proc.streams_started`), scope).toBeGreaterThan(0);
      for (const name of ['rejected_header_mutations', 'failure_mode_allowed', 'spurious_msgs_received']) {
        expect(stats.get(`${scope}ext_proc.${name}`), `${scope} ${name}`).toBe(0);
      }
    }
  });

  it('pass a WebSocket through', async () => {
    const { status, body } = await mesh.upgrade('/primary/socket', 'ping');
    expect(status).toBe(101);
    expect(body).toBe('ping');
    expect(mesh.upstreams.primary.requests).toHaveLength(1);
  });
});

describe('when Sluice dies and comes back', () => {
  it('requests are served meanwhile, and decided upon again afterwards', async () => {
    await using own = await startMesh({ policy });
    await own.sluice.kill();
    expect((await own.request('/primary/x')).status).toBe(200);
    expect(await own.envoy.counter('http.ingress.ext_proc.failure_mode_allowed')).toBeGreaterThan(0);
    await own.restartSluice();
    await eventually(async () => {
      await own.request('/primary/x');
      expect((await own.sluice.requests()).length).toBeGreaterThan(0);
    });
  });
});

// deploy/istio, in proxies of the shape that Istio makes: valid to Envoy, and doing what Sluice promises.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inTurn, respond } from '../../support/behaviour.js';
import { cluster, forGateway, type IstioOptions, istioProxy, nameRoute } from '../../support/deployed/istio.js';
import type { MeshProxy } from '../../support/deployed/proxy.js';
import { writeProxy } from '../../support/deployed/proxy.js';
import { useWorld, type World } from '../../support/deployed/world.js';
import { validate } from '../../support/envoy.js';
import { ENVOY_VERSION, envoyBinary } from '../../support/envoy-binary.js';
import { recordOf } from '../../support/settled.js';
import { corePolicy, describeCore, expectNothingLost, force } from './core.js';

/** The newest before priority groups came. */
const OLDER = '1.39.3';
const DOWNLOAD_MS = 300_000;
const policy = corePolicy(cluster, { judge: true });

const OUTBOUND = 'sidecar/outbound.yaml';
const RETRIES = 'enforce/retries.yaml';
const JUDGE = 'examples/judge.yaml';

const SIDECAR: IstioOptions = { kind: 'sidecar', files: [OUTBOUND, RETRIES, JUDGE] };
const GATEWAY: IstioOptions = { kind: 'gateway', files: ['gateway/gateway.yaml', RETRIES, JUDGE], adapt: forGateway };

beforeAll(() => envoyBinary(OLDER).then(() => undefined), DOWNLOAD_MS);

describe.each([ENVOY_VERSION, OLDER])('with Envoy %s', (version) => {
  describe('a sidecar of Istio', () => {
    describeCore(useWorld({ proxy: istioProxy(SIDECAR), policy, version }), { judge: true });
  });

  describe('a gateway of Istio', () => {
    describeCore(useWorld({ proxy: istioProxy(GATEWAY), policy, version }), { judge: true });
  });
});

describe('what Istio retries by itself', () => {
  const proxy = istioProxy({ kind: 'sidecar', files: [OUTBOUND] });
  const world = useWorld({ proxy, policy: corePolicy(cluster, { judge: false }) });

  it('is added to what Sluice grants: without retries.yaml a call answered UNAVAILABLE arrives twice', async () => {
    const headers = { 'content-type': 'application/grpc', te: 'trailers' };
    world.upstreams.calls.behave(
      respond(200, { headers: { 'content-type': 'application/grpc', 'grpc-status': '14' } }),
    );
    await world.request('calls', '/Charge', { method: 'POST', headers, body: 'once' });
    expect(world.upstreams.calls.requests).toHaveLength(2);
  });
});

describe('in shadow mode', () => {
  const mode = { mode: 'shadow' };
  const proxy = istioProxy({ kind: 'sidecar', files: [OUTBOUND] });
  const world = useWorld({ proxy, policy: { defaults: { circuit: mode, retry: { ...mode, maxRetries: 1 } } } });

  it('retries are those of Istio, and all of them are on record', async () => {
    expect((await world.request('closed', '/shadow')).status).toBe(503);
    expect((await recordOf(world, '/shadow')).attempts).toHaveLength(3);
    await expectNothingLost(world);
  });
});

describe('while Sluice is away', () => {
  const world = useWorld({ proxy: istioProxy(SIDECAR), policy: null });

  it('requests are served, and those that nobody listens for are retried as Istio does', async () => {
    expect((await world.request('payments', '/fine')).status).toBe(200);
    expect((await world.request('ledger', '/fine')).status).toBe(200);
    expect((await world.request('closed', '/refused')).status).toBe(503);
    const stats = await world.envoy.stats(`cluster.${cluster('closed')};.upstream_cx_connect_fail`);
    const failures =
      stats.size > 0 ? stats : await world.envoy.stats(`cluster.${cluster('closed')}.upstream_cx_connect_fail`);
    expect([...failures.values()]).toEqual([3]);
  });

  it('a client gains nothing by the control headers', async () => {
    world.upstreams.payments.forget();
    world.upstreams.payments.behave(respond(503));
    const headers = { 'x-envoy-retry-on': '5xx', 'x-envoy-max-retries': '9', 'x-sluice-cluster': 'sluice' };
    expect((await world.request('payments', '/forged', { headers })).status).toBe(503);
    expect(world.upstreams.payments.requests).toHaveLength(1);
  });
});

describe('a fallback', () => {
  const BY_CLUSTER = { [cluster('cards')]: { fallback: [cluster('backup')] } };
  const defaults = { retry: { maxRetries: 1 } };

  async function expectReroute(world: World): Promise<void> {
    expect((await world.request('cards', '/before')).status).toBe(200);
    expect(world.upstreams.cards.requests).toHaveLength(1);
    await force(world, 'cards', 'forced_open');
    expect((await world.request('cards', '/after')).status).toBe(200);
    expect(world.upstreams.cards.requests).toHaveLength(1);
    expect(world.upstreams.backup.requests).toHaveLength(1);
    expect(world.upstreams.backup.requests[0]?.headers['x-sluice-cluster']).toBeUndefined();
    expect(await recordOf(world, '/after')).toMatchObject({
      decision: 'reroute',
      cluster: cluster('cards'),
      attempts: [{ cluster: cluster('backup'), outcome: 'success' }],
    });
  }

  describe('by priority groups (fallback.yaml, Envoy 1.40)', () => {
    const proxy = istioProxy({ ...SIDECAR, files: [...SIDECAR.files, 'examples/fallback.yaml'] });
    const world = useWorld({
      proxy,
      policy: {
        defaults,
        clusters: {
          ...BY_CLUSTER,
          [cluster('cards')]: { ...BY_CLUSTER[cluster('cards')], retry: { statuses: [503] } },
        },
      },
    });

    it('takes the retry of an attempt that failed', async () => {
      world.upstreams.cards.behave(inTurn(respond(503), respond(200)));
      expect((await world.request('cards', '/retry')).status).toBe(200);
      expect((await recordOf(world, '/retry')).attempts).toMatchObject([
        { cluster: cluster('cards'), status: 503 },
        { cluster: cluster('backup'), status: 200 },
      ]);
      for (const upstream of Object.values(world.upstreams)) upstream.forget();
    });

    it('takes the requests of a cluster that is closed off', () => expectReroute(world));
    it('loses nothing', () => expectNothingLost(world));
  });

  describe.each([ENVOY_VERSION, OLDER])('by header (fallback-header.yaml, Envoy %s)', (version) => {
    const proxy = istioProxy({
      ...SIDECAR,
      files: [...SIDECAR.files, 'examples/fallback-header.yaml'],
      prepare: (bootstrap) => nameRoute(bootstrap, 'cards', 'cards'),
    });
    const world = useWorld({
      proxy,
      version,
      policy: { defaults, clusters: BY_CLUSTER, routes: { cards: { cluster: cluster('cards') } } },
    });

    it('takes the requests of a cluster that is closed off', () => expectReroute(world));
    it('loses nothing', () => expectNothingLost(world));
  });
});

describe('what Istio merges', () => {
  let remove: () => Promise<void> = async () => undefined;
  beforeEach(() => remove());
  afterAll(() => remove());

  it.each([
    ['sidecar', ENVOY_VERSION, istioProxy(SIDECAR)],
    ['gateway', ENVOY_VERSION, istioProxy(GATEWAY)],
    ['sidecar', '1.36.2', istioProxy({ ...SIDECAR, files: [OUTBOUND, RETRIES] })],
  ] as const)('is valid: a %s of Envoy %s', async (_kind, version, proxy: MeshProxy) => {
    const written = await writeProxy(proxy, {}, '/run/sluice/sluice.sock');
    remove = written.remove;
    const { ok, log } = await validate(written.file, version);
    expect(ok, log).toBe(true);
  });
});

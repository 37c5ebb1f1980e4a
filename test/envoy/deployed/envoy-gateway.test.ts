// deploy/envoy-gateway, in a proxy of the shape that Envoy Gateway makes of it: valid to Envoy, and doing what Sluice promises.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { respond } from '../../support/behaviour.js';
import { envoyGatewayProxy, routeCluster } from '../../support/deployed/envoy-gateway.js';
import { writeProxy } from '../../support/deployed/proxy.js';
import { useWorld } from '../../support/deployed/world.js';
import { validate } from '../../support/envoy.js';
import { ENVOY_VERSION, envoyBinary } from '../../support/envoy-binary.js';
import { recordOf } from '../../support/settled.js';
import { corePolicy, describeCore, expectNothingLost, force } from './core.js';

/** As in Envoy Gateway 1.9. */
const ITS_OWN = '1.39.3';
const DOWNLOAD_MS = 300_000;
const JUDGE = 'examples/judge.yaml';

beforeAll(() => envoyBinary(ITS_OWN).then(() => undefined), DOWNLOAD_MS);

describe.each([ITS_OWN, ENVOY_VERSION])('a gateway of Envoy Gateway, with Envoy %s', (version) => {
  const policy = corePolicy(routeCluster, { judge: true });
  describeCore(useWorld({ proxy: envoyGatewayProxy([JUDGE]), policy, version }), { judge: true });
});

describe('without the judge', () => {
  const policy = {
    defaults: { retry: { maxRetries: 1 } },
    clusters: { [routeCluster('ledger')]: { retry: { statuses: [503] } } },
  };
  const world = useWorld({ proxy: envoyGatewayProxy(), policy, version: ITS_OWN });

  it('answers are retried by the policy as well, after the wait of Envoy', async () => {
    world.upstreams.ledger.behave(respond(503));
    expect((await world.request('ledger', '/statuses')).status).toBe(503);
    expect((await recordOf(world, '/statuses')).attempts).toMatchObject([{ status: 503 }, { status: 503 }]);
    await expectNothingLost(world);
  });
});

describe('a fallback by header', () => {
  const cards = routeCluster('cards');
  const policy = {
    defaults: { retry: { maxRetries: 1 } },
    clusters: { [cards]: { fallback: [routeCluster('backup')] } },
    routes: { [`${cards}/match/0/cards_example_com`]: { cluster: cards } },
  };
  const world = useWorld({ proxy: envoyGatewayProxy(['examples/fallback.yaml']), policy, version: ITS_OWN });

  it('takes the requests of a cluster that is closed off', async () => {
    expect((await world.request('cards', '/before')).status).toBe(200);
    expect(world.upstreams.cards.requests).toHaveLength(1);
    await force(world, 'cards', 'forced_open');
    expect((await world.request('cards', '/after')).status).toBe(200);
    expect(world.upstreams.cards.requests).toHaveLength(1);
    expect(world.upstreams.backup.requests[0]?.headers['x-sluice-cluster']).toBeUndefined();
    expect(await recordOf(world, '/after')).toMatchObject({
      decision: 'reroute',
      attempts: [{ cluster: routeCluster('backup'), outcome: 'success' }],
    });
    await expectNothingLost(world);
  });
});

describe('while Sluice is away', () => {
  const world = useWorld({
    proxy: envoyGatewayProxy([JUDGE, 'examples/fallback.yaml']),
    policy: null,
    version: ITS_OWN,
  });

  it('requests are served, also those of a judged and of a steered route', async () => {
    for (const service of ['payments', 'ledger', 'cards']) {
      expect((await world.request(service, '/fine')).status, service).toBe(200);
    }
  });

  it('a client gains nothing by the control headers', async () => {
    world.upstreams.tripping.behave(respond(503));
    const headers = { 'x-envoy-retry-on': '5xx', 'x-envoy-max-retries': '9' };
    expect((await world.request('tripping', '/forged', { headers })).status).toBe(503);
    expect(world.upstreams.tripping.requests).toHaveLength(1);
  });
});

describe('what Envoy Gateway makes of the files', () => {
  let remove: () => Promise<void> = async () => undefined;
  afterAll(() => remove());

  it.each([ITS_OWN, ENVOY_VERSION])('is valid to Envoy %s', async (version) => {
    const proxy = envoyGatewayProxy([JUDGE, 'examples/fallback.yaml']);
    const written = await writeProxy(proxy, {}, '/run/sluice/sluice.sock');
    remove = written.remove;
    const { ok, log } = await validate(written.file, version);
    await written.remove();
    expect(ok, log).toBe(true);
  });
});

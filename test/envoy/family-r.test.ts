// A proxy that must never send a request twice, through a real Envoy: family R, on envoy.yaml with a few more upstreams of
// the kinds that go wrong before anything is sent.

import { afterAll, describe, expect, it } from 'vitest';
import { type BlackHole, startBlackHole } from '../support/black-hole.js';
import { connectionManager, type JsonObject, list, object } from '../support/bootstrap.js';
import type { MeshOptions } from '../support/mesh.js';
import { REFUSING_PORT } from '../support/ports.js';
import { addRoute, addUpstream, endpoints, hosts } from '../support/routes.js';
import { settled } from '../support/settled.js';
import { useMesh } from '../support/use-mesh.js';
import { familyR, policyR } from './rows/family-r.js';
import { checkRow, expectNothingLost } from './rows/run.js';

/** Refuses what carries `x-denied`, behind the admission filter. */
const DENY: JsonObject = {
  name: 'envoy.filters.http.rbac',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC',
    rules: {
      action: 'DENY',
      policies: {
        denied: {
          permissions: [{ header: { name: 'x-denied', present_match: true } }],
          principals: [{ any: true }],
        },
      },
    },
  },
};

function patch(bootstrap: JsonObject, holePort: number): void {
  addUpstream(bootstrap, 'hole', hosts('hole', holePort));
  for (const name of ['limping', 'n1', 'n5', 'off']) addUpstream(bootstrap, name, hosts(name, REFUSING_PORT));
  addUpstream(bootstrap, 'empty', hosts('empty'));
  addUpstream(bootstrap, 'nameless', { type: 'STRICT_DNS', ...endpoints('nameless', 'sluice-test.invalid', 80) });
  addRoute(bootstrap, 'missing');
  object(connectionManager(bootstrap).route_config).validate_clusters = false;
  // What a route says by itself must not count where Sluice says no.
  const [off] = list(object(list(object(connectionManager(bootstrap).route_config).virtual_hosts)[0]).routes).filter(
    (each) => each.name === 'off',
  );
  Object.assign(object(object(object(off).route).retry_policy), { retry_on: '5xx,connect-failure', num_retries: 3 });
  const filters = connectionManager(bootstrap).http_filters;
  if (Array.isArray(filters)) filters.splice(1, 0, DENY);
}

let hole: BlackHole | undefined;
afterAll(async () => {
  await hole?.[Symbol.asyncDispose]();
});

async function options(): Promise<MeshOptions> {
  hole = await startBlackHole();
  const { port } = hole;
  return {
    policy: policyR,
    upstreams: { secure: { tls: 'stranger' } },
    envoy: { patch: (bootstrap) => patch(bootstrap, port) },
  };
}

describe('family R', () => {
  const world = useMesh(options);

  it.each(familyR.map((row) => [row.id, row.title, row] as const))('%s: %s', async (_id, _title, row) => {
    await checkRow(world.mesh, row);
  });

  it('R10: maxRetries 0 makes no budget and no retry record', async () => {
    await settled(world.mesh);
    const response = await world.mesh.sluice.fetch('/circuits/off');
    expect(await response.json()).toMatchObject({ cluster: 'off', budgetRemaining: null });
    const { samples } = await world.mesh.sluice.metrics();
    expect(samples.filter(({ name, labels }) => name === 'sluice_retries_total' && labels.cluster === 'off')).toEqual(
      [],
    );
  });

  it('lost no decision and no evidence on the way', async () => {
    await expectNothingLost(world.mesh, await settled(world.mesh));
  });
});

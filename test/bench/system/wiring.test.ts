import { describe, expect, it } from 'vitest';
import { cluster, connectionManager, list, ofType, readBootstrap, route } from '../../support/bootstrap.js';
import { PEER_NAMES } from '../peers/peer.js';
import { ARMS, armsNamed, policyOf } from './arms.js';
import { type Part, rewire, TARGET, type Wiring } from './wiring.js';

const PORT = 4711;

function rewired(parts: readonly Part[], upstream: Wiring['upstream'] = 'plain') {
  const bootstrap = readBootstrap();
  rewire(bootstrap, { parts: new Set(parts), upstream }, PORT);
  return bootstrap;
}

function rolesIn(bootstrap: ReturnType<typeof rewired>): string[] {
  const text = JSON.stringify(bootstrap);
  return ['admission', 'gate', 'judge'].filter((role) => text.includes(`"value":"${role}"`));
}

describe('the bootstrap of an arm', () => {
  it('without any part has nothing of Sluice left in the path', () => {
    const bootstrap = rewired([]);
    expect(rolesIn(bootstrap)).toEqual([]);
    const manager = connectionManager(bootstrap);
    expect(list(manager.http_filters).map(({ name }) => name)).toEqual(['envoy.filters.http.router']);
    expect(manager).not.toHaveProperty('access_log');
    expect(manager).not.toHaveProperty('early_header_mutation_extensions');
    expect(ofType(bootstrap, 'HttpGrpcAccessLogConfig')).toEqual([]);
    expect(ofType(bootstrap, 'HeaderMutation')).toEqual([]);
    expect(route(bootstrap, TARGET).route).toMatchObject({ cluster: TARGET });
    expect(route(bootstrap, TARGET).route).not.toHaveProperty('retry_policy');
  });

  it.each<[string, readonly Part[], readonly string[], number]>([
    ['trace', ['trace'], [], 2],
    ['admission', ['admission'], ['admission'], 0],
    ['gate', ['admission', 'gate', 'trace'], ['admission', 'gate'], 2],
    ['judge', ['admission', 'judge', 'trace'], ['admission', 'judge'], 2],
  ])('of %s asks Sluice in these places and no others', (_name, parts, roles, logs) => {
    const bootstrap = rewired(parts);
    expect(rolesIn(bootstrap)).toEqual(roles);
    expect(ofType(bootstrap, 'HttpGrpcAccessLogConfig')).toHaveLength(logs);
  });

  it('sends every path to the one upstream', () => {
    const bootstrap = rewired(['admission', 'gate', 'trace']);
    expect(route(bootstrap, TARGET).match).toEqual({ prefix: '/' });
    expect(JSON.stringify(route(bootstrap, TARGET))).toContain(`"cluster_name":"${TARGET}"`);
    expect(JSON.stringify(cluster(bootstrap, TARGET))).toContain(`"port_value":${PORT}`);
  });

  it("has Envoy's own retries and outlier detection where they are compared", () => {
    const bootstrap = rewired([], 'native_retries');
    expect(route(bootstrap, TARGET).route).toMatchObject({ retry_policy: { num_retries: 2 } });
    expect(cluster(bootstrap, TARGET)).toHaveProperty('outlier_detection');
  });

  it('lets Envoy answer itself where there is no upstream', () => {
    const bootstrap = rewired(['admission'], 'none');
    expect(route(bootstrap, TARGET).direct_response).toMatchObject({ status: 200 });
    expect(route(bootstrap, TARGET)).not.toHaveProperty('route');
  });
});

describe('the arms', () => {
  it('have a name and an id each', () => {
    expect(new Set(ARMS.map(({ id }) => id)).size).toBe(ARMS.length);
    expect(new Set(ARMS.map(({ name }) => name)).size).toBe(ARMS.length);
  });

  it('have somebody to ask exactly where they ask', () => {
    for (const { transport, peer, wiring } of ARMS) {
      expect(transport !== null || peer !== undefined).toBe(wiring.parts.size > 0);
    }
  });

  it('have every peer once, in the place of admission', () => {
    const withPeer = ARMS.filter(({ peer }) => peer !== undefined);
    expect(withPeer.map(({ peer }) => peer)).toEqual(PEER_NAMES);
    const [admission] = armsNamed(['admission']);
    for (const { id, peer, transport, wiring } of withPeer) {
      expect(id).toBe(`peer-${peer}`);
      expect(transport).toBeNull();
      expect(wiring).toEqual(admission?.wiring);
    }
  });

  it('have the judge in the policy where it is in Envoy', () => {
    for (const arm of ARMS) {
      expect(JSON.stringify(policyOf(arm)).includes('"judge":true')).toBe(arm.wiring.parts.has('judge'));
    }
  });

  it('can be chosen, and keep their order', () => {
    expect(armsNamed(['judge', 'envoy']).map(({ id }) => id)).toEqual(['envoy', 'judge']);
    expect(() => armsNamed(['envoi'])).toThrow('no arm "envoi"; there are envoy, native');
  });
});

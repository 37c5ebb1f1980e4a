// What control planes make of the shipped files, before the check that this project gives its users: no fault, and of the notes
// only those that are meant.

import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { envoyGatewayProxy, routeCluster } from '../support/deployed/envoy-gateway.js';
import { cluster, forGateway, istioProxy } from '../support/deployed/istio.js';
import type { MeshProxy } from '../support/deployed/proxy.js';
import { findings, policy } from '../wiring/support.js';

const JUDGE = 'examples/judge.yaml';

function codes(proxy: MeshProxy, name: (service: string) => string, more: object = {}): Record<string, string> {
  const clusters = { [name('ledger')]: { retry: { judge: true, statuses: [503] } }, ...more };
  const options = { policy: policy(stringify({ clusters })), listeners: [proxy.listener] };
  return Object.fromEntries(findings(proxy.bootstrap, options).map(({ code, level }) => [code, level]));
}

/** Envoy's own retries of what was not written, for when Sluice is away. */
const MEANT = { 'route.own_retries': 'note' };

describe('the check finds nothing wrong', () => {
  it('in a sidecar of Istio', () => {
    const proxy = istioProxy({ kind: 'sidecar', files: ['sidecar/outbound.yaml', 'enforce/retries.yaml', JUDGE] });
    // Istio gives the route of unknown hosts no predicate, and Envoy's own wait is that of the policy.
    expect(codes(proxy, cluster)).toEqual({ ...MEANT, 'route.back_off': 'note', 'route.other_host': 'note' });
  });

  it('in one with a fallback', () => {
    const files = ['sidecar/outbound.yaml', 'enforce/retries.yaml', JUDGE, 'examples/fallback.yaml'];
    const fallback = { [cluster('cards')]: { fallback: [cluster('backup')] } };
    const found = codes(istioProxy({ kind: 'sidecar', files }), cluster, fallback);
    expect(found).toEqual({ ...MEANT, 'route.back_off': 'note', 'route.other_host': 'note' });
  });

  it('in a gateway of Istio', () => {
    const files = ['gateway/gateway.yaml', 'enforce/retries.yaml', JUDGE];
    const proxy = istioProxy({ kind: 'gateway', files, adapt: forGateway });
    expect(codes(proxy, cluster)).toEqual({ ...MEANT, 'route.back_off': 'note' });
  });

  it('in a gateway of Envoy Gateway', () => {
    // Envoy Gateway puts every filter there switched off, and its routes switch it on.
    expect(codes(envoyGatewayProxy([JUDGE]), routeCluster)).toEqual({ ...MEANT, 'admission.disabled': 'note' });
  });
});

describe('the check finds', () => {
  it('what Istio retries by itself where retries.yaml is not applied', () => {
    const proxy = istioProxy({ kind: 'sidecar', files: ['sidecar/outbound.yaml', JUDGE] });
    expect(codes(proxy, cluster)).toMatchObject({ 'route.own_retries': 'error' });
  });
});

// Sluice's own cluster, and what judging makes of the others.

import { describe, expect, it } from 'vitest';
import type { Address } from '../../src/server/address.js';
import { at, cluster, type JsonObject, object } from '../support/bootstrap.js';
import { bootstrapOf, faults, policy, wired, wiredValue } from './support.js';

const PROTOCOL = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
const judged = policy('clusters: { a: { retry: { judge: true } } }');
const endpoint = (bootstrap: JsonObject, name = 'sluice') =>
  at(cluster(bootstrap, name), 'load_assignment', 'endpoints', 0, 'lb_endpoints', 0, 'endpoint', 'address');

describe('the cluster of Sluice', () => {
  it.each<[string, Address | null, string, JsonObject]>([
    [
      'where the sidecar listens by default',
      null,
      'STATIC',
      { socket_address: { address: '127.0.0.1', port_value: 9002 } },
    ],
    [
      'an address',
      { kind: 'tcp', host: '::1', port: 7 },
      'STATIC',
      { socket_address: { address: '::1', port_value: 7 } },
    ],
    [
      'a name, which has to be looked up',
      { kind: 'tcp', host: 'sluice.mesh', port: 9 },
      'STRICT_DNS',
      { socket_address: { address: 'sluice.mesh', port_value: 9 } },
    ],
    ['a socket', { kind: 'unix', path: '/run/s.sock' }, 'STATIC', { pipe: { path: '/run/s.sock' } }],
  ])('leads to %s', (_what, address, type, expected) => {
    const made = wiredValue(bootstrapOf({}), { address });
    expect(cluster(made, 'sluice')).toMatchObject({ type, connect_timeout: '0.3s' });
    expect(endpoint(made)).toEqual(expected);
    expect(faults(made, { address })).toEqual([]);
  });

  it('stays where it is, unless it is said where Sluice is', () => {
    const first = wired(bootstrapOf({}), { address: { kind: 'unix', path: '/run/s.sock' } }).text;
    expect(wired(first)).toMatchObject({ count: 0 });
    const address: Address = { kind: 'tcp', host: '127.0.0.1', port: 9 };
    expect(faults(first, { address })).toEqual(['sluice.address']);
    const moved = wired(first, { address });
    expect(moved.changed.join()).toMatch(/load_assignment does not lead to 127.0.0.1:9/);
    expect(endpoint(JSON.parse(moved.text) as JsonObject)).toEqual({
      socket_address: { address: '127.0.0.1', port_value: 9 },
    });
  });

  it('may have another name, which the second run finds by itself', () => {
    const text = wired(bootstrapOf({}), { sluiceCluster: 'sidecar' }).text;
    expect(cluster(JSON.parse(text) as JsonObject, 'sidecar').name).toBe('sidecar');
    expect(text).not.toContain('"cluster_name": "sluice"');
    expect(wired(text)).toMatchObject({ count: 0 });
    expect(faults(text)).toEqual([]);
  });

  it('is never taken for an upstream: no guard and no judge for it', () => {
    const all = policy('clusters: { "*": { retry: { judge: true } } }');
    const made = wiredValue(bootstrapOf({}), { policy: all });
    expect(JSON.stringify(cluster(made, 'sluice'))).not.toMatch(/retry_budget|x-sluice-role/);
  });
});

describe('a cluster that is judged', () => {
  const options = (fields: JsonObject) => {
    const made = wiredValue(bootstrapOf({ clusters: [{ name: 'a', ...fields }] }), { policy: judged });
    const found = object(at(cluster(made, 'a'), 'typed_extension_protocol_options', PROTOCOL));
    const { http_filters: _filters, '@type': _type, ...rest } = found;
    return { rest, left: Object.keys(cluster(made, 'a')).filter((name) => name.endsWith('protocol_options')) };
  };

  it.each<[string, JsonObject, JsonObject]>([
    ['nothing: HTTP/1.1, as before', {}, { explicit_http_config: { http_protocol_options: {} } }],
    [
      'HTTP/2 in the old way',
      { http2_protocol_options: { max_concurrent_streams: 5 } },
      { explicit_http_config: { http2_protocol_options: { max_concurrent_streams: 5 } } },
    ],
    [
      'HTTP/1.1 in the old way',
      { http_protocol_options: { accept_http_10: true }, common_http_protocol_options: { idle_timeout: '9s' } },
      {
        common_http_protocol_options: { idle_timeout: '9s' },
        explicit_http_config: { http_protocol_options: { accept_http_10: true } },
      },
    ],
    [
      'the protocol of the client, in the old way',
      { protocol_selection: 'USE_DOWNSTREAM_PROTOCOL', http2_protocol_options: {} },
      { use_downstream_protocol_config: { http_protocol_options: {}, http2_protocol_options: {} } },
    ],
  ])('keeps what it speaks: %s', (_what, fields, expected) => {
    const { rest, left } = options(fields);
    expect(rest).toEqual(expected);
    expect(left).toEqual(['typed_extension_protocol_options']);
  });

  it('keeps the options it has', () => {
    const own = { '@type': `x/${PROTOCOL}`, auto_config: {}, upstream_http_protocol_options: { auto_sni: true } };
    const { rest } = options({ typed_extension_protocol_options: { [PROTOCOL]: own, other: { '@type': 'y' } } });
    expect(rest).toEqual({ auto_config: {}, upstream_http_protocol_options: { auto_sni: true } });
  });

  it.each([
    ['by a route', 'routes: { r: { retry: { judge: true } } }'],
    ['by a target', 'clusters: { a: { key: { header: x-model }, targets: { big: { retry: { judge: true } } } } }'],
    ['by the defaults', 'defaults: { retry: { judge: true } }'],
    ['as a fallback', 'clusters: { b: { retry: { judge: true } }, a: { fallback: [b] } }', 'b'],
  ])('is so %s', (_what, text, name = 'a') => {
    const bootstrap = bootstrapOf({ routes: [{ name: 'r', match: { prefix: '/' }, route: { cluster: 'a' } }] });
    const made = wiredValue(bootstrap, { policy: policy(text) });
    expect(JSON.stringify(cluster(made, name))).toContain('"judge"');
  });

  it('has room for the longest wait of the policy', () => {
    const long = policy('clusters: { a: { retry: { judge: true, honour: { max: 90s } } } }');
    expect(wired(bootstrapOf({}), { policy: long }).text).toContain('"max_message_timeout":"91s"');
  });

  it('is not wired for Envoy 1.36, which it would end, and that is said', () => {
    const { text, warnings } = wired(bootstrapOf({}), { policy: judged, envoyMinor: 36 });
    expect(text).not.toContain('"judge"');
    expect(warnings.join()).toMatch(/clusters\[0\] is to be judged .* does not survive/);
  });
});

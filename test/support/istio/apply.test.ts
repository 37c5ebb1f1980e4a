// The tests of deploy/istio are worth what this is worth: each rule by which Istio applies an EnvoyFilter, by itself.

import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { at, type Json, type JsonObject, list, object } from '../bootstrap.js';
import { applyFilters, type ProxyKind } from './apply.js';
import { readFilters } from './filter.js';
import { MANAGER } from './match.js';
import { merge } from './merge.js';

const HCM = 'type.googleapis.com/Manager';

function listener(name: string, port: number, direction = 'OUTBOUND'): JsonObject {
  const route = (routeName: string, action: JsonObject) => ({ name: routeName, match: { prefix: '/' }, ...action });
  return {
    name,
    traffic_direction: direction,
    address: { socket_address: { address: '0.0.0.0', port_value: port } },
    filter_chains: [
      {
        filters: [
          {
            name: MANAGER,
            typed_config: {
              '@type': HCM,
              access_log: [{ name: 'file' }],
              http_filters: [
                { name: 'cors', typed_config: { '@type': 'Cors' } },
                { name: 'router', typed_config: { '@type': 'Router' } },
              ],
              route_config: {
                name: String(port),
                virtual_hosts: [
                  {
                    name: `web:${port}`,
                    domains: ['web'],
                    routes: [
                      route('first', { route: { cluster: 'web', timeout: '1s' } }),
                      route('second', { redirect: { host_redirect: 'x' } }),
                    ],
                  },
                ],
              },
            },
          },
        ],
      },
    ],
  };
}

function bootstrap(): JsonObject {
  const cluster = (name: string) => ({ name, typed_extension_protocol_options: { protocol: { a: 1 } } });
  const names = [
    'outbound|80||web.ns.svc.cluster.local',
    'outbound|80|v2|web.ns.svc.cluster.local',
    'inbound|80||',
    'agent',
  ];
  return {
    static_resources: {
      listeners: [listener('0.0.0.0_80', 80), listener('0.0.0.0_81', 81), listener('virtualInbound', 15006, 'INBOUND')],
      clusters: names.map(cluster),
    },
  };
}

interface PatchText {
  readonly applyTo: string;
  readonly match?: Json;
  readonly operation: string;
  readonly value?: Json;
}

/** What becomes of the bootstrap. */
function apply(patch: PatchText, kind: ProxyKind = 'sidecar'): JsonObject {
  const {
    applyTo,
    match = { context: kind === 'gateway' ? 'GATEWAY' : 'SIDECAR_OUTBOUND' },
    operation,
    value = {},
  } = patch;
  const spec = { configPatches: [{ applyTo, match, patch: { operation, value } }] };
  const text = stringify({ kind: 'EnvoyFilter', metadata: { name: 'under-test' }, spec });
  const result = bootstrap();
  applyFilters(result, readFilters(text), kind);
  return result;
}

const manager = (result: JsonObject, index = 0) =>
  object(at(result, 'static_resources', 'listeners', index, 'filter_chains', 0, 'filters', 0, 'typed_config'));
const filterNames = (result: JsonObject, index = 0) =>
  list(manager(result, index).http_filters).map(({ name }) => name);
const host = (result: JsonObject) => object(at(manager(result), 'route_config', 'virtual_hosts', 0));
const httpFilter = (subFilter: string, more: JsonObject = {}) => ({
  context: 'SIDECAR_OUTBOUND',
  listener: { ...more, filterChain: { filter: { name: MANAGER, subFilter: { name: subFilter } } } },
});

describe('merging', () => {
  const merged = (target: JsonObject, patch: JsonObject) => {
    merge(target, patch);
    return target;
  };

  it('goes into messages, makes lists longer and takes the values of the patch', () => {
    const target = { a: { b: 1, c: 2 }, list: [1] };
    expect(merged(target, { a: { c: 3 }, list: [2] })).toEqual({ a: { b: 1, c: 3 }, list: [1, 2] });
  });

  it('takes a zero for nothing where there is a value, and sets it where there is none', () => {
    expect(merged({ retries: 2, on: 'x', off: true }, { retries: 0, on: '', off: false, new: 0 })).toEqual({
      retries: 2,
      on: 'x',
      off: true,
      new: 0,
    });
  });

  it('replaces the entries of a map', () => {
    const target = { typed_extension_protocol_options: { a: { x: 1 }, b: { y: 1 } } };
    merge(target, { typed_extension_protocol_options: { a: { z: 1 } } });
    expect(target).toEqual({ typed_extension_protocol_options: { a: { z: 1 }, b: { y: 1 } } });
  });

  it('keeps one of what excludes each other', () => {
    expect(merged({ cluster: 'a', timeout: '1s' }, { inline_cluster_specifier_plugin: {} })).toEqual({
      inline_cluster_specifier_plugin: {},
      timeout: '1s',
    });
  });

  it('replaces a typed message inside, and refuses to merge two types', () => {
    expect(merged({ config: { '@type': 'A', x: 1 } }, { config: { '@type': 'A', y: 1 } })).toEqual({
      config: { '@type': 'A', y: 1 },
    });
    expect(() => merge({ '@type': 'A' }, { '@type': 'B' })).toThrow('cannot merge B into A');
  });
});

describe('clusters', () => {
  const options = { typed_extension_protocol_options: { protocol: { b: 1 } } };
  const changed = (result: JsonObject) =>
    list(at(result, 'static_resources', 'clusters'))
      .filter((each) => JSON.stringify(each).includes('"b":1'))
      .map(({ name }) => name);

  it('are merged into by service, port and subset, in their own direction only', () => {
    const match = (cluster: JsonObject) => ({ context: 'SIDECAR_OUTBOUND', cluster });
    const service = 'web.ns.svc.cluster.local';
    const value = options;
    const operation = 'MERGE';
    const both = ['outbound|80||web.ns.svc.cluster.local', 'outbound|80|v2|web.ns.svc.cluster.local'];
    expect(changed(apply({ applyTo: 'CLUSTER', match: match({ service, portNumber: 80 }), operation, value }))).toEqual(
      both,
    );
    expect(changed(apply({ applyTo: 'CLUSTER', match: match({ subset: 'v2' }), operation, value }))).toEqual([both[1]]);
    expect(changed(apply({ applyTo: 'CLUSTER', match: { context: 'SIDECAR_INBOUND' }, operation, value }))).toEqual([
      'inbound|80||',
    ]);
  });

  it('are added once, at the end', () => {
    const result = apply({ applyTo: 'CLUSTER', operation: 'ADD', value: { name: 'sluice' } });
    expect(list(at(result, 'static_resources', 'clusters')).map(({ name }) => name)).toEqual([
      'outbound|80||web.ns.svc.cluster.local',
      'outbound|80|v2|web.ns.svc.cluster.local',
      'inbound|80||',
      'agent',
      'sluice',
    ]);
  });
});

describe('filters', () => {
  const value = { name: 'new' };

  it.each([
    ['INSERT_BEFORE', ['cors', 'new', 'router']],
    ['INSERT_AFTER', ['cors', 'router', 'new']],
    ['INSERT_FIRST', ['new', 'cors', 'router']],
    ['ADD', ['cors', 'router', 'new']],
    ['REPLACE', ['cors', 'new']],
    ['REMOVE', ['cors']],
  ])('%s finds its place by the router', (operation, names) => {
    const result = apply({ applyTo: 'HTTP_FILTER', match: httpFilter('router'), operation, value });
    expect([0, 1, 2].map((index) => filterNames(result, index))).toEqual([names, names, ['cors', 'router']]);
  });

  it('are those of one listener where a port is named', () => {
    const match = httpFilter('router', { portNumber: 81 });
    const result = apply({ applyTo: 'HTTP_FILTER', match, operation: 'INSERT_BEFORE', value });
    expect([0, 1].map((index) => filterNames(result, index))).toEqual([
      ['cors', 'router'],
      ['cors', 'new', 'router'],
    ]);
  });

  it('are merged into as the messages that they hold', () => {
    const patch = { typed_config: { '@type': HCM, access_log: [{ name: 'grpc' }] } };
    const match = { context: 'SIDECAR_OUTBOUND', listener: { filterChain: { filter: { name: MANAGER } } } };
    const result = apply({ applyTo: 'NETWORK_FILTER', match, operation: 'MERGE', value: patch });
    expect(manager(result).access_log).toEqual([{ name: 'file' }, { name: 'grpc' }]);
    expect(manager(result, 2).access_log).toEqual([{ name: 'file' }]);
  });

  it('are all those of a gateway', () => {
    const match = { ...httpFilter('router'), context: 'GATEWAY' };
    const result = apply({ applyTo: 'HTTP_FILTER', match, operation: 'INSERT_BEFORE', value }, 'gateway');
    expect(filterNames(result)).toEqual(['cors', 'new', 'router']);
  });
});

describe('routes', () => {
  const onRoute = (route: JsonObject) => ({
    context: 'SIDECAR_OUTBOUND',
    routeConfiguration: { vhost: { name: 'web:80', route } },
  });

  it('are merged into by their action: a redirect stays one', () => {
    const value = { route: { retry_policy: { retry_on: 'x' } } };
    const result = apply({ applyTo: 'HTTP_ROUTE', match: onRoute({ action: 'ROUTE' }), operation: 'MERGE', value });
    expect(host(result).routes).toMatchObject([
      { name: 'first', route: { cluster: 'web', timeout: '1s', retry_policy: { retry_on: 'x' } } },
      { name: 'second', redirect: { host_redirect: 'x' } },
    ]);
    expect(JSON.stringify(manager(result, 1))).not.toContain('retry_policy');
  });

  it('are put before one by its name', () => {
    const match = onRoute({ name: 'second' });
    const result = apply({ applyTo: 'HTTP_ROUTE', match, operation: 'INSERT_BEFORE', value: { name: 'new' } });
    expect(list(host(result).routes).map(({ name }) => name)).toEqual(['first', 'new', 'second']);
  });

  it('have hosts that are merged into', () => {
    const value = { include_request_attempt_count: true };
    const result = apply({ applyTo: 'VIRTUAL_HOST', operation: 'MERGE', value });
    expect(host(result).include_request_attempt_count).toBe(true);
  });
});

describe('a patch', () => {
  it('that matches nothing is an error that names it', () => {
    const match = httpFilter('absent');
    expect(() => apply({ applyTo: 'HTTP_FILTER', match, operation: 'INSERT_BEFORE' })).toThrow(
      'these patches matched nothing: under-test[0] (HTTP_FILTER INSERT_BEFORE)',
    );
  });

  it('of a kind that is not known here is an error', () => {
    expect(() => apply({ applyTo: 'LISTENER', operation: 'MERGE' })).toThrow('not "LISTENER"');
    expect(() => apply({ applyTo: 'CLUSTER', operation: 'MERGE_TWICE' })).toThrow('not "MERGE_TWICE"');
    const match = { context: 'SIDECAR_OUTBOUND', cluster: { sevice: 'typo' } };
    expect(() => apply({ applyTo: 'CLUSTER', match, operation: 'MERGE' })).toThrow(
      'does not know the condition "sevice"',
    );
  });
});

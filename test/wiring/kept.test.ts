// What a team has in its bootstrap stays: filters, logs, layers, limits, values of its own that are as good. What the policy
// contradicts changes, and that is told.

import { describe, expect, it } from 'vitest';
import {
  at,
  cluster,
  connectionManager,
  type JsonObject,
  list,
  object,
  ofType,
  virtualHost,
} from '../support/bootstrap.js';
import { bootstrapOf, policy, wired, wiredValue } from './support.js';

const ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';
const PROC = 'type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor';
const MUTATION = 'type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation';
const CODEC = 'type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec';
const EARLY = 'type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation';
const PROTOCOL = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

const names = (value: unknown) => list(value as never).map(({ name }) => name);
const filter = (name: string, type: string, more: JsonObject = {}): JsonObject => ({
  name,
  typed_config: { '@type': type, ...more },
});
const optionsOf = (bootstrap: JsonObject, name: string) =>
  object(at(cluster(bootstrap, name), 'typed_extension_protocol_options', PROTOCOL));

describe('filters', () => {
  it('of others stay in their order; admission comes right before the router, whatever that is called', () => {
    const http = [filter('lua', 'x/envoy.extensions.filters.http.lua.v3.Lua'), filter('last', ROUTER)];
    const made = wiredValue(bootstrapOf({ manager: { http_filters: http } }));
    expect(names(connectionManager(made).http_filters)).toEqual(['lua', 'sluice.admission', 'last']);
  });

  it('that ask another processor are not taken for ours', () => {
    const theirs = filter('theirs', PROC, {
      grpc_service: { envoy_grpc: { cluster_name: 'guard' } },
      failure_mode_allow: false,
    });
    const made = wiredValue(bootstrapOf({ manager: { http_filters: [theirs, filter('router', ROUTER)] } }));
    expect(names(connectionManager(made).http_filters)).toEqual(['theirs', 'sluice.admission', 'router']);
    expect(at(connectionManager(made), 'http_filters', 0)).toEqual(theirs);
  });

  it('of attempts stay before ours, and a codec is not sent twice', () => {
    const upstream = [filter('mark', MUTATION), filter('send', CODEC)];
    const router = filter('router', ROUTER, { upstream_http_filters: upstream as never });
    const made = wiredValue(bootstrapOf({ manager: { http_filters: [router] } }));
    expect(names(object(ofType(made, 'Router')[0]).upstream_http_filters)).toEqual([
      'mark',
      'sluice.gate',
      'sluice.strip_retry_mark',
      'send',
    ]);
  });

  it("of a cluster's own stay: they get the gate, as they take the place of the router's", () => {
    const options = {
      [PROTOCOL]: { '@type': `x/${PROTOCOL}`, http_filters: [filter('tag', MUTATION), filter('send', CODEC)] },
    };
    const clusters = [{ name: 'a', typed_extension_protocol_options: options as never }];
    const made = wiredValue(bootstrapOf({ clusters }));
    expect(names(optionsOf(made, 'a').http_filters)).toEqual(['tag', 'sluice.gate', 'sluice.strip_retry_mark', 'send']);
    const judged = wiredValue(bootstrapOf({ clusters }), {
      policy: policy('clusters: { a: { retry: { judge: true } } }'),
    });
    expect(names(optionsOf(judged, 'a').http_filters)).toEqual([
      'tag',
      'sluice.judge',
      'sluice.strip_retry_mark',
      'send',
    ]);
  });

  it('become a judge where a gate was, once the policy says so', () => {
    const options = {
      [PROTOCOL]: { '@type': `x/${PROTOCOL}`, http_filters: [filter('tag', MUTATION), filter('send', CODEC)] },
    };
    const gated = wired(bootstrapOf({ clusters: [{ name: 'a', typed_extension_protocol_options: options as never }] }));
    const made = JSON.parse(
      wired(gated.text, { policy: policy('defaults: { retry: { judge: true } }') }).text,
    ) as JsonObject;
    expect(names(optionsOf(made, 'a').http_filters)).toEqual([
      'tag',
      'sluice.judge',
      'sluice.strip_retry_mark',
      'send',
    ]);
  });

  it('that a client cannot pass with headers of ours stand beside those of the team', () => {
    const mutations = [{ remove: 'x-internal' }, { remove: 'X-Envoy-Retry-On' }];
    const own = { name: 'own', typed_config: { '@type': EARLY, mutations } };
    const made = wiredValue(bootstrapOf({ manager: { early_header_mutation_extensions: [own] } }));
    const [first, second] = list(connectionManager(made).early_header_mutation_extensions);
    expect(first).toEqual(own);
    const removed = list(at(object(second), 'typed_config', 'mutations')).map(({ remove }) => remove);
    expect(removed).toContain('x-sluice-id');
    expect(removed).not.toContain('x-envoy-retry-on');
  });
});

describe('logs', () => {
  it('of others stay, with their filters', () => {
    const file = {
      name: 'file',
      filter: { not_health_check_filter: {} },
      typed_config: { '@type': 'x/envoy.extensions.access_loggers.file.v3.FileAccessLog', path: '/dev/null' },
    };
    const other = {
      name: 'als',
      typed_config: {
        '@type': 'x/envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig',
        common_config: { log_name: 'audit', grpc_service: { envoy_grpc: { cluster_name: 'audit' } } },
      },
    };
    const made = wiredValue(bootstrapOf({ manager: { access_log: [file, other] } }));
    const logs = list(connectionManager(made).access_log);
    expect(logs.slice(0, 2)).toEqual([file, other]);
    expect(logs).toHaveLength(3);
  });
});

describe('runtime layers', () => {
  const layersOf = (layers: JsonObject[]) => {
    const made = wiredValue(bootstrapOf({ root: { layered_runtime: { layers } } }));
    return list(at(made, 'layered_runtime', 'layers'));
  };

  it('stay, and those that are to have the last word still have it', () => {
    const layers = layersOf([
      { name: 'own', static_layer: { a: 1 } },
      { name: 'disk', disk_layer: {} },
      { name: 'admin', admin_layer: {} },
    ]);
    expect(layers.map(({ name }) => name)).toEqual(['own', 'sluice', 'disk', 'admin']);
  });

  it('that have the flag already, flat or nested, need nothing', () => {
    const flag = 'envoy.reloadable_features.ext_proc_graceful_grpc_close';
    expect(layersOf([{ name: 'own', static_layer: { [flag]: true } }])).toHaveLength(1);
    const nested = { envoy: { reloadable_features: { ext_proc_graceful_grpc_close: true } } };
    expect(layersOf([{ name: 'own', static_layer: nested }])).toHaveLength(1);
  });

  it('that switch it off are changed, not overruled by a second one', () => {
    const nested = { envoy: { reloadable_features: { ext_proc_graceful_grpc_close: false, other: true } } };
    expect(layersOf([{ name: 'own', static_layer: nested }])).toEqual([
      {
        name: 'own',
        static_layer: {
          envoy: { reloadable_features: { other: true } },
          'envoy.reloadable_features.ext_proc_graceful_grpc_close': true,
        },
      },
    ]);
  });

  it('may have our name for something else', () => {
    const layers = layersOf([{ name: 'sluice', static_layer: { a: 1 } }]);
    expect(layers.map(({ name }) => name)).toEqual(['sluice', 'sluice_ext_proc']);
  });
});

describe('limits', () => {
  const guarded = (circuitBreakers: JsonObject | undefined) => {
    const clusters = [{ name: 'a', ...(circuitBreakers === undefined ? {} : { circuit_breakers: circuitBreakers }) }];
    return cluster(wiredValue(bootstrapOf({ clusters })), 'a').circuit_breakers;
  };
  const budget = { budget_percent: { value: 50 }, min_retry_concurrency: 50 };

  it('get a retry budget where there is none, beside what is there', () => {
    expect(guarded(undefined)).toEqual({ thresholds: [{ retry_budget: budget }] });
    expect(guarded({ thresholds: [{ max_requests: 7 }] })).toEqual({
      thresholds: [{ max_requests: 7, retry_budget: budget }],
    });
    expect(guarded({ thresholds: [{ priority: 'HIGH', max_requests: 7 }] })).toEqual({
      thresholds: [{ priority: 'HIGH', max_requests: 7 }, { retry_budget: budget }],
    });
  });

  it('of the team itself are a guard as well', () => {
    for (const own of [
      { thresholds: [{ max_retries: 9 }] },
      { thresholds: [{ retry_budget: { min_retry_concurrency: 3 } }] },
    ]) {
      expect(guarded(own)).toEqual(own);
    }
  });

  it('are not touched where the policy does not enforce retries, nor on clusters that take no requests', () => {
    const clusters = [{ name: 'a' }, { name: 'tracing' }];
    const shadow = wiredValue(bootstrapOf({ clusters }), { policy: policy('defaults: { retry: { mode: shadow } }') });
    expect(cluster(shadow, 'a').circuit_breakers).toBeUndefined();
    expect(cluster(wiredValue(bootstrapOf({ clusters })), 'tracing')).toEqual({ name: 'tracing' });
  });
});

describe('a virtual host', () => {
  it('keeps its own limit for bodies, and what it removes', () => {
    const host = { request_body_buffer_limit: 1000, response_headers_to_remove: ['server'] };
    const made = virtualHost(wiredValue(bootstrapOf({ host })));
    expect(made.request_body_buffer_limit).toBe(1000);
    expect(made.response_headers_to_remove).toEqual(['server', 'x-sluice-retry']);
    const old = virtualHost(wiredValue(bootstrapOf({ host: { per_request_buffer_limit_bytes: 9 } })));
    expect(old.request_body_buffer_limit).toBeUndefined();
  });

  it('needs no list of its own where the route configuration removes the mark', () => {
    const text = JSON.stringify(bootstrapOf({})).replace(
      '"virtual_hosts"',
      '"response_headers_to_remove":["x-sluice-retry"],"virtual_hosts"',
    );
    expect(virtualHost(JSON.parse(wired(text).text) as JsonObject).response_headers_to_remove).toBeUndefined();
  });
});

// What can be wrong with everything but the processors' own fields.

import { expect } from 'vitest';
import { at, cluster, connectionManager, list, object, ofType, route, virtualHost } from '../../support/bootstrap.js';
import {
  array,
  type Case,
  common,
  filtersOf,
  gates,
  groups,
  judges,
  processor,
  put,
  retries,
  router,
  trace,
} from './parts.js';

export const PLACES: readonly Case[] = [
  ['runtime.graceful_close', (b) => void delete b.layered_runtime],
  [
    'runtime.graceful_close',
    (b) => {
      b.layered_runtime = {
        layers: [
          { name: 'x', static_layer: { envoy: { reloadable_features: { ext_proc_graceful_grpc_close: false } } } },
        ],
      };
    },
  ],
  ['forgery.early', (b) => void delete connectionManager(b).early_header_mutation_extensions],
  [
    'forgery.early',
    (b) => void array(ofType(b, 'early_header_mutation.header_mutation.v3.HeaderMutation')[0]?.mutations).pop(),
  ],
  ['trace.requests', (b) => void delete connectionManager(b).access_log],
  ['trace.attempts', (b) => void delete router(b).upstream_log],
  ['trace.flush', (b) => void delete common(b, 0).buffer_flush_interval],
  ['trace.flush', (b) => put(common(b, 1), { buffer_flush_interval: '5s' })],
  ['trace.tags', (b) => void delete common(b, 0).custom_tags],
  ['trace.tags', (b) => void array(common(b, 1).custom_tags).shift()],
  ['trace.tags', (b) => put(object(at(common(b, 1), 'custom_tags', 1, 'request_header')), { name: 'x-request-id' })],
  ['trace.version', (b) => void delete common(b, 0).transport_api_version],
  ['trace.service', (b) => put(common(b, 0), { grpc_service: { envoy_grpc: { cluster_name: 'primary' } } })],
  ['trace.additional_response_headers_to_log', (b) => void delete trace(b, 0).additional_response_headers_to_log],
  [
    'trace.additional_response_trailers_to_log',
    (b) => put(trace(b, 1), { additional_response_trailers_to_log: ['x'] }),
  ],
  [
    'trace.filter',
    (b) => {
      object(at(connectionManager(b), 'access_log', 0)).filter = { not_health_check_filter: {} };
    },
  ],
  ['admission.missing', (b) => void filtersOf(b).shift()],
  ['admission.order', (b) => void filtersOf(b).reverse()],
  [
    'admission.before_guards',
    (b) => {
      const type = 'type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication';
      filtersOf(b).splice(1, 0, { name: 'who', typed_config: { '@type': type } });
    },
  ],
  ['admission.twice', (b) => void filtersOf(b).unshift(structuredClone(filtersOf(b)[0] ?? null))],
  ['admission.response_attributes', (b) => void array(processor('admission', b).response_attributes).pop()],
  ['admission.namespace', (b) => void delete processor('admission', b).metadata_options],
  ['admission.disable_clear_route_cache', (b) => put(processor('admission', b), { disable_clear_route_cache: true })],
  ['admission.route_cache_action', (b) => put(processor('admission', b), { route_cache_action: 'RETAIN' })],
  ['admission.role', (b) => put(object(processor('admission', b).grpc_service), { initial_metadata: [] })],
  [
    'admission.role',
    (b) => put(object(at(processor('admission', b), 'grpc_service', 'initial_metadata', 0)), { value: 'gate' }),
  ],
  [
    'admission.service',
    (b) => put(object(at(processor('admission', b), 'grpc_service', 'envoy_grpc')), { cluster_name: 'primary' }),
  ],
  ['gate.missing', (b) => void delete router(b).upstream_http_filters],
  ['gate.missing', (b) => void gates(b).shift()],
  ['gate.role', (b) => void delete object(processor('gate', b).grpc_service).initial_metadata],
  [
    'gate.matcher',
    (b) => {
      const bare = processor('gate', b);
      object(gates(b)[0]).typed_config = bare;
    },
  ],
  ['gate.time_left', (b) => put(router(b), { suppress_envoy_headers: true })],
  ['filters.codec', (b) => void gates(b).pop()],
  ['filters.order', (b) => void gates(b).reverse()],
  [
    'filters.order',
    (b) => {
      const [first, second, third] = judges(b);
      judges(b).splice(0, 3, second ?? null, first ?? null, third ?? null);
    },
  ],
  ['strip.missing', (b) => void gates(b).splice(1, 1)],
  ['strip.missing', (b) => void judges(b).splice(1, 1)],
  ['judge.missing', (b) => void delete cluster(b, 'flaky').typed_extension_protocol_options],
  ['judge.missing', (b) => void judges(b).shift()],
  ['judge.missing', (b) => void judges(b).splice(0, 1, structuredClone(gates(b)[0] ?? null))],
  ['judge.role', (b) => void delete object(object(processor('judge', b)).grpc_service).initial_metadata],
  [
    'judge.namespace',
    (b) =>
      put(object(at(processor('judge', b), 'metadata_options', 'receiving_namespaces')), { untyped: ['envoy.lb'] }),
  ],
  ['judge.max_message_timeout', (b) => void delete processor('judge', b).max_message_timeout],
  ['judge.max_message_timeout', (b) => put(processor('judge', b), { max_message_timeout: '8s' })],
  ['host.attempt_count', (b) => void delete virtualHost(b).include_request_attempt_count],
  ['host.attempt_count', (b) => put(virtualHost(b), { include_request_attempt_count: false })],
  ['host.body_limit', (b) => put(virtualHost(b), { request_body_buffer_limit: 0 })],
  ['host.retry_mark', (b) => void delete virtualHost(b).response_headers_to_remove],
  ['route.own_retries', (b) => void Object.assign(retries(b, 'primary'), { retry_on: '5xx', num_retries: 2 })],
  ['route.own_retries', (b) => put(retries(b, 'primary'), { retriable_status_codes: [503] })],
  ['route.back_off', (b) => put(retries(b, 'pool'), { retry_back_off: { base_interval: '1s' } })],
  ['route.back_off', (b) => void delete retries(b, 'grpc').retry_back_off],
  ['route.retriable_headers', (b) => void delete retries(b, 'provider').retriable_headers],
  [
    'route.retriable_headers',
    (b) => void array(retries(b, 'provider').retriable_headers).push({ name: 'x-again', present_match: true }),
  ],
  [
    'route.double_wait',
    (b) => put(retries(b, 'provider'), { rate_limited_retry_back_off: { reset_headers: [{ name: 'retry-after' }] } }),
  ],
  ['route.hedging', (b) => put(object(route(b, 'slow').route), { hedge_policy: { hedge_on_per_try_timeout: true } })],
  ['route.refresh', (b) => void delete retries(b, 'primary').refresh_cluster_on_retry],
  ['route.namespace', (b) => put(groups(b, 'primary'), { override_metadata_namespace: 'envoy.lb' })],
  [
    'route.not_steered',
    (b) => {
      const action = object(route(b, 'primary').route);
      delete action.inline_cluster_specifier_plugin;
      action.cluster = 'primary';
    },
  ],
  [
    'sluice.missing',
    (b) => {
      const clusters = array(at(b, 'static_resources', 'clusters'));
      clusters.splice(
        clusters.findIndex((each) => object(each).name === 'sluice'),
        1,
      );
    },
  ],
  ['sluice.http2', (b) => void delete cluster(b, 'sluice').typed_extension_protocol_options],
  ['sluice.limits', (b) => void delete cluster(b, 'sluice').circuit_breakers],
  [
    'sluice.limits',
    (b) => put(object(at(cluster(b, 'sluice'), 'circuit_breakers', 'thresholds', 0)), { max_requests: 1024 }),
  ],
  ['cluster.retry_budget', (b) => void delete cluster(b, 'pool').circuit_breakers],
  [
    'policy.unknown_fallback',
    (b) => {
      const clusters = array(at(b, 'static_resources', 'clusters'));
      for (const each of list(at(b, 'static_resources', 'clusters')))
        if (each.name === 'secondary') each.name = 'secondry';
      expect(clusters.length).toBeGreaterThan(5);
      object(groups(b, 'secondary')).priority_groups = [
        { name: 'x', clusters: [{ cluster_name: 'secondry', weight: 1 }] },
      ];
    },
  ],
];

// What Envoy Gateway makes of the kinds that this repository ships, and of no more than the fields that it uses: any other
// field is an error, so that none is shipped whose effect nothing here has tried. Names as in Envoy Gateway 1.9.

import { at, clusters, type Json, type JsonObject, list, object } from '../bootstrap.js';

const TYPE = 'type.googleapis.com/envoy.extensions';

export interface Parts {
  readonly bootstrap: JsonObject;
  /** The HTTP connection manager. */
  readonly manager: JsonObject;
  readonly routes: readonly JsonObject[];
}

/** The filter of an EnvoyExtensionPolicy: in the chain, off, and turned on by each route; and its cluster. */
export function translateExtension(
  { bootstrap, manager, routes }: Parts,
  policy: JsonObject,
  backend: JsonObject,
): void {
  const name = `envoyextensionpolicy/${nameOf(policy)}/extproc/0`;
  const [extProc, ...more] = list(specOf(policy, ['targetRefs', 'extProc']).extProc);
  if (extProc === undefined || more.length > 0) throw new Error('one extProc is what is known here');
  const filter = `envoy.filters.http.ext_proc/${name}`;
  const router = list(manager.http_filters);
  manager.http_filters = [{ name: filter, disabled: true, typed_config: processor(name, extProc) }, ...router];
  for (const route of routes) {
    const config = { '@type': 'type.googleapis.com/envoy.config.route.v3.FilterConfig', config: {} };
    route.typed_per_filter_config = { ...object(route.typed_per_filter_config ?? {}), [filter]: config };
  }
  const resources = object(bootstrap.static_resources);
  resources.clusters = [...clusters(bootstrap), serviceCluster(name, object(extProc.backendSettings), backend)];
}

function processor(cluster: string, extProc: JsonObject): JsonObject {
  known(extProc, ['backendRefs', 'backendSettings', 'failOpen', 'messageTimeout', 'processingMode', 'metadata']);
  const { request, response } = object(extProc.processingMode);
  const sent = (part: Json | undefined) => (part === undefined ? 'SKIP' : 'SEND');
  return {
    '@type': `${TYPE}.filters.http.ext_proc.v3.ExternalProcessor`,
    grpc_service: { envoy_grpc: { cluster_name: cluster, authority: 'sluice.shop' }, timeout: '10s' },
    failure_mode_allow: extProc.failOpen ?? false,
    message_timeout: duration(extProc.messageTimeout),
    metadata_options: { receiving_namespaces: { untyped: at(extProc, 'metadata', 'writableNamespaces') } },
    processing_mode: {
      request_header_mode: sent(request),
      response_header_mode: sent(response),
      request_trailer_mode: 'SKIP',
      response_trailer_mode: 'SKIP',
    },
  };
}

function serviceCluster(name: string, settings: JsonObject, backend: JsonObject): JsonObject {
  known(settings, ['circuitBreaker', 'timeout']);
  const limits = object(settings.circuitBreaker);
  known(limits, ['maxConnections', 'maxPendingRequests', 'maxParallelRequests', 'maxParallelRetries']);
  const threshold = {
    max_connections: limits.maxConnections ?? 1024,
    max_pending_requests: limits.maxPendingRequests ?? 1024,
    max_requests: limits.maxParallelRequests ?? 1024,
    max_retries: limits.maxParallelRetries ?? 1024,
  };
  const path = at(backend, 'spec', 'endpoints', 0, 'unix', 'path');
  return {
    name,
    type: 'STATIC',
    connect_timeout: duration(at(settings, 'timeout', 'tcp', 'connectTimeout')),
    circuit_breakers: { thresholds: [threshold] },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': `${TYPE}.upstreams.http.v3.HttpProtocolOptions`,
        explicit_http_config: {
          http2_protocol_options: { initial_connection_window_size: 1048576, initial_stream_window_size: 65536 },
        },
      },
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path } } } }] }],
    },
  };
}

/** Of a ClientTrafficPolicy: what is removed before anything is read, and Envoy's own headers. */
export function translateClient({ manager }: Parts, policy: JsonObject): void {
  const headers = object(specOf(policy, ['targetRefs', 'headers']).headers);
  known(headers, ['enableEnvoyHeaders', 'earlyRequestHeaders']);
  const early = object(headers.earlyRequestHeaders);
  known(early, ['remove']);
  const removed = early.remove;
  if (!Array.isArray(removed)) throw new Error('earlyRequestHeaders.remove is no list');
  manager.early_header_mutation_extensions = [
    {
      name: 'envoy.http.early_header_mutation.header_mutation',
      typed_config: {
        '@type': `${TYPE}.http.early_header_mutation.header_mutation.v3.HeaderMutation`,
        mutations: removed.map((remove) => ({ remove })),
      },
    },
  ];
  const router = object(list(manager.http_filters).at(-1));
  if (headers.enableEnvoyHeaders === true) delete object(router.typed_config).suppress_envoy_headers;
}

/** Of a BackendTrafficPolicy: the retries of every route, and the guards of every cluster of a route. */
export function translateBackends({ bootstrap, routes }: Parts, policy: JsonObject): void {
  const spec = specOf(policy, ['targetRefs', 'retry', 'circuitBreaker', 'healthCheck']);
  const retry = object(spec.retry);
  known(retry, ['numRetries', 'retryOn', 'perRetry']);
  const triggers = at(retry, 'retryOn', 'triggers');
  if (!Array.isArray(triggers)) throw new Error('retryOn.triggers is no list');
  const { baseInterval, maxInterval } = object(at(retry, 'perRetry', 'backOff'));
  for (const route of routes) {
    object(route.route).retry_policy = {
      num_retries: retry.numRetries ?? 2,
      retry_on: triggers.join(','),
      retry_back_off: { base_interval: duration(baseInterval), max_interval: duration(maxInterval) },
      retry_host_predicate: [
        {
          name: 'envoy.retry_host_predicates.previous_hosts',
          typed_config: { '@type': `${TYPE}.retry.host.previous_hosts.v3.PreviousHostsPredicate` },
        },
      ],
      host_selection_retry_max_attempts: 5,
    };
  }
  guardClusters(bootstrap, object(spec.circuitBreaker), object(at(object(spec.healthCheck), 'passive')));
}

function guardClusters(bootstrap: JsonObject, limits: JsonObject, passive: JsonObject): void {
  known(limits, ['maxParallelRetries']);
  known(passive, ['consecutive5XxErrors', 'interval', 'baseEjectionTime', 'maxEjectionPercent']);
  for (const cluster of clusters(bootstrap)) {
    if (!String(cluster.name).startsWith('httproute/')) continue;
    cluster.circuit_breakers = { thresholds: [{ max_retries: limits.maxParallelRetries ?? 1024 }] };
    cluster.outlier_detection = {
      consecutive_5xx: passive.consecutive5XxErrors ?? 5,
      interval: duration(passive.interval),
      base_ejection_time: duration(passive.baseEjectionTime),
      max_ejection_percent: passive.maxEjectionPercent ?? 10,
    };
  }
}

function specOf(policy: JsonObject, fields: readonly string[]): JsonObject {
  const spec = object(policy.spec);
  known(spec, fields);
  return spec;
}

function nameOf(resource: JsonObject): string {
  return `${at(resource, 'metadata', 'namespace')}/${at(resource, 'metadata', 'name')}`;
}

/** `300ms` of the Gateway API as `0.3s` of protobuf. */
function duration(text: Json | undefined): string {
  const [, amount = '', unit = ''] = /^(\d+)(ms|s)$/.exec(String(text)) ?? [];
  if (unit === '') throw new Error(`durations in ms or s are known here, not ${JSON.stringify(text)}`);
  return `${unit === 'ms' ? Number(amount) / 1000 : amount}s`;
}

function known(value: JsonObject, fields: readonly string[]): void {
  const unknown = Object.keys(value).find((field) => !fields.includes(field));
  if (unknown !== undefined)
    throw new Error(`what Envoy Gateway makes of ${JSON.stringify(unknown)} is not known here`);
}

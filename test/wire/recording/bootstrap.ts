// The smallest Envoy configuration in which all four places where Sluice meets Envoy speak: it exists to record what
// they say, so it allows every mutation and asks for more attributes than a real one should.

export interface Ports {
  readonly listener: number;
  readonly admin: number;
  readonly sluice: number;
  readonly http1: number;
  readonly http2: number;
  readonly dead: number;
  /** Relative to Envoy's working directory, so that no path of the recording machine gets into the bytes. */
  readonly pipe: string;
}

const type = (name: string) => `type.googleapis.com/envoy.${name}`;

const ATTRIBUTES = {
  request_attributes: ['request.id', 'xds.cluster_name', 'xds.route_name', 'source.address'],
  response_attributes: [
    'response.flags',
    'response.code',
    'response.code_details',
    'upstream.transport_failure_reason',
    'upstream.request_attempt_count',
    'upstream.address',
    'xds.cluster_name',
    'upstream.cx_pool_ready_duration',
  ],
};

function extProc(role: string, responseHeaders: 'SEND' | 'SKIP') {
  return {
    name: 'envoy.filters.http.ext_proc',
    typed_config: {
      '@type': type('extensions.filters.http.ext_proc.v3.ExternalProcessor'),
      failure_mode_allow: false,
      message_timeout: '0.5s',
      max_message_timeout: '10s',
      grpc_service: {
        envoy_grpc: { cluster_name: 'sluice' },
        initial_metadata: [{ key: 'x-sluice-role', value: role }],
      },
      processing_mode: {
        request_header_mode: 'SEND',
        response_header_mode: responseHeaders,
        request_body_mode: 'NONE',
        response_body_mode: 'NONE',
        request_trailer_mode: 'SKIP',
        response_trailer_mode: 'SKIP',
      },
      ...ATTRIBUTES,
      metadata_options: { receiving_namespaces: { untyped: ['sluice.route'] } },
      mutation_rules: { allow_envoy: true },
    },
  };
}

const UPSTREAM_CODEC = {
  name: 'envoy.filters.http.upstream_codec',
  typed_config: { '@type': type('extensions.filters.http.upstream_codec.v3.UpstreamCodec') },
};

/** The gate: on every attempt but the first. */
const GATE = {
  name: 'gate',
  typed_config: {
    '@type': type('extensions.common.matching.v3.ExtensionWithMatcher'),
    extension_config: extProc('gate', 'SKIP'),
    xds_matcher: {
      matcher_tree: {
        input: {
          name: 'attempt',
          typed_config: {
            '@type': type('type.matcher.v3.HttpRequestHeaderMatchInput'),
            header_name: 'x-envoy-attempt-count',
          },
        },
        exact_match_map: {
          map: {
            1: {
              action: {
                name: 'skip',
                typed_config: { '@type': type('extensions.filters.common.matcher.action.v3.SkipFilter') },
              },
            },
          },
        },
      },
    },
  },
};

const tag = (name: string, header: string) => ({ tag: name, request_header: { name: header } });

const LOG = {
  name: 'trace',
  typed_config: {
    '@type': type('extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig'),
    common_config: {
      log_name: 'sluice',
      transport_api_version: 'V3',
      grpc_service: { envoy_grpc: { cluster_name: 'sluice' } },
      buffer_flush_interval: '0.05s',
      custom_tags: [tag('attempt', 'x-envoy-attempt-count'), tag('sluice_id', 'x-sluice-id')],
    },
    additional_response_headers_to_log: ['grpc-status'],
    additional_response_trailers_to_log: ['grpc-status'],
  },
};

function route(name: string, cluster: string) {
  return {
    name,
    match: { path: `/${name}` },
    route: {
      timeout: '5s',
      retry_policy: {
        num_retries: 0,
        refresh_cluster_on_retry: true,
        retry_back_off: { base_interval: '0.005s', max_interval: '0.01s' },
      },
      inline_cluster_specifier_plugin: {
        extension: {
          name: 'groups',
          typed_config: {
            '@type': type('extensions.router.cluster_specifiers.priority_group.v3.PriorityGroupClusterSpecifier'),
            override_metadata_namespace: 'sluice.route',
            priority_groups: [{ name: cluster, clusters: [{ cluster_name: cluster, weight: 1 }] }],
          },
        },
      },
    },
  };
}

const ROUTES = [
  ...['warm', 'ok', 'failed', 'retried', 'reset', 'cut', 'timeout', 'cancelled', 'refuse'].map((name) =>
    route(name, 'http1'),
  ),
  route('limited', 'limited'),
  route('worse', 'http1'),
  route('malformed', 'http1'),
  route('garbled', 'http1'),
  route('refused', 'dead'),
  route('rerouted', 'dead'),
  route('judged', 'judged'),
  route('pipe', 'pipe'),
  route('empty', 'empty'),
  route('grpc', 'http2'),
  route('grpc-error', 'http2'),
];

function cluster(name: string, address: object | null, protocol: 'http_protocol_options' | 'http2_protocol_options') {
  return {
    name,
    type: 'STATIC',
    connect_timeout: '0.3s',
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': type('extensions.upstreams.http.v3.HttpProtocolOptions'),
        explicit_http_config: { [protocol]: {} },
        ...(name === 'limited' && { common_http_protocol_options: { max_stream_duration: '0.1s' } }),
        ...(name === 'judged' && { http_filters: [extProc('judge', 'SEND'), UPSTREAM_CODEC] }),
      },
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: address === null ? [] : [{ endpoint: { address } }] }],
    },
  };
}

const local = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } });

function listener(port: number) {
  return {
    name: 'in',
    address: local(port),
    filter_chains: [
      {
        filters: [
          {
            name: 'http',
            typed_config: {
              '@type': type('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
              stat_prefix: 'in',
              codec_type: 'AUTO',
              access_log: [LOG],
              http_filters: [
                extProc('admission', 'SEND'),
                {
                  name: 'envoy.filters.http.router',
                  typed_config: {
                    '@type': type('extensions.filters.http.router.v3.Router'),
                    upstream_log: [LOG],
                    upstream_http_filters: [GATE, UPSTREAM_CODEC],
                  },
                },
              ],
              route_config: {
                virtual_hosts: [{ name: 'all', domains: ['*'], routes: ROUTES, include_request_attempt_count: true }],
              },
            },
          },
        ],
      },
    ],
  };
}

/** JSON is YAML: Envoy reads it as it is. */
export function bootstrap(ports: Ports): string {
  const http1 = 'http_protocol_options';
  const http2 = 'http2_protocol_options';
  return JSON.stringify({
    layered_runtime: {
      layers: [{ name: 'static', static_layer: { 'envoy.reloadable_features.ext_proc_graceful_grpc_close': true } }],
    },
    admin: { address: local(ports.admin) },
    static_resources: {
      listeners: [listener(ports.listener)],
      clusters: [
        cluster('sluice', local(ports.sluice), http2),
        cluster('http1', local(ports.http1), http1),
        cluster('limited', local(ports.http1), http1),
        cluster('judged', local(ports.http1), http1),
        cluster('dead', local(ports.dead), http1),
        cluster('pipe', { pipe: { path: ports.pipe } }, http1),
        cluster('empty', null, http1),
        cluster('http2', local(ports.http2), http2),
      ],
    },
  });
}

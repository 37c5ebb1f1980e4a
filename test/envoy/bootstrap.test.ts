// envoy.yaml is documentation that runs. These tests hold it to what its comments promise, and prove that requests are
// served by it when there is no Sluice at all.

import { describe, expect, it } from 'vitest';
import { isForwarded } from '../../src/envoy/look/header-rules.js';
import { HEADER } from '../../src/handlers/names.js';
import {
  at,
  cluster,
  clusters,
  connectionManager,
  ENVOY_YAML,
  type JsonObject,
  object,
  ofType,
  readBootstrap,
  route,
  routes,
  virtualHost,
} from '../support/bootstrap.js';
import { validate } from '../support/envoy.js';

const bootstrap = readBootstrap();
const processors = ofType(bootstrap, 'ExternalProcessor');
const upstreams = clusters(bootstrap).filter((each) => each.name !== 'sluice');

function role(processor: JsonObject): string {
  return String(at(processor, 'grpc_service', 'initial_metadata', 0, 'value'));
}

function processor(wanted: string): JsonObject {
  return object(processors.find((each) => role(each) === wanted));
}

/** Envoy matches the whole name. */
function mayChange(wanted: string, header: string): boolean {
  const rules = object(processor(wanted).mutation_rules);
  expect(rules.disallow_all, 'all that is not named is refused').toBe(true);
  return new RegExp(`^(?:${at(rules, 'allow_expression', 'regex')})$`).test(header);
}

describe('envoy.yaml', () => {
  it('is valid to Envoy', async () => {
    const { ok, log } = await validate(ENVOY_YAML);
    expect(ok, log).toBe(true);
  });

  it('gives the same parts under the same names to those who build on them', () => {
    expect(clusters(bootstrap).map((each) => each.name)).toEqual([
      ...['sluice', 'primary', 'provider', 'secondary', 'refusing', 'slow', 'flaky', 'secure', 'pool', 'grpc'],
    ]);
    expect(at(bootstrap, 'admin', 'address', 'socket_address', 'port_value')).toBe(9901);
    expect(at(bootstrap, 'static_resources', 'listeners', 0, 'address', 'socket_address', 'port_value')).toBe(10000);
    expect(JSON.stringify(cluster(bootstrap, 'sluice'))).toContain('"port_value":9002');
  });

  it('has Envoy close its streams in peace, so that Node does not take resets for an attack', () => {
    const layer = object(at(bootstrap, 'layered_runtime', 'layers', 0, 'static_layer'));
    expect(layer['envoy.reloadable_features.ext_proc_graceful_grpc_close']).toBe(true);
  });

  it('raises the limits of the way to Sluice', () => {
    const limits = object(at(cluster(bootstrap, 'sluice'), 'circuit_breakers', 'thresholds', 0));
    for (const name of ['max_connections', 'max_pending_requests', 'max_requests', 'max_retries']) {
      expect(limits[name], name).toBeGreaterThanOrEqual(65_536);
    }
  });
});

describe('the filters of envoy.yaml', () => {
  it('are admission, gate and a judge for each cluster that has one', () => {
    expect(processors.map(role).sort()).toEqual(['admission', 'gate', 'judge', 'judge', 'judge']);
    const judged = upstreams.filter((each) => ofType(each, 'ExternalProcessor').length > 0);
    expect(judged.map((each) => each.name)).toEqual(['provider', 'flaky', 'grpc']);
  });

  it.each(processors.map((each) => [role(each), each] as const))(
    '%s never sees a body and fails open',
    (_role, each) => {
      expect(each.failure_mode_allow).toBe(true);
      expect(each.processing_mode).toMatchObject({
        request_header_mode: 'SEND',
        request_body_mode: 'NONE',
        response_body_mode: 'NONE',
        request_trailer_mode: 'SKIP',
        response_trailer_mode: 'SKIP',
      });
      expect(at(each, 'grpc_service', 'envoy_grpc', 'cluster_name')).toBe('sluice');
    },
  );

  it('let the gate leave the response alone, and the other two see its headers', () => {
    expect(at(processor('gate'), 'processing_mode', 'response_header_mode')).toBe('SKIP');
    expect(at(processor('judge'), 'processing_mode', 'response_header_mode')).toBe('SEND');
    expect(at(processor('admission'), 'processing_mode', 'response_header_mode')).toBe('SEND');
  });

  it('let gate and judge hold an attempt, and admission not', () => {
    expect(processor('gate').max_message_timeout).toBe('10s');
    expect(processor('judge').max_message_timeout).toBe('10s');
    expect(processor('admission').max_message_timeout).toBeUndefined();
  });

  it('give Sluice the namespace that the routes read, where it reroutes, and no other', () => {
    const receiving = { receiving_namespaces: { untyped: ['sluice.route'] } };
    expect(processor('admission').metadata_options).toEqual(receiving);
    expect(processor('judge').metadata_options).toEqual(receiving);
    expect(processor('gate').metadata_options).toBeUndefined();
  });

  it('send Sluice the headers that it reads and those that are likely keys, and neither credentials nor any other', () => {
    const read = [':method', ':path', ':protocol', ':status', 'content-type', 'upgrade', 'idempotency-key', 'x-model'];
    const wishes = ['retry-after', 'retry-after-ms', 'x-should-retry', 'grpc-status', 'grpc-retry-pushback-ms'];
    for (const each of processors) {
      const sent = (name: string) => isForwarded(each.forward_rules, name);
      for (const name of [...read, ...wishes, ...Object.values(HEADER)]) expect(sent(name), name).toBe(true);
      const secret = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key'];
      for (const name of secret) expect(sent(name), name).toBe(false);
      for (const name of ['user-agent', 'accept', 'referer', ':authority']) expect(sent(name), name).toBe(false);
    }
  });

  it.each([
    'x-envoy-retry-on',
    'x-envoy-retry-grpc-on',
    'x-envoy-max-retries',
    'x-envoy-retriable-status-codes',
    'x-envoy-retriable-header-names',
    'x-envoy-hedge-on-per-try-timeout',
    'x-envoy-upstream-rq-timeout-ms',
    'x-envoy-upstream-rq-per-try-timeout-ms',
    'x-sluice-id',
    'x-sluice-cluster',
    'retry-after',
    'content-type',
  ])('let admission change %s', (header) => {
    expect(mayChange('admission', header)).toBe(true);
  });

  it.each([
    'host',
    ':path',
    ':authority',
    'authorization',
    'cookie',
    'x-request-id',
    'x-forwarded-for',
    'x-envoy-original-path',
  ])('let nobody change %s', (header) => {
    for (const each of ['admission', 'gate', 'judge']) expect(mayChange(each, header), each).toBe(false);
  });

  it('let gate and judge make an answer and mark a retry, and not grant retries', () => {
    for (const each of ['gate', 'judge']) {
      for (const header of ['x-sluice-retry', 'retry-after', 'content-type'])
        expect(mayChange(each, header)).toBe(true);
      expect(mayChange(each, 'x-envoy-max-retries')).toBe(false);
    }
  });

  it('strip the mark of the judge from what an upstream sends, everywhere, before the judge sees it', () => {
    const chains = [
      at(object(ofType(bootstrap, 'Router')[0]), 'upstream_http_filters'),
      ...['provider', 'flaky', 'grpc'].map((name) => {
        const options = object(cluster(bootstrap, name).typed_extension_protocol_options);
        return at(options, 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions', 'http_filters');
      }),
    ];
    for (const chain of chains) {
      const [first, strip, last, ...rest] = Array.isArray(chain) ? chain.map(object) : [];
      expect(ofType(object(first), 'ExternalProcessor')).toHaveLength(1);
      expect(at(object(strip), 'typed_config', 'mutations', 'response_mutations')).toEqual([
        { remove: 'x-sluice-retry' },
      ]);
      expect(object(last).name).toBe('envoy.filters.http.upstream_codec');
      expect(rest).toEqual([]);
    }
    expect(virtualHost(bootstrap).response_headers_to_remove).toEqual(['x-sluice-retry']);
  });
});

describe('the trace of envoy.yaml', () => {
  it('comes from both logs, tagged with the id and the attempt', () => {
    const logs = [
      at(object(ofType(bootstrap, 'Router')[0]), 'upstream_log', 0, 'typed_config'),
      at(connectionManager(bootstrap), 'access_log', 0, 'typed_config'),
    ].map(object);
    for (const log of logs) {
      expect(at(log, 'common_config', 'custom_tags')).toEqual([
        { tag: 'attempt', request_header: { name: 'x-envoy-attempt-count' } },
        { tag: 'sluice_id', request_header: { name: 'x-sluice-id' } },
      ]);
      expect(at(log, 'common_config', 'buffer_flush_interval')).toBe('0.05s');
      expect(log.additional_response_trailers_to_log).toEqual(['grpc-status']);
    }
  });

  it('numbers the attempts', () => {
    expect(virtualHost(bootstrap).include_request_attempt_count).toBe(true);
  });
});

describe('the routes of envoy.yaml', () => {
  it('are one for each upstream, with its name and prefix', () => {
    expect(routes(bootstrap).map((each) => each.name)).toEqual(upstreams.map((each) => each.name));
    for (const each of routes(bootstrap)) expect(at(each, 'match', 'prefix')).toBe(`/${each.name}/`);
  });

  it.each(routes(bootstrap).map((each) => [String(each.name), each] as const))(
    '%s: retries are for Sluice to grant, on any cluster that it names',
    (name, each) => {
      const policy = object(at(each, 'route', 'retry_policy'));
      expect(policy.retry_on).toBeUndefined();
      expect(policy.num_retries).toBe(0);
      expect(policy.refresh_cluster_on_retry).toBe(true);
      expect(policy.retriable_headers).toEqual([{ name: 'x-sluice-retry', present_match: true }]);
      const [specifier] = ofType(each, 'PriorityGroupClusterSpecifier');
      expect(object(specifier).override_metadata_namespace).toBe('sluice.route');
      expect(at(object(specifier), 'priority_groups', 0, 'clusters')).toEqual([{ cluster_name: name, weight: 1 }]);
    },
  );

  it('keep little of a body for a retry', () => {
    expect(virtualHost(bootstrap).request_body_buffer_limit).toBe(64 * 1024);
  });

  it('leave a judged cluster next to no wait of Envoy, which comes on top of the wait of the judge', () => {
    for (const name of ['provider', 'flaky', 'grpc']) {
      expect(at(route(bootstrap, name), 'route', 'retry_policy', 'retry_back_off', 'max_interval')).toBe('0.01s');
    }
  });
});

describe('the upstreams of envoy.yaml', () => {
  it.each(upstreams.map((each) => [String(each.name), each] as const))(
    '%s has a retry budget of Envoy underneath',
    (_name, each) => {
      const budget = object(at(each, 'circuit_breakers', 'thresholds', 0, 'retry_budget'));
      expect(at(budget, 'budget_percent', 'value')).toBeGreaterThan(20);
      expect(budget.min_retry_concurrency).toBeGreaterThan(10);
    },
  );

  it('check who answers where they speak TLS', () => {
    const context = at(
      cluster(bootstrap, 'secure'),
      'transport_socket',
      'typed_config',
      'common_tls_context',
      'validation_context',
    );
    expect(object(context)).toHaveProperty('trusted_ca');
    expect(object(context)).toHaveProperty('match_typed_subject_alt_names');
  });
});

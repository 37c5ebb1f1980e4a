// The bootstraps of the arms, made of the envoy.yaml that is shipped by taking parts away: what is measured is what users run.

import {
  at,
  cluster,
  connectionManager,
  type JsonObject,
  list,
  object,
  ofType,
  route,
  virtualHost,
} from '../../support/bootstrap.js';
import { hosts } from '../../support/routes.js';

export interface Wiring {
  /** The parts of envoy.yaml that stay. */
  readonly parts: ReadonlySet<Part>;
  /** `none`: Envoy answers itself, and there is no attempt. */
  readonly upstream: 'plain' | 'native_retries' | 'none';
}

export type Part = 'admission' | 'gate' | 'judge' | 'trace';

/** Its name in the connection manager. */
export const ADMISSION_FILTER = 'envoy.filters.http.ext_proc';

/** The route that is measured, and its cluster. */
export const TARGET = 'bench';

/** Changes a parsed envoy.yaml so that only `wiring` is left, with `upstreamPort` behind it. */
export function rewire(bootstrap: JsonObject, wiring: Wiring, upstreamPort: number): void {
  const { parts } = wiring;
  const filters = list(connectionManager(bootstrap).http_filters);
  if (!parts.has('admission')) {
    connectionManager(bootstrap).http_filters = filters.filter(({ name }) => name !== ADMISSION_FILTER);
  }
  const [router] = ofType(bootstrap, 'Router');
  if (router === undefined) throw new Error('the bootstrap has no router');
  if (!parts.has('trace')) {
    delete connectionManager(bootstrap).access_log;
    delete router.upstream_log;
  }
  if (!parts.has('gate')) delete router.upstream_http_filters;
  if (parts.size === 0) removeRest(bootstrap);
  setUpstream(bootstrap, parts, upstreamPort);
  setRoute(bootstrap, wiring);
}

/** What is there for Sluice's sake only. */
function removeRest(bootstrap: JsonObject): void {
  delete connectionManager(bootstrap).early_header_mutation_extensions;
  const host = virtualHost(bootstrap);
  delete host.include_request_attempt_count;
  delete host.request_body_buffer_limit;
  delete host.response_headers_to_remove;
}

function setUpstream(bootstrap: JsonObject, parts: ReadonlySet<Part>, port: number): void {
  const like = cluster(bootstrap, parts.has('judge') ? 'provider' : 'primary');
  const upstream = { ...like, name: TARGET, ...hosts(TARGET, port) };
  object(bootstrap.static_resources).clusters = [cluster(bootstrap, 'sluice'), upstream];
}

function setRoute(bootstrap: JsonObject, { parts, upstream }: Wiring): void {
  const steered = route(bootstrap, parts.has('judge') ? 'provider' : 'primary');
  virtualHost(bootstrap).routes = [{ ...steered, name: TARGET, match: { prefix: '/' } }];
  const action = object(route(bootstrap, TARGET).route);
  if (parts.size > 0) {
    const groups = object(at(action, 'inline_cluster_specifier_plugin', 'extension', 'typed_config'));
    groups.priority_groups = [{ name: 'routed', clusters: [{ cluster_name: TARGET, weight: 1 }] }];
  } else {
    delete action.inline_cluster_specifier_plugin;
    delete action.retry_policy;
    action.cluster = TARGET;
  }
  if (upstream === 'native_retries') addNativeRetries(bootstrap, action);
  if (upstream === 'none') answerDirectly(bootstrap);
}

/** As in ../faults/native.yaml, for one host. */
function addNativeRetries(bootstrap: JsonObject, action: JsonObject): void {
  action.retry_policy = {
    retry_on: 'connect-failure,refused-stream,reset,retriable-status-codes',
    retriable_status_codes: [503],
    num_retries: 2,
    retry_back_off: { base_interval: '0.025s', max_interval: '0.25s' },
  };
  cluster(bootstrap, TARGET).outlier_detection = { consecutive_5xx: 5, interval: '1s', base_ejection_time: '5s' };
}

function answerDirectly(bootstrap: JsonObject): void {
  const direct_response = { status: 200, body: { inline_string: 'ok' } };
  virtualHost(bootstrap).routes = [{ name: TARGET, match: { prefix: '/' }, direct_response }];
}

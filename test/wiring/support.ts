// Wiring and checking without the command around them: text or values in, text or findings out.

import { readBootstrap } from '../../src/envoy/bootstrap.js';
import { checkBootstrap, type EnvoyFinding, isFault } from '../../src/envoy/check.js';
import type { EnvoyOptions } from '../../src/envoy/look/options.js';
import { type Wiring, wire } from '../../src/envoy/wire.js';
import { parsePolicy } from '../../src/policy/load.js';
import { formatProblem } from '../../src/policy/problems.js';
import type { Policy } from '../../src/policy/resolve.js';
import type { JsonObject } from '../support/bootstrap.js';

export function policy(text: string): Policy {
  const loaded = parsePolicy(text, 'policy.yaml');
  if (loaded.ok) return loaded.policy;
  throw new Error(loaded.problems.map(formatProblem).join('\n'));
}

export function options(more: Partial<EnvoyOptions> = {}): EnvoyOptions {
  return {
    policy: policy('{}'),
    address: null,
    sluiceCluster: null,
    envoyMinor: 40,
    listeners: [],
    statPrefixes: [],
    ...more,
  };
}

export function wired(bootstrap: string | JsonObject, more: Partial<EnvoyOptions> = {}): Wiring {
  const chosen = options(more);
  return wire(readBootstrap(asText(bootstrap), 'envoy.yaml', chosen), chosen);
}

export function findings(bootstrap: string | JsonObject, more: Partial<EnvoyOptions> = {}): EnvoyFinding[] {
  const chosen = options(more);
  return checkBootstrap(readBootstrap(asText(bootstrap), 'envoy.yaml', chosen), chosen);
}

/** The codes of what is wrong, without notes. */
export function faults(bootstrap: string | JsonObject, more: Partial<EnvoyOptions> = {}): string[] {
  return findings(bootstrap, more)
    .filter(isFault)
    .map(({ code }) => code);
}

function asText(bootstrap: string | JsonObject): string {
  return typeof bootstrap === 'string' ? bootstrap : JSON.stringify(bootstrap);
}

const HTTP = 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';

/** One listener, one virtual host with these routes, and these clusters. */
export function bootstrapOf(parts: {
  readonly routes?: readonly JsonObject[];
  readonly clusters?: readonly JsonObject[];
  readonly manager?: JsonObject;
  readonly host?: JsonObject;
  readonly root?: JsonObject;
}): JsonObject {
  const { routes = [{ match: { prefix: '/' }, route: { cluster: 'a' } }], clusters = [{ name: 'a' }, { name: 'b' }] } =
    parts;
  const manager = {
    '@type': HTTP,
    stat_prefix: 'http',
    http_filters: [{ name: 'envoy.filters.http.router', typed_config: { '@type': ROUTER } }],
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes: [...routes], ...parts.host }] },
    ...parts.manager,
  };
  return {
    static_resources: {
      listeners: [{ name: 'ingress', filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }] }],
      clusters: [...clusters],
    },
    ...parts.root,
  };
}

/** What wiring made of it, parsed. */
export function wiredValue(bootstrap: JsonObject, more: Partial<EnvoyOptions> = {}): JsonObject {
  return JSON.parse(wired(bootstrap, more).text) as JsonObject;
}

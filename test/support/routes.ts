// Adds routes and clusters to a parsed copy of envoy.yaml, for upstreams that no test should have by default.

import { at, cluster, type Json, type JsonObject, object, route, routes, virtualHost } from './bootstrap.js';

/** Sends `/name/` to a cluster of that name, by the same route as `primary` but for its name. */
export function addRoute(bootstrap: JsonObject, name: string): JsonObject {
  const text = JSON.stringify(route(bootstrap, 'primary')).replaceAll('primary', name);
  const added = object(JSON.parse(text) as Json);
  virtualHost(bootstrap).routes = [added, ...routes(bootstrap)];
  return added;
}

/** A cluster like `primary`, with these fields instead, and the route to it. */
export function addUpstream(bootstrap: JsonObject, name: string, fields: JsonObject): void {
  addRoute(bootstrap, name);
  const clusters = at(bootstrap, 'static_resources', 'clusters');
  if (!Array.isArray(clusters)) throw new Error('static_resources.clusters is no list');
  const { circuit_breakers = {} } = cluster(bootstrap, 'primary');
  clusters.push({ name, type: 'STATIC', connect_timeout: '0.3s', circuit_breakers, ...fields });
}

/** `load_assignment` of these hosts of 127.0.0.1. */
export function hosts(name: string, ...ports: readonly number[]): JsonObject {
  return endpoints(name, '127.0.0.1', ...ports);
}

export function endpoints(name: string, address: string, ...ports: readonly number[]): JsonObject {
  const lbEndpoints = ports.map((port) => ({
    endpoint: { address: { socket_address: { address, port_value: port } } },
  }));
  return { load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: lbEndpoints }] } };
}

// Which parts of a configuration a patch is for, by Istio's rules: every condition that is named has to hold, and one that is
// not named always does.

import { type Json, type JsonObject, object } from '../bootstrap.js';
import type { Context, Patch } from './filter.js';

export const MANAGER = 'envoy.filters.network.http_connection_manager';
/** There a listener's port is the destination port of its filter chains. */
const VIRTUAL = new Set(['virtualOutbound', 'virtualInbound']);

export function inContext(patch: Patch, context: Context): boolean {
  return patch.context === 'ANY' || patch.context === context;
}

/** The parts of a listener that a patch of a filter may name. */
export function matchesChain(patch: Patch, listener: JsonObject, chain: JsonObject): boolean {
  const wanted = part(patch.match, 'listener');
  const wantedChain = part(wanted, 'filterChain');
  known(wanted, ['name', 'portNumber', 'filterChain']);
  known(wantedChain, ['name', 'filter', 'sni', 'destinationPort']);
  const chainMatch = part(chain, 'filter_chain_match');
  const port = VIRTUAL.has(String(listener.name)) ? chainMatch.destination_port : portOf(listener);
  return (
    same(wanted.name, listener.name) &&
    same(wanted.portNumber, port) &&
    same(wantedChain.name, chain.name) &&
    same(wantedChain.destinationPort, chainMatch.destination_port) &&
    (wantedChain.sni === undefined || has(chainMatch.server_names, wantedChain.sni))
  );
}

/** The network filter that a patch names; undefined: it names none. */
export function wantedFilter(patch: Patch): string | undefined {
  const { name } = part(part(part(patch.match, 'listener'), 'filterChain'), 'filter');
  return name === undefined ? undefined : String(name);
}

/** The HTTP filter that a patch names; undefined: it names none. */
export function wantedSubFilter(patch: Patch): string | undefined {
  const filter = part(part(part(patch.match, 'listener'), 'filterChain'), 'filter');
  known(filter, ['name', 'subFilter']);
  const { name } = part(filter, 'subFilter');
  return name === undefined ? undefined : String(name);
}

/** Cluster names of Istio: `direction|port|subset|host`. */
export function matchesCluster(patch: Patch, cluster: JsonObject): boolean {
  const wanted = part(patch.match, 'cluster');
  known(wanted, ['name', 'service', 'portNumber', 'subset']);
  if (wanted.name !== undefined) return wanted.name === cluster.name;
  const [, port = '', subset = '', host = ''] = String(cluster.name).split('|');
  return same(wanted.service, host) && same(wanted.portNumber, Number(port)) && same(wanted.subset, subset);
}

export function matchesVirtualHost(patch: Patch, configuration: JsonObject, host: JsonObject): boolean {
  const wanted = part(patch.match, 'routeConfiguration');
  known(wanted, ['name', 'portNumber', 'vhost']);
  const wantedHost = part(wanted, 'vhost');
  known(wantedHost, ['name', 'domainName', 'route']);
  return (
    same(wanted.name, configuration.name) &&
    same(wanted.portNumber, portOfRoutes(String(configuration.name))) &&
    same(wantedHost.name, host.name) &&
    (wantedHost.domainName === undefined || has(host.domains, wantedHost.domainName))
  );
}

/** undefined: the patch names no route. */
export function matchesRoute(patch: Patch, route: JsonObject): boolean | undefined {
  const vhost = part(part(patch.match, 'routeConfiguration'), 'vhost');
  if (vhost.route === undefined) return undefined;
  const wanted = object(vhost.route);
  known(wanted, ['name', 'action']);
  return same(wanted.name, route.name) && (wanted.action === undefined || hasAction(route, String(wanted.action)));
}

function hasAction(route: JsonObject, action: string): boolean {
  const field = { ROUTE: 'route', REDIRECT: 'redirect', DIRECT_RESPONSE: 'direct_response' }[action];
  return field === undefined ? action === 'ANY' : route[field] !== undefined;
}

/** Sidecars name them `8080`, gateways `http.8080`. */
function portOfRoutes(name: string): number {
  return Number(name.slice(name.lastIndexOf('.') + 1));
}

function portOf(listener: JsonObject): Json | undefined {
  return part(part(listener, 'address'), 'socket_address').port_value;
}

function part(value: JsonObject, name: string): JsonObject {
  return object(value[name] ?? {});
}

function same(wanted: Json | undefined, value: Json | undefined): boolean {
  return wanted === undefined || wanted === value;
}

function has(values: Json | undefined, wanted: Json): boolean {
  return Array.isArray(values) && values.includes(wanted);
}

function known(value: JsonObject, names: readonly string[]): void {
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`the applier does not know the condition ${JSON.stringify(unknown)}`);
}

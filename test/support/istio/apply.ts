// Applies EnvoyFilters to a bootstrap of the shape that a proxy of Istio ends up with, as Istio's control plane would: in
// its order, by its rules (its reference of EnvoyFilter, and what its code does where that is silent). With one difference:
// Istio leaves out in silence what matches nothing, and here that is an error.

import { type Json, type JsonObject, list, object } from '../bootstrap.js';
import { type Context, nameOf, type Patch, type Target } from './filter.js';
import {
  inContext,
  MANAGER,
  matchesChain,
  matchesCluster,
  matchesRoute,
  matchesVirtualHost,
  wantedFilter,
  wantedSubFilter,
} from './match.js';
import { merge } from './merge.js';

/** What a proxy is: it decides the context of everything that is not inbound. */
export type ProxyKind = 'sidecar' | 'gateway';

/**
 * Changes `bootstrap` in place. Patches apply in the order given, which in Istio is that of priority and age.
 * @throws Error that names each patch which matched nothing.
 */
export function applyFilters(bootstrap: JsonObject, patches: readonly Patch[], kind: ProxyKind): void {
  const resources = object(bootstrap.static_resources);
  patchClusters(resources, patches, kind);
  for (const listener of list(resources.listeners)) {
    const context = contextOf(listener, kind);
    for (const chain of chainsOf(listener)) patchChain(patches, context, listener, chain);
  }
  const idle = patches.filter(({ applied }) => applied === 0).map(nameOf);
  if (idle.length > 0) throw new Error(`these patches matched nothing: ${idle.join('; ')}`);
}

function contextOf(listener: JsonObject, kind: ProxyKind): Context {
  if (kind === 'gateway') return 'GATEWAY';
  return listener.traffic_direction === 'INBOUND' ? 'SIDECAR_INBOUND' : 'SIDECAR_OUTBOUND';
}

/** Clusters of a proxy's own bootstrap do not come from the control plane, and are not named by its scheme. */
function patchClusters(resources: JsonObject, patches: readonly Patch[], kind: ProxyKind): void {
  const clusters = list(resources.clusters);
  const context = (cluster: JsonObject): Context | null => {
    const name = String(cluster.name);
    if (kind === 'gateway') return name.startsWith('outbound|') ? 'GATEWAY' : null;
    if (name.startsWith('inbound|') || name === 'InboundPassthroughCluster') return 'SIDECAR_INBOUND';
    return name.startsWith('outbound|') || name === 'PassthroughCluster' ? 'SIDECAR_OUTBOUND' : null;
  };
  for (const patch of ofTarget(patches, 'CLUSTER')) {
    if (patch.operation !== 'MERGE') continue;
    for (const cluster of clusters) {
      const here = context(cluster);
      if (here !== null && inContext(patch, here) && matchesCluster(patch, cluster)) mergeInto(cluster, patch);
    }
  }
  const added = ofTarget(patches, 'CLUSTER').filter(
    (patch) => patch.operation === 'ADD' && inContext(patch, kind === 'gateway' ? 'GATEWAY' : 'SIDECAR_OUTBOUND'),
  );
  resources.clusters = [...clusters, ...added.map(freshValue)];
}

function patchChain(patches: readonly Patch[], context: Context, listener: JsonObject, chain: JsonObject): void {
  const here = patches.filter((patch) => inContext(patch, context) && matchesChain(patch, listener, chain));
  for (const filter of list(chain.filters)) {
    for (const patch of ofTarget(here, 'NETWORK_FILTER')) {
      if (patch.operation !== 'MERGE') throw unsupported(patch);
      if (matchesName(wantedFilter(patch), filter)) mergeTyped(filter, patch);
    }
    if (filter.name !== MANAGER) continue;
    const manager = object(filter.typed_config);
    patchHttpFilters(here, manager);
    if (manager.route_config !== undefined) patchRoutes(here, object(manager.route_config));
  }
}

/** Filters are put in first, and merged into afterwards. */
function patchHttpFilters(patches: readonly Patch[], manager: JsonObject): void {
  const here = ofTarget(patches, 'HTTP_FILTER').filter((patch) => matchesName(wantedFilter(patch), { name: MANAGER }));
  let filters = list(manager.http_filters);
  for (const patch of here) {
    const wanted = wantedSubFilter(patch);
    filters = inserted(filters, patch, wanted === undefined ? undefined : (filter) => filter.name === wanted);
  }
  for (const patch of here.filter(({ operation }) => operation === 'MERGE')) {
    for (const filter of filters) if (matchesName(wantedSubFilter(patch), filter)) mergeTyped(filter, patch);
  }
  manager.http_filters = filters;
}

/** Routes are merged into first, and added afterwards. */
function patchRoutes(patches: readonly Patch[], configuration: JsonObject): void {
  for (const host of list(configuration.virtual_hosts)) {
    const here = patches.filter((patch) => matchesVirtualHost(patch, configuration, host));
    for (const patch of ofTarget(here, 'VIRTUAL_HOST')) {
      if (patch.operation !== 'MERGE') throw unsupported(patch);
      mergeInto(host, patch);
    }
    const onRoutes = ofTarget(here, 'HTTP_ROUTE');
    for (const patch of onRoutes.filter(({ operation }) => operation === 'MERGE')) {
      for (const route of list(host.routes)) if (matchesRoute(patch, route) ?? true) mergeInto(route, patch);
    }
    for (const patch of onRoutes) {
      const named = matchesRoute(patch, {}) !== undefined;
      host.routes = inserted(
        list(host.routes),
        patch,
        named ? (route) => matchesRoute(patch, route) === true : undefined,
      );
    }
  }
}

type Matches = (item: JsonObject) => boolean;

/** @param matches undefined: the patch names none of the items. */
function inserted(items: JsonObject[], patch: Patch, matches: Matches | undefined): JsonObject[] {
  const index = matches === undefined ? -1 : items.findIndex(matches);
  const missing = matches !== undefined && index < 0;
  switch (patch.operation) {
    case 'MERGE':
      return items;
    case 'ADD':
      return [...items, freshValue(patch)];
    case 'INSERT_FIRST':
      return missing ? items : [freshValue(patch), ...items];
    case 'INSERT_BEFORE':
      return missing ? items : items.toSpliced(Math.max(index, 0), 0, freshValue(patch));
    case 'INSERT_AFTER':
      return missing ? items : items.toSpliced(index < 0 ? items.length : index + 1, 0, freshValue(patch));
    case 'REPLACE':
      return index < 0 ? items : items.toSpliced(index, 1, freshValue(patch));
    case 'REMOVE':
      return index < 0 ? items : items.filter((item) => !removes(patch, item, matches));
    default:
      return patch.operation satisfies never;
  }
}

function removes(patch: Patch, item: JsonObject, matches: Matches | undefined): boolean {
  if (matches?.(item) !== true) return false;
  patch.applied += 1;
  return true;
}

function freshValue(patch: Patch): JsonObject {
  patch.applied += 1;
  return structuredClone(patch.value);
}

function mergeInto(target: JsonObject, patch: Patch): void {
  if (patch.value.transport_socket !== undefined) throw unsupported(patch);
  merge(target, patch.value);
  patch.applied += 1;
}

/** A filter's own configuration is merged as the message that it is; its name is replaced where the patch has one. */
function mergeTyped(filter: JsonObject, patch: Patch): void {
  const { name, typed_config: config, ...rest } = patch.value;
  if (Object.keys(rest).length > 0) throw unsupported(patch);
  if (config !== undefined) merge(object(filter.typed_config), object(config));
  if (name !== undefined) filter.name = name;
  patch.applied += 1;
}

function chainsOf(listener: JsonObject): JsonObject[] {
  const byDefault: Json | undefined = listener.default_filter_chain;
  return [...list(listener.filter_chains ?? []), ...(byDefault === undefined ? [] : [object(byDefault)])];
}

function ofTarget(patches: readonly Patch[], target: Target): Patch[] {
  return patches.filter(({ applyTo }) => applyTo === target);
}

function matchesName(wanted: string | undefined, item: JsonObject): boolean {
  return wanted === undefined || wanted === item.name;
}

function unsupported(patch: Patch): Error {
  return new Error(`the applier cannot do ${nameOf(patch)}`);
}

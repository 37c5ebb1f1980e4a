// Routes whose cluster the policy gives a fallback. From Envoy 1.40 on, priority groups give each attempt a cluster of its
// own; before that, `x-sluice-cluster` gives each request one, where the policy names the cluster that it starts from.

import { nearest } from '../../policy/suggest.js';
import type { JsonObject } from '../document/json.js';
import { isObject } from '../document/json.js';
import type { Need } from '../look/need.js';
import { hasGroups } from '../look/options.js';
import { CLUSTER_HEADER, groupsOf, isSteeredByAnother, NAMESPACE, type Route } from '../look/routes.js';
import { TYPE, typed } from '../look/types.js';
import { clustersOf, type World } from '../look/world.js';

const CAUSES = 'requests are never sent to the fallback: with the circuit open they are answered 503';

export function* steeringNeeds(world: World): Generator<Need> {
  yield* unknownFallbacks(world);
  for (const route of world.routes) {
    if (route.kind === 'groups') yield* groups(route);
    else if (route.kind !== 'steered') yield* fixed(world, route);
  }
}

function* fixed(world: World, route: Route): Generator<Need> {
  const named = world.policy?.routeCluster(route.name) ?? null;
  if (named !== null) {
    yield* byHeader(route, named);
    return;
  }
  const fallbacks = fallbacksOf(world, route);
  if (fallbacks.length === 0 || fallbacks.some((name) => !world.clusters.has(name))) return;
  if (route.kind !== 'cluster') yield notOneCluster(route, fallbacks);
  else if (hasGroups(world.options)) yield byGroups(world, route, fallbacks);
  else yield tooOld(route, fallbacks);
}

function fallbacksOf(world: World, route: Route): string[] {
  const { policy } = world;
  if (policy === null) return [];
  return clustersOf(world, route).flatMap((cluster) => policy.forRequest(cluster, route.name).fallback);
}

function notOneCluster({ action, kind }: Route, fallbacks: readonly string[]): Need {
  return {
    code: 'route.fixed',
    level: 'note',
    path: action.path,
    wrong: `${kind === 'weighted' ? 'divides requests by weight' : 'finds its cluster in a way of its own'}, so that Sluice cannot send them to ${fallbacks.join(', ')}`,
    causes: CAUSES,
    fix: 'give it a route with one cluster, if it is to have a fallback',
  };
}

function byGroups(world: World, route: Route, fallbacks: readonly string[]): Need {
  const { action } = route;
  return {
    code: 'route.not_steered',
    level: 'error',
    path: action.at('cluster'),
    wrong: `is fixed, though the policy has the fallback ${fallbacks.join(', ')}`,
    causes: CAUSES,
    fix: 'replace it by priority groups that Sluice may rewrite, as in envoy.yaml',
    mend: () => {
      replace(action.value, 'cluster', 'inline_cluster_specifier_plugin', newGroups(world, action.text('cluster')));
      refresh(route);
    },
  };
}

function newGroups(world: World, cluster: string): JsonObject {
  const group = { name: 'routed', clusters: [{ cluster_name: cluster, weight: 1 }] };
  const config = typed(TYPE.priorityGroups, { override_metadata_namespace: NAMESPACE, priority_groups: [group] });
  const plugin = { extension: { name: 'sluice.priority_group', typed_config: config } };
  world.comments.set(plugin, `Sluice: attempt n goes to group n of its order; without one, to ${cluster}.`);
  return plugin;
}

/** In the place of the old name, so that the route still begins with where it leads. */
function replace(value: JsonObject, old: string, name: string, by: JsonObject): void {
  const rest = Object.entries(value);
  for (const key of Object.keys(value)) delete value[key];
  for (const [key, part] of rest) {
    if (key === old) value[name] = by;
    else value[key] = part;
  }
}

function* groups(route: Route): Generator<Need> {
  const config = groupsOf(route.action);
  const found = config?.text('override_metadata_namespace') ?? '';
  if (config !== null && found === '') {
    // Somebody's own groups, which are to stay as they are.
    return;
  }
  if (config !== null && found !== NAMESPACE) {
    yield {
      code: 'route.namespace',
      level: 'error',
      path: config.at('override_metadata_namespace'),
      wrong: `is ${found}`,
      causes: 'Envoy does not read the order of clusters that Sluice answers with, so nothing is rerouted',
      fix: `set it to ${NAMESPACE}`,
      mend: () => config.set('override_metadata_namespace', NAMESPACE),
      told: true,
    };
  }
  const { action } = route;
  if (action.message('retry_policy')?.get('refresh_cluster_on_retry') === true) return;
  yield {
    code: 'route.refresh',
    level: 'error',
    path: action.at('retry_policy', 'refresh_cluster_on_retry'),
    wrong: 'is not true',
    causes: 'every retry goes to the cluster of the first attempt',
    fix: 'set it to true',
    mend: () => refresh(route),
  };
}

/** A policy of the route's own hides the one of its virtual host, so it begins as a copy of that. */
function refresh({ action, host }: Route): void {
  const inherited = host.message('retry_policy');
  if (action.message('retry_policy') === null && inherited !== null) {
    action.set('retry_policy', structuredClone(inherited.value));
  }
  action.ensure('retry_policy').set('refresh_cluster_on_retry', true);
}

function* byHeader(route: Route, named: string): Generator<Need> {
  if (isSteeredByAnother(route)) return;
  const { action, entry, host } = route;
  if (route.kind !== 'cluster' || action.text('cluster') !== named) {
    yield {
      code: 'route.other_cluster',
      level: 'error',
      path: action.path,
      wrong: `does not lead to ${named}, where the policy's routes.${route.name}.cluster has it begin`,
      causes: 'Sluice decides by another cluster than the one that gets the requests',
      fix: `correct routes.${route.name}.cluster, or the route`,
    };
    return;
  }
  yield {
    code: 'route.not_steered',
    level: 'error',
    path: entry.path,
    wrong: `has no second entry that ${CLUSTER_HEADER} steers, though the policy names its cluster`,
    causes: CAUSES,
    fix: `add one before it with cluster_header: ${CLUSTER_HEADER}, as in deploy/envoy/cluster-header.yaml`,
    mend: () => {
      const copy = structuredClone(entry.value);
      const list = host.ensureList('routes');
      list.splice(list.indexOf(entry.value), 0, steered(copy));
    },
  };
}

function steered(entry: JsonObject): JsonObject {
  const { match, route } = entry;
  if (isObject(match)) {
    const headers = Array.isArray(match.headers) ? match.headers : [];
    match.headers = [...headers, { name: CLUSTER_HEADER, present_match: true }];
  }
  if (isObject(route)) replaceText(route, CLUSTER_HEADER);
  return entry;
}

function replaceText(route: JsonObject, header: string): void {
  delete route.cluster;
  route.cluster_header = header;
}

function tooOld({ action, name }: Route, fallbacks: readonly string[]): Need {
  const cluster = action.text('cluster');
  return {
    code: 'route.not_steered',
    level: 'warning',
    path: action.at('cluster'),
    wrong: `is fixed, though the policy has the fallback ${fallbacks.join(', ')}`,
    causes: CAUSES,
    fix:
      name === ''
        ? `before Envoy 1.40 a route is steered by its name: give it one, and add routes: { NAME: { cluster: ${cluster} } } to the policy`
        : `before Envoy 1.40 the policy has to name the cluster: add routes: { ${name}: { cluster: ${cluster} } }`,
  };
}

function* unknownFallbacks(world: World): Generator<Need> {
  const { policy, clusters } = world;
  if (policy === null) return;
  const owners = new Map<string, string>();
  for (const name of world.managed.keys()) {
    for (const other of policy.forCluster(name).fallback) if (!clusters.has(other)) owners.set(other, name);
  }
  for (const [name, owner] of owners) {
    const meant = nearest(name, [...clusters.keys()]);
    yield {
      code: 'policy.unknown_fallback',
      level: world.moreClusters ? 'note' : 'error',
      path: ['static_resources', 'clusters'],
      wrong: `has no ${name}, which the policy names as a fallback of ${owner}`,
      causes: 'requests that Sluice sends there fail, so none of its routes is steered',
      fix: meant === null ? 'add the cluster, or correct the policy' : `did the policy mean ${meant}?`,
    };
  }
}

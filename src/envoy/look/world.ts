// One look at the bootstrap: what is in it, and what the policy says about that. Made anew after every change.

import type { ClusterPolicy } from '../../core/policy.js';
import { NameTable } from '../../policy/match.js';
import type { Policy } from '../../policy/resolve.js';
import type { JsonObject } from '../document/json.js';
import { type Manager, managersOf } from './managers.js';
import { Message } from './message.js';
import { canJudge, type EnvoyOptions } from './options.js';
import { sluiceClusterOf } from './ours.js';
import { type Host, hostsOf, type Route } from './routes.js';

export interface World {
  readonly root: Message;
  readonly options: EnvoyOptions;
  readonly policy: Policy | null;
  /** The name of Sluice's own cluster. */
  readonly sluice: string;
  readonly managers: readonly Manager[];
  readonly hosts: readonly Host[];
  readonly routes: readonly Route[];
  /** All that are written out, by name. */
  readonly clusters: ReadonlyMap<string, Message>;
  /** Those that take requests, as far as routes and policy tell. */
  readonly managed: ReadonlyMap<string, Message>;
  /** More clusters come from a control plane. */
  readonly moreClusters: boolean;
  readonly moreRoutes: boolean;
  /** Lines to put before what is new, in YAML. */
  readonly comments: Map<object, string>;
  /** What was found out once, by cluster: there may be thousands, and as many routes. */
  readonly known: {
    routes: ReadonlyMap<string, ReadonlySet<string>> | null;
    readonly policies: Map<string, readonly ClusterPolicy[]>;
  };
}

export function lookAt(root: JsonObject, options: EnvoyOptions, comments: Map<object, string>): World {
  return worldOf(new Message(root, []), managersOf(new Message(root, []), options), options, comments);
}

/** As if the bootstrap had no other connection managers than these. */
export function among({ root, options, comments }: World, managers: readonly Manager[]): World {
  return worldOf(root, managers, options, comments);
}

function worldOf(
  message: Message,
  managers: readonly Manager[],
  options: EnvoyOptions,
  comments: Map<object, string>,
): World {
  const hosts = hostsOf(managers);
  const routes = hosts.flatMap((host) => host.routes);
  const listed = message.message('static_resources')?.messages('clusters') ?? [];
  const clusters = new Map(listed.map((cluster) => [cluster.text('name'), cluster]));
  const sluice = sluiceClusterOf(message, options);
  return {
    root: message,
    options,
    policy: options.policy,
    sluice,
    managers,
    hosts,
    routes,
    clusters,
    managed: managedOf(clusters, routes, options.policy, sluice),
    moreClusters: message.message('dynamic_resources')?.get('cds_config') !== undefined,
    moreRoutes: comeFromElsewhere(message, managers),
    comments,
    known: { routes: null, policies: new Map() },
  };
}

function comeFromElsewhere(root: Message, managers: readonly Manager[]): boolean {
  if (root.message('dynamic_resources')?.get('lds_config') !== undefined) return true;
  return managers.some(({ message }) => ['rds', 'scoped_routes'].some((name) => message.get(name) !== undefined));
}

/** Routed to, named in the policy, or a fallback of such a one. */
function managedOf(
  clusters: ReadonlyMap<string, Message>,
  routes: readonly Route[],
  policy: Policy | null,
  sluice: string,
): ReadonlyMap<string, Message> {
  const named = new NameTable(policy?.places.clusters ?? []);
  const wanted = new Set(routes.flatMap((route) => route.clusters));
  for (const name of clusters.keys()) if (named.find(name) !== undefined) wanted.add(name);
  for (const { name } of routes) addTo(wanted, policy?.routeCluster(name));
  for (const name of [...wanted]) for (const other of policy?.forCluster(name).fallback ?? []) wanted.add(other);
  return new Map([...clusters].filter(([name]) => wanted.has(name) && name !== sluice));
}

function addTo(names: Set<string>, name: string | null | undefined): void {
  if (name !== null && name !== undefined) names.add(name);
}

/** What applies to the requests of a route, for each cluster that it leads to. Empty without a policy. */
export function policiesOf(world: World, route: Route): ClusterPolicy[] {
  const { policy } = world;
  return policy === null ? [] : clustersOf(world, route).map((cluster) => policy.forRequest(cluster, route.name));
}

/** Those that a route starts from. */
export function clustersOf({ policy }: World, route: Route): readonly string[] {
  return route.kind === 'steered' ? [policy?.routeCluster(route.name) ?? route.name] : route.clusters;
}

/** Everything that applies to requests which may go to this cluster: by route and by target. */
export function policiesAt(world: World, cluster: string): readonly ClusterPolicy[] {
  const known = world.known.policies.get(cluster);
  if (known !== undefined) return known;
  const found = [...new Set(findPolicies(world, cluster))];
  world.known.policies.set(cluster, found);
  return found;
}

function findPolicies(world: World, cluster: string): ClusterPolicy[] {
  const { policy } = world;
  if (policy === null) return [];
  world.known.routes ??= routesByCluster(world);
  const routes = ['', ...(world.known.routes.get(cluster) ?? [])];
  const targets = [null, ...(new NameTable(policy.places.clusters).find(cluster)?.targets.keys() ?? [])];
  return targets.flatMap((target) => routes.map((route) => policy.forTarget(cluster, target, route)));
}

/** The names of the routes whose requests may go to a cluster, at first or by fallback. */
function routesByCluster(world: World): ReadonlyMap<string, ReadonlySet<string>> {
  const names = new Map<string, Set<string>>();
  for (const route of world.routes) {
    const fallbacks = policiesOf(world, route).flatMap(({ fallback }) => fallback);
    for (const cluster of [...clustersOf(world, route), ...fallbacks]) {
      const known = names.get(cluster);
      if (known === undefined) names.set(cluster, new Set([route.name]));
      else known.add(route.name);
    }
  }
  return names;
}

/** Does the policy have this cluster's answers judged, and can this Envoy bear it? */
export function isJudged(world: World, cluster: string): boolean {
  return canJudge(world.options) && policiesAt(world, cluster).some(({ retry }) => retry.judge && retry.mode !== 'off');
}

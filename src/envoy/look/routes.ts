// Routes that lead to clusters, and to which: the policy is asked by cluster and route.

import type { Manager } from './managers.js';
import { Message } from './message.js';
import { TYPE, typeOf } from './types.js';

export const CLUSTER_HEADER = 'x-sluice-cluster';
export const NAMESPACE = 'sluice.route';

/**
 * How a route finds its cluster. `steered`: by `x-sluice-cluster`. `groups`: priority groups that Sluice may rewrite.
 * `elsewhere`: by a header or a plugin of somebody else's, so that nothing is known of its clusters.
 */
export type RouteKind = 'cluster' | 'weighted' | 'steered' | 'groups' | 'elsewhere';

export interface Host {
  readonly message: Message;
  /** The configuration that it belongs to. */
  readonly config: Message;
  readonly routes: readonly Route[];
}

export interface Route {
  readonly entry: Message;
  readonly action: Message;
  readonly host: Message;
  readonly name: string;
  readonly kind: RouteKind;
  /** As far as they are written there. */
  readonly clusters: readonly string[];
}

export function hostsOf(managers: readonly Manager[]): Host[] {
  return managers
    .flatMap((manager) => manager.routeConfigs)
    .flatMap((config) =>
      config.messages('virtual_hosts').map((message) => ({ message, config, routes: routesOf(message) })),
    );
}

function routesOf(host: Message): Route[] {
  return host.messages('routes').flatMap((entry) => {
    const action = entry.message('route');
    return action === null ? [] : [{ entry, action, host, name: entry.text('name'), ...leadsTo(action) }];
  });
}

function leadsTo(action: Message): Pick<Route, 'kind' | 'clusters'> {
  if (action.text('cluster') !== '') return { kind: 'cluster', clusters: [action.text('cluster')] };
  const weighted = action.message('weighted_clusters');
  if (weighted !== null) return { kind: 'weighted', clusters: namesIn(weighted.messages('clusters'), 'name') };
  const header = action.text('cluster_header');
  if (header !== '') return { kind: header === CLUSTER_HEADER ? 'steered' : 'elsewhere', clusters: [] };
  const groups = groupsOf(action);
  if (groups === null) return { kind: 'elsewhere', clusters: [] };
  const [first] = groups.messages('priority_groups');
  return { kind: 'groups', clusters: namesIn(first?.messages('clusters') ?? [], 'cluster_name') };
}

/** The configuration of the priority groups that are written in the route. */
export function groupsOf(action: Message): Message | null {
  const extension = action.message('inline_cluster_specifier_plugin')?.message('extension') ?? null;
  const config = extension?.message('typed_config') ?? null;
  return typeOf(config) === TYPE.priorityGroups ? config : null;
}

function namesIn(messages: readonly Message[], field: string): string[] {
  return messages.map((each) => each.text(field)).filter((name) => name !== '');
}

/** Is it one of the two entries of a route that `x-sluice-cluster` steers, the one that answers while Sluice is away? */
export function isSteeredByAnother(route: Route): boolean {
  return route.host.messages('routes').some((entry) => {
    const action = entry.message('route');
    return (
      action !== null &&
      action.text('cluster_header') === CLUSTER_HEADER &&
      entry.text('name') === route.name &&
      route.name !== ''
    );
  });
}

export function emptyMessage(): Message {
  return new Message({}, []);
}

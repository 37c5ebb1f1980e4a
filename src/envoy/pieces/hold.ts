// How long Sluice may hold an answer back before it is retried: the longest wait that the policy has for a cluster.

import type { ClusterPolicy } from '../../core/policy.js';
import { policiesAt, type World } from '../look/world.js';

/** What Sluice asks Envoy to wait on top of a hold. */
const MARGIN_MS = 250;

/** In whole seconds, rounded up. `cluster`: null for any that the policy names or a route leads to. */
export function longestHoldSeconds(world: World, cluster: string | null): number {
  const clusters = cluster === null ? [...world.managed.keys()] : [cluster];
  const holds = clusters.flatMap((name) => policiesAt(world, name)).map(longestHoldMs);
  return Math.ceil((Math.max(0, ...holds) + (holds.length > 0 ? MARGIN_MS : 0)) / 1000);
}

function longestHoldMs({ retry: { backoff, honour } }: ClusterPolicy): number {
  const ownMs = [...backoff.byStatus.values()].map(({ maxMs }) => maxMs);
  return Math.max(backoff.maxMs, honour.retryAfter ? honour.maxMs : 0, ...ownMs);
}

// What happens in one run, the same for every arm: which requests are sent when, and what goes wrong with which of them.
// What a host does with a request hangs on its number, the host and how often it was sent: all arms meet the same faults.

/** Requests per second, half of them to each cluster. */
export const RATE = 120;
export const BEFORE_MS = 2_000;
export const OUTAGE_MS = 10_000;
export const AFTER_MS = 3_000;
export const RUN_MS = BEFORE_MS + OUTAGE_MS + AFTER_MS;

export const CLUSTERS = ['east', 'west'] as const;
export type ClusterName = (typeof CLUSTERS)[number];
/** Nobody listens on this one's port during the outage, and its open connections are reset. */
export const STRUCK: ClusterName = 'east';

/**
 * One in a hundred connections is refused. A socket cannot refuse single connections, so each host stops listening for
 * `forMs` of every `everyMs`, and Envoy opens a connection for each request. The hosts take turns.
 */
export const GAPS = { everyMs: 1_000, forMs: 10 } as const;

/** Of what is read to its end, by share: reset then, or answered with 503. */
export const RESET_SHARE = 0.01;
export const BUSY_SHARE = 0.02;

export const ID_HEADER = 'x-bench-id';

/** `POST` without an `idempotency-key` must not be sent twice once it was written; the others may. */
export const KINDS = ['get', 'keyed_post', 'post'] as const;
export type Kind = (typeof KINDS)[number];

export interface PlannedRequest {
  readonly id: number;
  readonly cluster: ClusterName;
  readonly kind: Kind;
  /** Milliseconds from the start of the run. */
  readonly atMs: number;
}

export function plannedRequest(id: number): PlannedRequest {
  const turn = Math.floor(id / CLUSTERS.length) % 10;
  return {
    id,
    cluster: id % CLUSTERS.length === 0 ? 'east' : 'west',
    kind: turn < 6 ? 'get' : turn < 8 ? 'keyed_post' : 'post',
    atMs: (id * 1_000) / RATE,
  };
}

export type Fate = 'serve' | 'reset' | 'busy';

/** What the host of `cluster` does with this request when it sees it for the `nth` time. */
export function fateOf(id: string, cluster: ClusterName, nth: number): Fate {
  const share = uniform(`${id} ${cluster} ${nth}`);
  if (share < RESET_SHARE) return 'reset';
  return share < RESET_SHARE + BUSY_SHARE ? 'busy' : 'serve';
}

/** FNV-1a with a final mix (murmur3's), scaled to [0, 1). */
function uniform(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

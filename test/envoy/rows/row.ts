// One acceptance row as data: what the upstreams do, what the client asks, and everything that has to follow from it, told
// by the client, by the upstreams, by Envoy's counters and by Sluice.

import type { Behaviour } from '../../support/behaviour.js';
import type { RequestOptions } from '../../support/client.js';
import type { UpstreamName } from '../../support/mesh.js';
import type { Choose } from '../../support/upstream.js';
import type { AttemptView } from '../../support/views.js';

export interface Row {
  readonly id: string;
  readonly title: string;
  /** The route, by its name in envoy.yaml. */
  readonly to: string;
  /** GET unless told. */
  readonly request?: RequestOptions;
  /** 200 where nothing is said. */
  readonly upstreams?: Readonly<Partial<Record<UpstreamName, Behaviour | Choose>>>;
  readonly expect: Expectation;
}

export interface Expectation {
  readonly status: number;
  readonly body?: string;
  /** false: cut short. Default true. */
  readonly complete?: boolean;
  /** Requests that reached each upstream; to all others none may. */
  readonly received: Readonly<Partial<Record<UpstreamName, number>>>;
  /** The attempts of the record, in order, each with at least these fields. */
  readonly attempts: readonly Partial<AttemptView>[];
  /** Default: admit. */
  readonly decision?: string;
  readonly result: string;
  /** Default: null. */
  readonly notRetried?: string | null;
  /** Results and failures that the circuits learned; every other circuit learned nothing. */
  readonly learned: Readonly<Record<string, readonly [results: number, failures: number]>>;
  /** Counters of Envoy and by how much they grew. */
  readonly envoy?: Readonly<Record<string, number>>;
}

/** An attempt that failed before anything was written. */
export function unwritten(cluster: string, stage: 'connect' | 'tls', error: string): Partial<AttemptView> {
  return { cluster, stage, outcome: 'failure', error, status: null };
}

export const refused = (cluster: string) => unwritten(cluster, 'connect', 'connection_refused');

/** An attempt that was answered; from 500 on, and with 429, it is a failure. */
export function answered(cluster: string, status: number): Partial<AttemptView> {
  const failed = status >= 500 || status === 429;
  return {
    cluster,
    stage: 'response',
    outcome: failed ? 'failure' : 'success',
    error: failed ? 'status' : null,
    status,
  };
}

export function times<T>(count: number, item: T): T[] {
  return Array.from({ length: count }, () => item);
}

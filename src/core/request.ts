// What the core needs to know of a request, read once at admission, and whether such a request may be repeated
// after it was written.

import type { Headers } from './stream.js';

export interface RequestFacts {
  readonly method: string;
  /** Without the query; bounded. */
  readonly path: string;
  /** '' where Envoy names none. */
  readonly route: string;
  /** Cluster that Envoy routed to; '' where it has not chosen one. */
  readonly cluster: string;
  /** All attempts go where the first one goes: the route reads its cluster from a header, once per request. */
  readonly oneCluster: boolean;
  /** Carries an `idempotency-key`. */
  readonly idempotencyKey: boolean;
  /** CONNECT, or asks for another protocol. */
  readonly upgrade: boolean;
  readonly grpc: boolean;
  /** Only asked where the cluster has a key; not to be kept beyond admission. */
  readonly headers: Pick<Headers, 'text'>;
}

/** RFC 9110, section 9.2.2. */
const IDEMPOTENT_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** May be sent again although it may have been written: by its method, its key, or the policy's word. */
export function isRepeatable(facts: RequestFacts, nonIdempotent: boolean): boolean {
  if (facts.upgrade) return false;
  return nonIdempotent || facts.idempotencyKey || IDEMPOTENT_METHODS.has(facts.method);
}

// How long an upstream asks to be left alone as a whole: a wish for time on an answer that says it has too much to do.

import type { Evidence } from '../evidence.js';
import type { Wish } from './wish.js';

/** HTTP statuses and gRPC codes whose wish for time is about the upstream as a whole, not about this one request. */
const OVERLOAD_STATUSES: ReadonlySet<number> = new Set([429, 503]);
const OVERLOAD_GRPC: ReadonlySet<number> = new Set([8, 14]);

/** Milliseconds; 0: it does not ask. */
export function restWished({ status, grpcStatus }: Evidence, wish: Wish): number {
  const overloaded = OVERLOAD_STATUSES.has(status ?? 0) || OVERLOAD_GRPC.has(grpcStatus ?? 0);
  return overloaded ? wish.waitMs : 0;
}

// From the file's notation to the core's numbers: the last step, done once per distinct combination of places.

import type { BackoffSchedule, CircuitPolicy, ClusterPolicy, KeyPolicy, RetryPolicy } from '../core/policy.js';
import { durationMs } from './duration.js';
import { grpcCode } from './grpc-codes.js';
import type { Effective } from './schema.js';

/** Frozen. `cluster` is left out of the fallbacks, since a list of defaults may well name it; null: none. */
export function compile(effective: Effective, cluster: string | null): ClusterPolicy {
  const fallback = effective.fallback.filter((name, index, all) => name !== cluster && all.indexOf(name) === index);
  return freeze({ circuit: circuit(effective.circuit), retry: retry(effective.retry), fallback });
}

/** null where no header is named. */
export function compileKey({ key }: Effective): KeyPolicy | null {
  return key.header === undefined ? null : Object.freeze({ header: key.header.toLowerCase(), max: key.max });
}

function circuit(from: Effective['circuit']): CircuitPolicy {
  const { window, slow, open, halfOpen } = from;
  return {
    mode: from.mode,
    window: { requests: window.requests, durationMs: durationMs(window.duration) },
    failureRatio: from.failureRatio,
    minimumRequests: from.minimumRequests,
    consecutiveFailures: from.consecutiveFailures,
    failureStatuses: new Set(from.failureStatuses),
    failureGrpcStatuses: new Set(from.failureGrpcStatuses.map(grpcCode)),
    slow: { afterMs: durationMs(slow.after), ratio: slow.ratio },
    open: { baseMs: durationMs(open.base), maxMs: durationMs(open.max), jitter: open.jitter },
    halfOpen: { probes: halfOpen.probes, successes: halfOpen.successes, leaseMs: durationMs(halfOpen.lease) },
    rampMs: durationMs(from.ramp),
  };
}

function retry(from: Effective['retry']): RetryPolicy {
  const { backoff, honour, budget } = from;
  const byStatus = Object.entries(backoff.byStatus).map(([status, one]) => [Number(status), schedule(one)] as const);
  return {
    mode: from.mode,
    maxRetries: from.maxRetries,
    on: [...new Set(from.on)],
    statuses: new Set(from.statuses),
    nonIdempotent: from.nonIdempotent,
    perTryTimeoutMs: durationMs(from.perTryTimeout),
    judge: from.judge,
    backoff: { ...schedule(backoff), jitter: backoff.jitter, byStatus: new Map(byStatus) },
    honour: { retryAfter: honour.retryAfter, maxMs: durationMs(honour.max) },
    budget: { ratio: budget.ratio, minPerSecond: budget.minPerSecond, windowMs: durationMs(budget.window) },
  };
}

/** A route's base over a cluster's max cannot be ruled out at load, so the core's invariant base <= max is made here. */
function schedule(from: { readonly base: string | number; readonly max: string | number }): BackoffSchedule {
  const maxMs = durationMs(from.max);
  return { baseMs: Math.min(durationMs(from.base), maxMs), maxMs };
}

/** All the way down. Sets and maps cannot be frozen; their types are read-only. */
function freeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) freeze(part);
  return Object.freeze(value);
}

// The shape of a scenario: what the policy says, what each attempt meets, and what must come of it. One row is one
// test with its id from the acceptance list; the runner beside this drives the core with it.

import type { RefusalReason, Result, Stage } from '../../src/core/reasons.js';
import type { AttemptRecord } from '../../src/core/record.js';
import type { Meets, RoutedRequest } from '../support/router-model.js';

export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly policy: unknown;
  readonly request: RoutedRequest;
  /** Per cluster, what its attempts meet in turn; the last repeats. */
  readonly meets: Readonly<Record<string, readonly Meets[]>>;
  readonly expect: Expectation;
}

export interface Expectation {
  /** Cluster of each attempt. */
  readonly attempts: readonly string[];
  readonly status: number | null;
  readonly from?: 'upstream' | 'envoy' | 'sluice' | 'nobody';
  /** Milliseconds before each retry. */
  readonly waits?: readonly number[];
  readonly stages?: readonly Stage[];
  readonly result?: Result;
  /** Why there was no (further) retry. */
  readonly notRetried?: RefusalReason | null;
  /** Results in each cluster's window: all, and failures among them. */
  readonly windows?: Readonly<Record<string, readonly [requests: number, failures: number]>>;
  /** What the record says of each attempt, field by field. */
  readonly record?: readonly Partial<AttemptRecord>[];
  /** Every retry that is counted: `CLUSTER RESULT REASON`, and how often. */
  readonly counters?: Readonly<Record<string, number>>;
}

/** `count` times the same. */
export function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}

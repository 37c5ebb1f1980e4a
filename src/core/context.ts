// What every decision has at hand: the policy in force, the state per cluster, the open sessions, and those who
// watch. One object, made once, so that decisions are plain functions of it, their input and `now`.

import type { CircuitRegistry } from './circuit/registry.js';
import type { Observer } from './observer.js';
import type { PolicyResolver } from './policy.js';
import type { SessionLimits, Sessions } from './sessions.js';
import type { FixedRoutes } from './steering.js';

export interface Context {
  policy: PolicyResolver;
  readonly circuits: CircuitRegistry;
  readonly sessions: Sessions;
  readonly limits: SessionLimits;
  readonly fixedRoutes: FixedRoutes;
  readonly observer: Observer;
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number;
  /** A new request id: unguessable, safe in a header. */
  readonly newId: () => string;
  /** A log entry has come since a log stream ended last: there is a trace to wait for. */
  traceSeen: boolean;
  /** A log entry has come at least once: what is missing of the trace is missed. */
  traceExpected: boolean;
}

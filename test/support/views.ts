// What `/circuits` and `/requests` show, as their readers are promised it. Written down here a second time on purpose: a
// change of the program alone has to fail a test.

export interface CircuitView {
  readonly cluster: string;
  /** null: the cluster's own. */
  readonly target: string | null;
  readonly state: string;
  readonly mode: string;
  readonly requests: number;
  readonly failures: number;
  readonly failureRatio: number;
  readonly openedAt: string | null;
  readonly retryAt: string | null;
  readonly reason: string | null;
}

/** A change of state as `/circuits/{cluster}` tells it, with the figures that the new state starts with. */
export interface TransitionView {
  readonly at: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  readonly requests: number;
  readonly failures: number;
  readonly failureRatio: number;
  readonly slowRatio: number;
  readonly consecutiveFailures: number;
  readonly retryAt: string | null;
}

/** `/circuits/{cluster}`. */
export interface CircuitDetailView extends CircuitView {
  /** Newest last. */
  readonly transitions: readonly TransitionView[];
  /** Only where the cluster has any. */
  readonly targets?: readonly CircuitView[];
}

export interface AttemptView {
  readonly attempt: number;
  readonly cluster: string;
  readonly target: string | null;
  readonly host: string | null;
  readonly stage: string;
  readonly outcome: string;
  readonly status: number | null;
  readonly error: string | null;
  readonly message: string | null;
  readonly durationMs: number | null;
  readonly waitMs: number;
}

export interface RequestView {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly route: string;
  readonly cluster: string;
  readonly target: string | null;
  readonly decision: string;
  /** Why Sluice answered; null where it did not. */
  readonly reason: string | null;
  readonly attempts: readonly AttemptView[];
  /** Granted at admission. */
  readonly maxRetries: number;
  readonly notRetried: string | null;
  readonly result: string;
  /** Sent to the client. */
  readonly status: number | null;
  readonly startedAt: string;
  /** null while pending. */
  readonly durationMs: number | null;
}

// What `/circuits` and `/requests` show, as their readers are promised it. Written down here a second time on purpose: a
// change of the program alone has to fail a test.

export interface CircuitView {
  readonly cluster: string;
  readonly state: string;
  readonly mode: string;
  readonly requests: number;
  readonly failures: number;
  readonly failureRatio: number;
  readonly openedAt: string | null;
  readonly retryAt: string | null;
  readonly reason: string | null;
}

export interface AttemptView {
  readonly attempt: number;
  readonly cluster: string;
  readonly host: string | null;
  readonly stage: string;
  readonly outcome: string;
  readonly status: number | null;
  readonly error: string | null;
  readonly durationMs: number | null;
}

export interface RequestView {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly route: string;
  readonly cluster: string;
  readonly decision: string;
  readonly attempts: readonly AttemptView[];
  readonly result: string;
}

// Every line that Sluice may write, with when and what. The README's table is made from this, and a line that is not
// here cannot be written.

export interface LogEvent {
  readonly level: 'info' | 'warn' | 'error';
  /** When the line is written. */
  readonly when: string;
  /** Fields beside `level`, `time`, `event` and `msg`. */
  readonly fields: readonly string[];
}

export const LOG_EVENTS = {
  started: { level: 'info', when: 'Sluice is ready', fields: ['version', 'grpc', 'http', 'policy'] },
  stopping: { level: 'info', when: 'a signal asked it to stop; open requests are finished', fields: ['signal'] },
  stopped: { level: 'info', when: 'everything is closed; the last line', fields: [] },
  circuit_opened: {
    level: 'warn',
    when: 'a circuit opened, by its figures or by hand',
    fields: [
      'cluster',
      'target',
      'from',
      'to',
      'reason',
      'requests',
      'failures',
      'ratio',
      'slowRatio',
      'streak',
      'retryAt',
    ],
  },
  circuit_changed: {
    level: 'info',
    when: 'a circuit changed to any other state',
    fields: [
      'cluster',
      'target',
      'from',
      'to',
      'reason',
      'requests',
      'failures',
      'ratio',
      'slowRatio',
      'streak',
      'retryAt',
    ],
  },
  circuit_set: {
    level: 'warn',
    when: 'an operator set the state of a circuit',
    fields: ['cluster', 'target', 'state'],
  },
  admin_refused: {
    level: 'warn',
    when: 'the admin server refused to change something (limited)',
    fields: ['reason'],
  },
  reroute_ignored: {
    level: 'warn',
    when: 'Envoy sent a rerouted request to its own cluster all the same: that route is not steered (once a minute and route)',
    fields: ['id', 'method', 'path', 'route', 'cluster'],
  },
  request_answered: {
    level: 'info',
    when: 'Sluice answered a request, or a retry, with 503 (limited)',
    fields: ['id', 'method', 'path', 'route', 'cluster', 'target', 'reason', 'attempts'],
  },
  request_retried: {
    level: 'info',
    when: 'a request that needed more than one attempt is over (limited)',
    fields: [
      'id',
      'method',
      'path',
      'route',
      'cluster',
      'target',
      'result',
      'reason',
      'status',
      'notRetried',
      'attempts',
    ],
  },
  lines_left_out: {
    level: 'info',
    when: 'a limit left out lines in the last second',
    fields: ['of', 'cluster', 'reason', 'count'],
  },
  tls_applied: {
    level: 'info',
    when: 'changed certificate files of the gRPC port are in use, for new connections',
    fields: ['file'],
  },
  tls_rejected: {
    level: 'error',
    when: 'changed certificate files cannot be used; those in use stay',
    fields: ['file', 'error'],
  },
  tls_expiring: {
    level: 'warn',
    when: 'a certificate in use has expired, or will within 14 days or the last quarter of its time: at the start, and when it is new',
    fields: ['file', 'notAfter', 'expired'],
  },
  state_restored: {
    level: 'info',
    when: 'circuits and budgets of the last process go on, from the state file',
    fields: ['file', 'circuits', 'leftOut', 'ageMs'],
  },
  state_ignored: {
    level: 'warn',
    when: 'the state file is of no use: circuits start closed',
    fields: ['file', 'reason', 'why'],
  },
  state_save_failed: {
    level: 'error',
    when: 'the state file could not be written (at most once a minute)',
    fields: ['file', 'error'],
  },
  policy_applied: { level: 'info', when: 'a changed policy file is in force', fields: ['file', 'warnings'] },
  policy_rejected: {
    level: 'error',
    when: 'a changed policy file has errors; the policy in force stays',
    fields: ['file', 'errors'],
  },
  policy_warning: { level: 'warn', when: 'the policy holds something doubtful', fields: ['file', 'warning'] },
  disturbed: {
    level: 'warn',
    when: 'something was done to Sluice from outside, and it goes on: `stalled`, `trace_ended`, `socket_removed`, `clock_set` (limited)',
    fields: ['reason'],
  },
  fault: {
    level: 'error',
    when: 'Sluice failed inside, and let the traffic through (limited)',
    fields: ['reason', 'error', 'stack'],
  },
} as const satisfies Record<string, LogEvent>;

export type LogEventName = keyof typeof LOG_EVENTS;

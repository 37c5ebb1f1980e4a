// Log lines for operators: one per event worth their time, never one per healthy request. Every line is an entry of
// LOG_EVENTS. What came from outside is cut and printable; query strings never get here, nor header values but that of a key.

import { type Logger as Pino, pino, stdTimeFunctions } from 'pino';
import type { Transition } from '../core/circuit/state.js';
import type { Observer } from '../core/observer.js';
import type { AnswerReason } from '../core/reasons.js';
import type { RequestRecord } from '../core/record.js';
import type { LoadProblem } from '../state/problems.js';
import type { Disturbance } from './disturbances.js';
import type { FaultReason } from './faults.js';
import { LOG_EVENTS, type LogEventName } from './log/events.js';
import { LOG_LEVELS, type LogLevel } from './log/levels.js';
import { type LeftOut, RateLimit } from './log/rate-limit.js';
import { type Sink, stdoutSink } from './log/sink.js';
import { printable } from './printable.js';
import { pathOf, settledAttempts } from './records/json.js';

export { LOG_EVENTS } from './log/events.js';

export { LOG_LEVELS, type LogLevel } from './log/levels.js';

export interface LoggerOptions {
  /** The least level that is written. Default: info. */
  readonly level?: LogLevel;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly toIso: (monotonicMs: number) => string;
  /** Lines per second for one cluster and reason. Default: 5. */
  readonly linesPerSecond?: number;
  /** Lines per second of one kind of event, for all clusters. Default: 100. */
  readonly totalLinesPerSecond?: number;
  /** Told of lines that were not written. Default: nobody. */
  readonly onDropped?: (lines: number) => void;
  /** Default: standard output. */
  readonly sink?: Sink;
}

const DEFAULT_LINES_PER_SECOND = 5;
const DEFAULT_TOTAL_PER_SECOND = 100;
const MAX_CLUSTERS = 1000;
const SWEEP_EVERY_MS = 1000;
const MAX_STACK_LENGTH = 2000;
const MAX_LISTED = 50;
/** Summaries per second and kind of event. */
const MAX_SUMMARIES = 20;

type Limited = 'request_answered' | 'request_retried' | 'admin_refused' | 'disturbed' | 'fault';
type Fields = Readonly<Record<string, unknown>>;

export class Logger implements Partial<Observer> {
  private readonly pino: Pino;
  private readonly sink: Sink;
  private readonly now: () => number;
  private readonly toIso: (monotonicMs: number) => string;
  private readonly onDropped: (lines: number) => void;
  private readonly limits: Readonly<Record<Limited, RateLimit>>;
  private readonly timer: NodeJS.Timeout;

  constructor(options: LoggerOptions) {
    this.now = options.now;
    this.toIso = options.toIso;
    this.onDropped = options.onDropped ?? (() => {});
    this.sink = options.sink ?? stdoutSink(this.onDropped);
    this.pino = pino(
      {
        level: knownLevel(options.level ?? 'info'),
        base: null,
        timestamp: stdTimeFunctions.isoTime,
        formatters: { level: (level) => ({ level }) },
      },
      this.sink,
    );
    this.limits = limitsOf(options);
    this.timer = setInterval(() => this.safely(() => this.summarise()), SWEEP_EVERY_MS).unref();
  }

  started(fields: { version: string; grpc: string; http: string; health?: string; policy: string }): void {
    this.line('started', fields, 'ready');
  }

  stopping(signal: string): void {
    this.line('stopping', { signal }, 'stopping; open requests are finished');
  }

  stopped(): void {
    this.line('stopped', {}, 'stopped');
  }

  /** `file`: of the server's certificate. */
  tlsApplied(file: string): void {
    this.line('tls_applied', { file }, 'new certificates are in use');
  }

  tlsRejected(file: string, error: unknown): void {
    const words = printable(error instanceof Error ? error.message : String(error));
    this.line('tls_rejected', { file, error: words }, 'new certificates cannot be used; those in use stay');
  }

  /** `untilMs`: milliseconds since the epoch. */
  tlsExpiring(file: string, untilMs: number, expired: boolean): void {
    const notAfter = new Date(untilMs).toISOString();
    const text = expired ? 'certificate has expired: nobody can connect' : 'certificate expires soon: renew it';
    this.line('tls_expiring', { file, notAfter, expired }, text);
  }

  /** `leftOut`: the policy of now has no place for them. */
  stateRestored(file: string, circuits: number, leftOut: number, ageMs: number): void {
    this.line('state_restored', { file, circuits, leftOut, ageMs: Math.round(ageMs) }, 'state restored');
  }

  stateIgnored(file: string, reason: LoadProblem, why: string): void {
    this.line('state_ignored', { file, reason, why: printable(why) }, 'state file ignored: circuits start closed');
  }

  stateSaveFailed(file: string, error: unknown): void {
    const words = printable(error instanceof Error ? error.message : String(error));
    this.line('state_save_failed', { file, error: words }, 'state could not be saved');
  }

  policyApplied(file: string, warnings: number): void {
    this.line('policy_applied', { file, warnings }, 'policy is in force');
  }

  policyRejected(file: string, errors: readonly string[]): void {
    const listed = errors.slice(0, MAX_LISTED).map((error) => printable(error));
    this.line('policy_rejected', { file, errors: listed }, 'policy has errors; the one in force stays');
  }

  policyWarning(file: string, warning: string): void {
    this.line('policy_warning', { file, warning: printable(warning) }, 'policy warning');
  }

  circuitSet(cluster: string, target: string | null, state: string): void {
    this.line('circuit_set', { ...named(cluster, target), state }, 'an operator set the circuit');
  }

  /** `reason`: what was wrong with the attempt to change something. */
  adminRefused(reason: 'origin' | 'no_token' | 'bad_token' | 'too_many'): void {
    if (!this.wants('admin_refused', '', reason)) return;
    this.line('admin_refused', { reason }, `admin: change refused: ${reason}`);
  }

  disturbed(reason: Disturbance): void {
    if (!this.wants('disturbed', '', reason)) return;
    this.line('disturbed', { reason }, `disturbed from outside: ${reason}`);
  }

  transition(transition: Transition): void {
    const { from, to, reason } = transition;
    const opened = to === 'open' || to === 'forced_open';
    const fields = {
      ...named(transition.cluster, transition.target),
      from,
      to,
      reason,
      requests: transition.requests,
      failures: transition.failures,
      ratio: transition.failureRatio,
      slowRatio: transition.slowRatio,
      streak: transition.consecutiveFailures,
      retryAt: transition.retryAtMs === null ? null : this.toIso(transition.retryAtMs),
    };
    this.line(opened ? 'circuit_opened' : 'circuit_changed', fields, `circuit ${from} -> ${to}: ${reason}`);
  }

  rerouteIgnored(record: RequestRecord): void {
    const fields = { ...aboutRequest(record), cluster: printable(record.cluster) };
    this.line(
      'reroute_ignored',
      fields,
      'Envoy did not follow a reroute; until this route can be steered, Sluice answers 503',
    );
  }

  answered(record: RequestRecord, cluster: string, reason: AnswerReason, target: string | null = null): void {
    if (!this.wants('request_answered', cluster, reason)) return;
    const fields = {
      ...aboutRequest(record),
      ...named(cluster, target),
      reason,
      attempts: settledAttempts(record).length,
    };
    this.line('request_answered', fields, `answered 503: ${reason}`);
  }

  finished(record: RequestRecord): void {
    if (record.attempts.length < 2 || !this.wants('request_retried', record.cluster, record.result)) return;
    const fields = {
      ...aboutRequest(record),
      ...named(record.cluster, record.target),
      result: record.result,
      reason: record.reason,
      status: record.status,
      notRetried: record.notRetried,
      attempts: settledAttempts(record),
    };
    this.line('request_retried', fields, `retried: ${record.result}`);
  }

  fault(reason: FaultReason, error: unknown): void {
    if (!this.wants('fault', reason, '')) return;
    const words = printable(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    const stack = error instanceof Error && error.stack ? printable(error.stack, MAX_STACK_LENGTH) : null;
    this.line('fault', { reason, error: words, stack }, `internal fault: ${reason}`);
  }

  /** Stops the summaries, writes the last of them and what still waits: at most a second. Nothing is written after. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.safely(() => this.summarise(Number.POSITIVE_INFINITY));
    await this.sink.end();
  }

  /** One line for each cluster and reason that had lines left out in a second that is over. */
  summarise(nowMs: number = this.now()): void {
    for (const [of, limit] of Object.entries(this.limits)) {
      for (const { cluster, reason, count } of condense(limit.takeLeftOut(nowMs))) {
        this.line('lines_left_out', { of, cluster: printable(cluster), reason, count }, `${count} lines left out`);
      }
    }
  }

  /** For what no caller guards: a broken sink costs lines, never the process. */
  private safely(write: () => void): void {
    try {
      write();
    } catch {
      this.onDropped(1);
    }
  }

  private wants(event: Limited, cluster: string, reason: string): boolean {
    if (!this.pino.isLevelEnabled(LOG_EVENTS[event].level)) return false;
    if (this.limits[event].allows(cluster, reason, this.now())) return true;
    this.onDropped(1);
    return false;
  }

  private line(event: LogEventName, fields: Fields, message: string): void {
    this.pino[LOG_EVENTS[event].level]({ event, ...fields }, message);
  }
}

function named(cluster: string, target: string | null): Fields {
  return { cluster: printable(cluster), target: target === null ? null : printable(target) };
}

function aboutRequest(record: RequestRecord): Fields {
  return {
    id: printable(record.id),
    method: printable(record.method),
    path: pathOf(record),
    route: printable(record.route),
  };
}

function limitsOf(options: LoggerOptions): Readonly<Record<Limited, RateLimit>> {
  const limit = () =>
    new RateLimit({
      perKey: options.linesPerSecond ?? DEFAULT_LINES_PER_SECOND,
      total: options.totalLinesPerSecond ?? DEFAULT_TOTAL_PER_SECOND,
      maxClusters: MAX_CLUSTERS,
    });
  return {
    request_answered: limit(),
    request_retried: limit(),
    admin_refused: limit(),
    disturbed: limit(),
    fault: limit(),
  };
}

/** The largest, and the rest as one: a summary must not become the storm it stands for. */
function condense(leftOut: readonly LeftOut[]): LeftOut[] {
  const rest = leftOut.slice(MAX_SUMMARIES).reduce((sum, { count }) => sum + count, 0);
  const shown = leftOut.slice(0, MAX_SUMMARIES);
  return rest === 0 ? shown : [...shown, { cluster: '_other', reason: '_other', count: rest }];
}

function knownLevel(level: LogLevel): LogLevel {
  if (LOG_LEVELS.includes(level)) return level;
  throw new RangeError(`log level is ${JSON.stringify(level)}; choose one of ${LOG_LEVELS.join(', ')}`);
}

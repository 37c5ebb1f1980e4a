// The way of a message through Sluice, without sockets and time: what the transports call, the codec, handlers, core, and
// all that observes them. Throws nothing: what went wrong is kept, with what is needed to see it again.

import { CircuitRegistry } from '../../../src/core/circuit/registry.js';
import { Engine } from '../../../src/core/engine.js';
import { ROLES, type Role } from '../../../src/core/reasons.js';
import { SESSION_LIMITS } from '../../../src/core/sessions.js';
import { AdmissionHandler } from '../../../src/handlers/admission.js';
import { AttemptHandler } from '../../../src/handlers/attempt.js';
import { Logger } from '../../../src/observe/logger.js';
import { Metrics } from '../../../src/observe/metrics.js';
import { createObserver } from '../../../src/observe/observer.js';
import { Records } from '../../../src/observe/records.js';
import type { TransportHooks } from '../../../src/server/hooks.js';
import { ProcessStream } from '../../../src/server/process-stream.js';
import { handleEntries } from '../../../src/server/trace-entries.js';
import { decodeAccessLogs } from '../../../src/wire/access-log.js';
import { decodeProcessingRequest } from '../../../src/wire/decode.js';
import { encodeInstruction } from '../../../src/wire/encode.js';
import { WireError } from '../../../src/wire/error.js';
import { policyOf } from '../../support/core-world.js';
import { Timers } from './timers.js';

const LIMITS = { ...SESSION_LIMITS, max: 2_000 };
const FINDINGS_KEPT = 5;
/** Longer than anything is waited for. */
const LONG_MS = 3 * 3_600_000;

const RETRY = { maxRetries: 2, statuses: [503], on: ['connect-failure', 'reset'], judge: true, nonIdempotent: true };
const CIRCUIT = { minimumRequests: 5, failureRatio: 0.5, open: { base: '1s', max: '10s' } };
export const POLICIES = [
  {
    defaults: { circuit: CIRCUIT, retry: RETRY },
    clusters: {
      primary: { fallback: ['secondary'] },
      split: { key: { header: 'x-model', max: 8 }, fallback: ['primary'] },
    },
  },
  {
    defaults: {
      circuit: { ...CIRCUIT, mode: 'shadow', slow: { after: '1ms' } },
      retry: { mode: 'shadow', maxRetries: 3 },
    },
  },
];

export class WireTarget {
  /** What should not have happened. */
  readonly findings: string[] = [];
  handled = 0;
  refused = 0;
  readonly #ids: readonly string[];
  readonly #timers = new Timers();
  readonly #metrics = new Metrics({ version: 'fuzz', clusterLimit: 100, processMetrics: false });
  readonly #logger: Logger;
  readonly #engine: Engine;
  #nextId = 0;
  #policy = 0;
  #opened = 0;

  /** @param ids those that recorded log entries carry, so that evidence meets sessions. */
  constructor(ids: readonly string[]) {
    this.#ids = ids;
    this.#logger = new Logger({
      now: () => this.#timers.nowMs,
      toIso: () => '',
      sink: { write: () => undefined, end: async () => undefined },
    });
    const observer = createObserver({ metrics: this.#metrics, records: new Records(), logger: this.#logger });
    const random = () => (this.handled % 97) / 97;
    const policy = policyOf(POLICIES[0]);
    const circuits = new CircuitRegistry({
      policyFor: (cluster, target) => policy.forTarget(cluster, target).circuit,
      onTransition: (transition) => observer.transition(transition),
      onDropped: () => observer.dropped('cluster'),
      random,
      maxCircuits: 200,
    });
    this.#engine = new Engine({ policy, circuits, observer, random, newId: () => this.#id(), limits: LIMITS });
  }

  open(role: Role): ProcessStream {
    const { nowMs } = this.#timers;
    const deps = {
      engine: this.#engine,
      now: () => this.#timers.nowMs,
      wallNow: () => 1_700_000_000_000 + this.#timers.nowMs - nowMs,
      after: (ms: number, then: () => void) => this.#timers.after(ms, then),
    };
    const write = (instruction: Parameters<typeof encodeInstruction>[0]) => {
      this.#guarded('encode', () => void encodeInstruction(instruction));
    };
    const openStream = (_role: Role, send: ConstructorParameters<typeof AdmissionHandler>[1]) =>
      role === 'admission' ? new AdmissionHandler(deps, send) : new AttemptHandler(deps, send);
    return new ProcessStream(role, { openStream, hooks: this.#hooks }, write);
  }

  /** false: no message; the transport would end the stream. */
  message(stream: ProcessStream, bytes: Buffer): boolean {
    return this.#decoded(bytes, () => stream.message(decodeProcessingRequest(bytes)));
  }

  log(bytes: Buffer): boolean {
    const traced = (entry: Parameters<Engine['traced']>[0]) => this.#engine.traced(entry, this.#timers.nowMs);
    return this.#decoded(bytes, () => handleEntries(decodeAccessLogs(bytes), { traced, hooks: this.#hooks }));
  }

  logEnded(): void {
    this.#guarded('log end', () => this.#engine.traceEnded(this.#timers.nowMs));
  }

  pass(ms: number): void {
    this.#guarded('timer', () => this.#timers.pass(ms));
  }

  sweep(): void {
    this.#guarded('sweep', () => this.#engine.sweep(this.#timers.nowMs));
  }

  reload(): void {
    this.#policy = (this.#policy + 1) % POLICIES.length;
    this.#guarded('reload', () => this.#engine.usePolicy(policyOf(POLICIES[this.#policy]), this.#timers.nowMs));
  }

  /** After every stream is over: nothing may be held, and what was counted can be read. */
  async end(): Promise<void> {
    this.pass(LONG_MS);
    this.sweep();
    if (this.#engine.openSessions > 0) this.#found(`${this.#engine.openSessions} sessions are held in the end`);
    if (this.#opened !== 0) this.#found(`${this.#opened} streams were not told to be closed`);
    if (this.#timers.size > 0) this.#found(`${this.#timers.size} timers are left`);
    const text = await this.#metrics.scrape();
    if (/^sluice_faults_total\{.*\} [^0]/m.test(text))
      this.#found(`faults: ${text.match(/^sluice_faults.*$/gm)?.join(' ')}`);
    await this.#logger.close();
  }

  readonly #hooks: TransportHooks = {
    streamOpened: () => {
      this.#opened += 1;
    },
    streamClosed: () => {
      this.#opened -= 1;
    },
    decided: (role, seconds) => this.#metrics.decisionTook(role, seconds * 1000),
    logEnded: () => undefined,
    socketRestored: () => undefined,
    traceArrived: () => undefined,
    refused: () => undefined,
    fault: (place, error) => this.#found(`${place}: ${told(error)}`),
  };

  /** A recorded one, unless it is in use: no two requests have the same. */
  #id(): string {
    const wanted = this.#ids[this.#nextId++ % this.#ids.length] ?? '';
    return this.#engine.session(wanted) === undefined ? wanted : `unrecorded-${this.#nextId}`;
  }

  #decoded(bytes: Buffer, work: () => void): boolean {
    this.handled += 1;
    try {
      work();
      return true;
    } catch (error) {
      this.refused += 1;
      if (!(error instanceof WireError)) this.#found(`${bytes.toString('base64').slice(0, 2_000)}: ${told(error)}`);
      return false;
    }
  }

  #guarded(what: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#found(`${what}: ${told(error)}`);
    }
  }

  #found(text: string): void {
    if (this.findings.length < FINDINGS_KEPT) this.findings.push(`message ${this.handled}: ${text}`);
  }
}

export const ALL_ROLES: readonly Role[] = ROLES;

function told(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

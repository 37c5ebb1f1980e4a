// The whole core and its handlers in one process, without Envoy, gRPC or time: a clock that is set by hand, timers
// that fire when it passes them, and an observer that remembers.

import { CircuitRegistry } from '../../src/core/circuit/registry.js';
import type { CircuitSnapshot, Transition } from '../../src/core/circuit/state.js';
import { Engine } from '../../src/core/engine.js';
import type { Observer } from '../../src/core/observer.js';
import type { AttemptRecord, RequestRecord } from '../../src/core/record.js';
import type { SessionLimits } from '../../src/core/sessions.js';
import type { Instruction, StreamHandler } from '../../src/core/stream.js';
import { AdmissionHandler } from '../../src/handlers/admission.js';
import { AttemptHandler } from '../../src/handlers/attempt.js';
import type { HandlerDeps } from '../../src/handlers/deps.js';
import { parsePolicy } from '../../src/policy/load.js';
import type { Policy } from '../../src/policy/resolve.js';

export interface WorldOptions {
  /** Uniform in [0, 1); the default makes full jitter wait as long as it can. */
  readonly random?: () => number;
  readonly limits?: SessionLimits;
}

interface Timer {
  readonly at: number;
  readonly then: () => void;
}

export class CoreWorld {
  now = 1_000_000;
  wallNow = Date.parse('2026-01-01T00:00:00Z');
  readonly decided: RequestRecord[] = [];
  readonly finished: RequestRecord[] = [];
  readonly settled: { record: RequestRecord; attempt: AttemptRecord }[] = [];
  readonly transitions: Transition[] = [];
  /** What was counted, by its labels joined with a blank. */
  readonly counts = new Map<string, number>();
  readonly policy: Policy;
  readonly circuits: CircuitRegistry;
  readonly engine: Engine;
  readonly deps: HandlerDeps;
  readonly #timers = new Set<Timer>();
  #ids = 0;

  constructor(document: unknown, options: WorldOptions = {}) {
    const policy = policyOf(document);
    this.policy = policy;
    const random = options.random ?? (() => 1 - Number.EPSILON);
    const observer = this.#observer();
    this.circuits = new CircuitRegistry({
      policyFor: (cluster, target) => policy.forTarget(cluster, target).circuit,
      onTransition: (transition) => observer.transition(transition),
      onDropped: () => observer.dropped('cluster'),
      random,
    });
    const newId = () => `id-${++this.#ids}`;
    const limits = options.limits === undefined ? {} : { limits: options.limits };
    this.engine = new Engine({ policy, circuits: this.circuits, observer, random, newId, ...limits });
    this.deps = {
      engine: this.engine,
      now: () => this.now,
      wallNow: () => this.wallNow,
      after: (ms, then) => this.#after(ms, then),
    };
  }

  admission(): Stream {
    return new Stream((send) => new AdmissionHandler(this.deps, send));
  }

  /** The gate, or the judge: they differ in what Envoy sends them. */
  attempt(): Stream {
    return new Stream((send) => new AttemptHandler(this.deps, send));
  }

  circuit(cluster: string, target: string | null = null): CircuitSnapshot {
    const circuit = this.circuits.get(cluster, target);
    if (circuit === undefined) throw new Error(`no circuit was made for ${cluster}, target ${target}`);
    return circuit.snapshot(this.now);
  }

  counted(...labels: readonly string[]): number {
    return this.counts.get(labels.join(' ')) ?? 0;
  }

  get waiting(): number {
    return this.#timers.size;
  }

  /** Moves the clock on and fires, in order, every timer that it passes. */
  advance(ms: number): void {
    const until = this.now + ms;
    for (let next = this.#nextTimer(until); next !== undefined; next = this.#nextTimer(until)) {
      this.#timers.delete(next);
      this.now = Math.max(this.now, next.at);
      next.then();
    }
    this.now = until;
  }

  #nextTimer(until: number): Timer | undefined {
    const due = [...this.#timers].filter((timer) => timer.at <= until);
    return due.sort((a, b) => a.at - b.at)[0];
  }

  #after(ms: number, then: () => void): () => void {
    const timer = { at: this.now + ms, then };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  #count(...labels: readonly string[]): void {
    this.counts.set(labels.join(' '), this.counted(...labels) + 1);
  }

  #observer(): Observer {
    return {
      decided: (record) => {
        this.decided.push(record);
        this.#count('decided', ...at(record.cluster, record.target), record.decision);
      },
      answered: (_record, cluster, reason, target) => this.#count('answered', ...at(cluster, target), reason),
      attemptSettled: (record, attempt) => {
        this.settled.push({ record, attempt: { ...attempt } });
        this.#count('attempt', ...at(attempt.cluster, attempt.target), attempt.stage, attempt.outcome);
      },
      retry: (cluster, result, reason, target) => this.#count('retry', ...at(cluster, target), result, reason),
      shadowed: (cluster, decision, reason, target) => this.#count('shadow', ...at(cluster, target), decision, reason),
      rerouteIgnored: (record) => this.#count('reroute_ignored', record.route, record.cluster),
      transition: (transition) => this.transitions.push(transition),
      traceEntry: (type, match) => this.#count('trace', type, match),
      finished: (record) => this.finished.push(record),
      dropped: (what) => this.#count('dropped', what),
    };
  }
}

/** As metrics do it: the target is named where there is one. */
function at(cluster: string, target: string | null): readonly string[] {
  return target === null ? [cluster] : [cluster, target];
}

/** One stream, with what was sent on it. */
export class Stream {
  readonly sent: Instruction[] = [];
  readonly handler: StreamHandler;

  constructor(open: (send: (instruction: Instruction) => void) => StreamHandler) {
    this.handler = open((instruction) => this.sent.push(instruction));
  }

  get last(): Instruction {
    const last = this.sent.at(-1);
    if (last === undefined) throw new Error('nothing was sent on this stream');
    return last;
  }
}

const parsedPolicies = new Map<string, Policy>();

/** Parsed once per document: property tests build thousands of worlds from one. */
export function policyOf(document: unknown): Policy {
  const text = JSON.stringify(document);
  const known = parsedPolicies.get(text);
  if (known !== undefined) return known;
  const parsed = parsePolicy(text, 'test.yaml');
  if (!parsed.ok) throw new Error(parsed.problems.map((problem) => JSON.stringify(problem)).join('\n'));
  parsedPolicies.set(text, parsed.policy);
  return parsed.policy;
}

// Small fakes for the tests of observing: records as the core makes them, a clock by hand, a sink that keeps lines,
// a reader for scrapes, and an admin server on a port of its own.

import { afterEach } from 'vitest';
import { ByTarget } from '../../src/core/by-target.js';
import type { CircuitSnapshot, Transition } from '../../src/core/circuit/state.js';
import type { AttemptRecord, RequestRecord } from '../../src/core/record.js';
import { type AdminDeps, type AdminOptions, createAdmin, type ForcedState } from '../../src/observe/admin.js';
import type { Watched } from '../../src/observe/live/circuits.js';
import { Logger, type LoggerOptions } from '../../src/observe/logger.js';
import { Metrics, type MetricsOptions } from '../../src/observe/metrics.js';
import { Records } from '../../src/observe/records.js';

/** The wall clock at monotonic 0 of every test. */
const EPOCH_MS = Date.parse('2026-01-02T03:04:05.000Z');

export const toIso = (monotonicMs: number): string => new Date(EPOCH_MS + monotonicMs).toISOString();

let nextId = 0;

export function aRecord(changes: Partial<RequestRecord> = {}): RequestRecord {
  return {
    id: `r${nextId++}`,
    method: 'GET',
    path: '/orders/1',
    route: 'orders',
    cluster: 'primary',
    target: null,
    decision: 'admit',
    reason: null,
    notRetried: null,
    maxRetries: 1,
    attempts: [],
    result: 'pending',
    status: null,
    startedAtMs: 0,
    endedAtMs: null,
    ...changes,
  };
}

export function anAttempt(changes: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    attempt: 1,
    cluster: 'primary',
    target: null,
    host: '10.0.0.1:80',
    stage: 'response',
    outcome: 'success',
    status: 200,
    error: null,
    message: null,
    durationMs: 12,
    waitMs: 0,
    settled: true,
    ...changes,
  };
}

export function aFailure(changes: Partial<AttemptRecord> = {}): AttemptRecord {
  return anAttempt({
    stage: 'connect',
    outcome: 'failure',
    status: null,
    error: 'connection_refused',
    message: 'delayed connect error: Connection refused',
    ...changes,
  });
}

const FIGURES = { requests: 10, failures: 5, failureRatio: 0.5, slowRatio: 0.1, consecutiveFailures: 3 };

export function aTransition(changes: Partial<Transition> = {}): Transition {
  return {
    cluster: 'primary',
    target: null,
    from: 'closed',
    to: 'open',
    reason: 'failure_ratio',
    atMs: 1000,
    retryAtMs: 6000,
    ...FIGURES,
    ...changes,
  };
}

export function aCircuit(changes: Partial<CircuitSnapshot> = {}): CircuitSnapshot {
  return {
    cluster: 'primary',
    target: null,
    state: 'closed',
    mode: 'enforce',
    openedAtMs: null,
    retryAtMs: null,
    reason: null,
    transitions: [],
    ...FIGURES,
    ...changes,
  };
}

export type Line = Readonly<Record<string, unknown>>;

/** Lines that a logger wrote, parsed: a line that is not JSON fails the test that reads it. */
export class Lines {
  readonly raw: string[] = [];
  ended = 0;

  write(line: string): void {
    this.raw.push(line);
  }

  async end(): Promise<void> {
    this.ended++;
  }

  get all(): Line[] {
    return this.raw.map((line) => JSON.parse(line));
  }

  of(event: string): Line[] {
    return this.all.filter((line) => line.event === event);
  }
}

export class Clock {
  ms = 0;
  readonly now = (): number => this.ms;
}

const cleanups: (() => unknown)[] = [];

/** Runs after the test, whatever its outcome, newest first. */
export function afterTest(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

afterEach(async () => {
  for (let cleanup = cleanups.pop(); cleanup !== undefined; cleanup = cleanups.pop()) await cleanup();
});

export function aLogger(options: Partial<LoggerOptions> = {}): { logger: Logger; lines: Lines; clock: Clock } {
  const lines = new Lines();
  const clock = new Clock();
  const logger = new Logger({ now: clock.now, toIso, sink: lines, ...options });
  afterTest(() => logger.close());
  return { logger, lines, clock };
}

export function newMetrics(options: Partial<MetricsOptions> = {}): Metrics {
  return new Metrics({ version: '1.2.3', processMetrics: false, ...options });
}

/** Circuits by name and target, forced as they are told. */
export class FakeCircuits {
  readonly circuits = new ByTarget<CircuitSnapshot>();
  readonly forced: (readonly [string, string | null, ForcedState, number])[] = [];
  readonly askedAtMs: number[] = [];

  add(circuit: CircuitSnapshot): void {
    this.circuits.set(circuit.cluster, circuit.target, circuit);
  }

  get(cluster: string, target: string | null): CircuitSnapshot | null {
    return this.circuits.get(cluster, target) ?? null;
  }

  targets(cluster: string): readonly CircuitSnapshot[] {
    return [...this.circuits.ofTargets(cluster)];
  }

  force(cluster: string, target: string | null, state: ForcedState, nowMs: number): boolean {
    const circuit = this.circuits.get(cluster, target);
    if (circuit === undefined) return false;
    this.forced.push([cluster, target, state, nowMs]);
    this.add({ ...circuit, state: state === 'auto' ? 'closed' : state, reason: 'operator' });
    return true;
  }

  /** Circuits whose window is all failures. */
  *each(): Generator<Watched> {
    for (const circuit of this.circuits.values()) {
      yield {
        name: circuit.cluster,
        target: circuit.target,
        state: () => circuit.state,
        snapshot: (nowMs) => {
          this.askedAtMs.push(nowMs);
          return circuit;
        },
        recent: (limit) => 'x'.repeat(Math.min(limit, circuit.failures)),
      };
    }
  }

  budgetRemaining(cluster: string, target: string | null): number | null {
    if (cluster !== 'primary') return null;
    return target === null ? 7.5 : 2;
  }
}

export interface Bench {
  readonly url: string;
  readonly circuits: FakeCircuits;
  readonly metrics: Metrics;
  readonly records: Records;
  readonly lines: Lines;
  readonly clock: Clock;
  get(path: string, init?: RequestInit): Promise<Response>;
  put(cluster: string, body: string, headers?: Record<string, string>): Promise<Response>;
  /** Done after the test anyway. */
  close(): Promise<void>;
}

/** A listening admin server with fakes behind it. */
export async function startAdmin(
  changes: Partial<AdminDeps> = {},
  options: AdminOptions = {},
  listenAt = '127.0.0.1:0',
): Promise<Bench> {
  const circuits = new FakeCircuits();
  const metrics = changes.metrics instanceof Metrics ? changes.metrics : newMetrics();
  const records = new Records();
  const { logger, lines, clock } = aLogger();
  const admin = createAdmin(
    {
      circuits,
      records,
      metrics,
      policy: {
        inForce: () => ({ defaults: {} }),
        explain: (cluster, route, target) => ({ cluster, route: route ?? null, target: target ?? null }),
      },
      ready: () => true,
      now: clock.now,
      toIso,
      version: '1.2.3',
      token: undefined,
      logger,
      ...changes,
    },
    options,
  );
  const address = await admin.listen(listenAt);
  afterTest(() => admin.close());
  const url = `http://${address}`;
  const get = (path: string, init?: RequestInit) => fetch(url + path, init);
  const put = (cluster: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/circuits/${encodeURIComponent(cluster)}`, { method: 'PUT', body, headers });
  return { url, circuits, metrics, records, lines, clock, get, put, close: () => admin.close() };
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;

/** Reads the text format strictly; throws where it is not valid, or where two lines are of one series. */
export function parseScrape(text: string): Family[] {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families: Family[] = [];
  const seen = new Set<string>();
  const helps = new Map<string, string>();
  for (const line of text.split('\n').filter((candidate) => candidate !== '')) {
    const [, keyword, name, rest] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (keyword === 'HELP') helps.set(name ?? '', rest ?? '');
    else if (keyword === 'TYPE') families.push(newFamily(name ?? '', rest ?? '', helps));
    else addSample(families.at(-1), line, seen);
  }
  return families;
}

function newFamily(name: string, type: string, helps: Map<string, string>): Family {
  return { name, type, help: helps.get(name) ?? '', samples: [] };
}

function addSample(family: Family | undefined, line: string, seen: Set<string>): void {
  const match = SAMPLE.exec(line);
  if (match === null || family === undefined) throw new Error(`not a sample: ${line}`);
  const [, name = '', labelText = '', valueText = ''] = match;
  const labels = parseLabels(labelText);
  const series = line.slice(0, line.lastIndexOf(' '));
  if (seen.has(series)) throw new Error(`twice: ${line}`);
  seen.add(series);
  const value = valueText === '+Inf' ? Number.POSITIVE_INFINITY : Number(valueText);
  if (valueText !== 'NaN' && Number.isNaN(value)) throw new Error(`not a number: ${line}`);
  family.samples.push({ name, labels, value });
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    if (match === null) throw new Error(`not labels: ${text}`);
    labels[match[1] ?? ''] = (match[2] ?? '').replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c));
  }
  return labels;
}

/** The value of one series; undefined where there is none. */
export function seriesOf(families: Family[], name: string, labels: Record<string, string> = {}): number | undefined {
  const wanted = JSON.stringify(Object.entries(labels).sort());
  return families
    .flatMap((family) => family.samples)
    .find((sample) => sample.name === name && JSON.stringify(Object.entries(sample.labels).sort()) === wanted)?.value;
}

export async function scrape(metrics: Metrics): Promise<Family[]> {
  return parseScrape(await metrics.scrape());
}

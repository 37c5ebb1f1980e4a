// `npm run bench:core`: what a decision and a log entry cost in the core and its handlers, without gRPC, protobuf or Envoy,
// for few and many clusters and for small and large windows; and a whole request on the direct transport, without the
// kernel. It prints; it judges nothing. Every figure is processor time (garbage collection included), the median of
// interleaved rounds: a busy machine changes it less than time on the wall, and least of all what is told against the first row.

import type { Attributes, Headers } from '../../src/core/stream.js';
import { AdmissionHandler } from '../../src/handlers/admission.js';
import { decodeProcessingRequest } from '../../src/wire/decode.js';
import { generator } from '../support/generator.js';
import { attributes, double, header, requestHeaders, text } from '../wire/support/bytes.js';
import { cpuNs, GOOD, sidecar } from './core/sidecar.js';
import { wholeRequest } from './core/whole.js';
import { median, medianRatio } from './support/statistics.js';

/** Which of its clusters the next request is for. `in turn`: that which was not used for longest, the worst case for any cache. */
type Traffic = 'in turn' | 'one of them' | 'Zipf';
const CLUSTERS: readonly (readonly [count: number, traffic: Traffic])[] = [
  [1, 'in turn'],
  [100, 'in turn'],
  [1000, 'one of them'],
  [1000, 'Zipf'],
  [1000, 'in turn'],
];
const WINDOWS = [100, 10_000];
const ROUNDS = 45;
const WARM_UP = 10;
/** Requests whose log entries have not come: what a flush of 50 ms leaves open at some thousand requests a second. */
const IN_FLIGHT = 200;
const REQUESTS = 20 * IN_FLIGHT;

interface Case {
  readonly clusters: number;
  readonly traffic: Traffic;
  readonly window: number;
  readonly run: () => Cost;
  readonly costs: Cost[];
}

interface Cost {
  /** Admission's two messages, nanoseconds each. */
  readonly decisionNs: number;
  /** The attempt's and the request's log entry, nanoseconds each. */
  readonly entryNs: number;
}

/** The cluster of each request. Under Zipf's law the k-th busiest gets 1/k of what the busiest gets. */
function sequence(clusters: number, traffic: Traffic): readonly number[] {
  if (traffic === 'one of them') return new Array<number>(REQUESTS).fill(clusters >> 1);
  const all = Array.from({ length: REQUESTS }, (_, i) => i % clusters);
  if (traffic === 'in turn') return all;
  const below = generator(1);
  const sums: number[] = [];
  for (let rank = 1; rank <= clusters; rank++) sums.push((sums.at(-1) ?? 0) + 1 / rank);
  const total = sums.at(-1) ?? 0;
  return all.map(() => sums.findIndex((sum) => sum > (below(2 ** 30) / 2 ** 30) * total));
}

function benchCase(clusters: number, traffic: Traffic, window: number): Case {
  const { engine, deps } = sidecar(window);
  const request = headersOf({ ':method': 'GET', ':path': '/orders/1?x=y', ':authority': 'shop', accept: '*/*' });
  const response = headersOf({ ':status': '200', 'content-type': 'text/plain' });
  const routed = new Template({ 'xds.route_name': 'route' });
  const answered = new Template({
    'response.flags': 0,
    'response.code_details': 'via_upstream',
    'upstream.request_attempt_count': 1,
    'upstream.address': '10.0.0.1:80',
  });
  const clusterOf = sequence(clusters, traffic);
  const names = Array.from({ length: clusters }, (_, i) => clusterName(i));
  const decide = (i: number): string => {
    let id = '';
    const handler = new AdmissionHandler(deps, (instruction) => {
      if (instruction.kind === 'continue_request') id = instruction.headers.set[0]?.[1] ?? '';
    });
    handler.message({ kind: 'request_headers', headers: request, attributes: routed.of(i) });
    handler.message({ kind: 'response_headers', headers: response, attributes: answered.of(i) });
    handler.closed();
    return id;
  };
  const trace = (id: string, i: number): void => {
    const cluster = pick(names, i);
    engine.traced({ kind: 'attempt', id, attempt: 1, cluster, evidence: GOOD }, performance.now());
    engine.traced({ kind: 'request', id, cluster, evidence: GOOD, clientStatus: 200, attempts: 1 }, performance.now());
  };
  // Every one is known before anything is measured.
  for (let i = 0; i < clusters; i++) trace(decide(i), i);
  const run = (): Cost => {
    let decisionNs = 0;
    let entryNs = 0;
    for (let from = 0; from < REQUESTS; from += IN_FLIGHT) {
      const start = cpuNs();
      const ids = Array.from({ length: IN_FLIGHT }, (_, i) => decide(pick(clusterOf, from + i)));
      const decided = cpuNs();
      ids.forEach((id, i) => {
        trace(id, pick(clusterOf, from + i));
      });
      decisionNs += decided - start;
      entryNs += cpuNs() - decided;
    }
    if (engine.openSessions !== 0) throw new Error(`${engine.openSessions} sessions were left open`);
    return { decisionNs: decisionNs / REQUESTS / 2, entryNs: entryNs / REQUESTS / 2 };
  };
  return { clusters, traffic, window, run, costs: [] };
}

/** As they come off the wire. */
function headersOf(values: Readonly<Record<string, string>>): Headers {
  return decoded(requestHeaders(Object.entries(values).map(([name, value]) => header(name, value)))).headers;
}

const DIGITS = 4;

function clusterName(index: number): string {
  return `cluster-${String(index).padStart(DIGITS, '0')}`;
}

/** Attributes in bytes that are near at hand, as those are that have just been read, whichever cluster they are of. */
class Template {
  private readonly attributes: Attributes;
  private readonly bytes: Buffer;
  private readonly at: number;

  constructor(values: Readonly<Record<string, string | number>>) {
    const all = { 'xds.cluster_name': clusterName(0), ...values };
    const fields = Object.entries(all).map(([name, value]) => [name, attributeOf(value)] as const);
    this.bytes = requestHeaders([], attributes(fields));
    this.at = this.bytes.indexOf(clusterName(0)) + clusterName(0).length - DIGITS;
    this.attributes = decoded(this.bytes).attributes;
  }

  of(cluster: number): Attributes {
    let rest = cluster;
    for (let digit = this.at + DIGITS - 1; digit >= this.at; digit--) {
      this.bytes[digit] = ZERO + (rest % 10);
      rest = Math.trunc(rest / 10);
    }
    return this.attributes;
  }
}

const ZERO = '0'.charCodeAt(0);

function attributeOf(value: string | number): Buffer {
  return typeof value === 'string' ? text(value) : double(value);
}

function decoded(bytes: Buffer) {
  const event = decodeProcessingRequest(bytes);
  if (event.kind !== 'request_headers') throw new Error(`a message of request headers was read as ${event.kind}`);
  return event;
}

function pick<T>(list: readonly T[], i: number): T {
  const found = list[i % list.length];
  if (found === undefined) throw new Error('an empty list');
  return found;
}

const cases = CLUSTERS.flatMap(([count, traffic]) => WINDOWS.map((window) => benchCase(count, traffic, window)));
const runWhole = wholeRequest();
const whole: number[] = [];
for (let round = -WARM_UP; round < ROUNDS; round++) {
  for (const each of cases) {
    const cost = each.run();
    if (round >= 0) each.costs.push(cost);
  }
  const ns = runWhole();
  if (round >= 0) whole.push(ns);
  if (round % WARM_UP === 0) process.stderr.write(round < 0 ? 'warming up\n' : `round ${round} of ${ROUNDS}\n`);
}

const decision = (cost: Cost) => cost.decisionNs;
const entry = (cost: Cost) => cost.entryNs;
const both = (cost: Cost) => cost.decisionNs + cost.entryNs;
const first = cases[0]?.costs ?? [];
console.log(
  '| clusters | traffic goes to | window | ns per decision | ns per log entry | decision, against the first row | entry | both |',
);
console.log('| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |');
for (const { clusters, traffic, window, costs } of cases) {
  const ns = [decision, entry].map((of) => Math.round(median(costs.map(of))));
  const ratios = [decision, entry, both].map((of) => medianRatio(costs.map(of), first.map(of)).toFixed(2));
  console.log(`| ${[clusters, traffic, window, ...ns, ...ratios].join(' | ')} |`);
}
console.log(
  `\nA whole request on the direct transport, from the bytes of its three reads to those of its answers, eight at a time, with both\nlog entries and without the kernel: ${(median(whole) / 1000).toFixed(2)} us.`,
);

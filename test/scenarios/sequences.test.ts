// Runs every sequence of requests against the core and its handlers, on a clock that is set by hand.

import { describe, expect, it } from 'vitest';
import { type Evidence, FLAGS } from '../../src/core/evidence.js';
import { CoreWorld, type Stream } from '../support/core-world.js';
import { attributesOf, headersOf } from '../support/fake-headers.js';
import { RouterModel } from '../support/router-model.js';
import { sequencesN } from './family-n.js';
import { sequencesR } from './family-r.js';
import { familyS } from './family-s.js';
import type { Step, Verdict } from './sequence.js';

describe.each([
  ['R', sequencesR],
  ['N', sequencesN],
  ['S', familyS],
] as const)('family %s, over time', (_name, rows) => {
  it.each(rows.map((row) => [row.id, row.title, row] as const))('%s: %s', (_id, _title, row) => {
    const run = new Run(row.policy);
    for (const step of row.steps) run.step(step);
  });
});

const CLIENT_LEFT: Evidence = {
  source: 'trace',
  flags: FLAGS.downstreamConnectionTermination,
  status: null,
  grpcStatus: null,
  written: null,
  transportFailure: '',
  details: 'downstream_remote_disconnect',
  host: null,
  durationMs: null,
};

class Run {
  readonly #world: CoreWorld;
  readonly #startedAt: number;
  readonly #open = new Map<string, Stream>();
  #latestS = 0;

  constructor(policy: unknown) {
    this.#world = new CoreWorld(policy);
    this.#startedAt = this.#world.now;
  }

  step(step: Step): void {
    if (step.atS < this.#latestS) throw new Error(`a step at ${step.atS} s comes after one at ${this.#latestS} s`);
    this.#latestS = step.atS;
    this.#goTo(this.#startedAt + step.atS * 1000);
    switch (step.kind) {
      case 'answered':
        return this.#answered(step);
      case 'refused':
        return repeat(step.times, () => this.#check(this.#arrives(step.cluster, false), step.cluster, step.verdict));
      case 'begins':
        return this.#begins(step);
      case 'ends':
        return this.#ends(step);
      case 'leaves':
        return this.#leaves(step.name);
      case 'forced':
        expect(this.#world.circuits.get(step.cluster)?.force(step.state, this.#world.now)).toBe(true);
        return;
      case 'shows':
        return this.#shows(step);
      default:
        return step satisfies never;
    }
  }

  /** In steps of a second at most, with the sweep that a running sidecar makes. */
  #goTo(until: number): void {
    while (this.#world.now < until) {
      this.#world.advance(Math.min(1000, until - this.#world.now));
      this.#world.engine.sweep(this.#world.now);
    }
  }

  #answered({ meets, cluster, times }: Extract<Step, { kind: 'answered' }>): void {
    const judged = new Set(this.#world.policy.forCluster(cluster).retry.judge ? [cluster] : []);
    const router = new RouterModel(this.#world, { judged });
    const seen = new Set<string>();
    repeat(times, () => {
      const { from, status, attempts } = router.serve({ cluster }, () => meets);
      seen.add(`${attempts.join()}: ${typeof meets === 'string' ? '' : `${status} from `}${from}`);
    });
    const from = meets === 'client_leaves' ? 'nobody' : 'envoy';
    const expected = typeof meets === 'string' ? from : `${meets.status} from upstream`;
    expect([...seen]).toEqual([`${cluster}: ${expected}`]);
  }

  #begins({ name, cluster, verdict, grpc }: Extract<Step, { kind: 'begins' }>): void {
    const stream = this.#arrives(cluster, grpc);
    this.#open.set(name, stream);
    this.#check(stream, cluster, verdict);
  }

  #arrives(cluster: string, grpc: boolean): Stream {
    const stream = this.#world.admission();
    stream.handler.message({
      kind: 'request_headers',
      headers: headersOf({ ':method': 'POST', ':path': '/', ...(grpc ? { 'content-type': 'application/grpc' } : {}) }),
      attributes: attributesOf({ 'xds.cluster_name': cluster }),
    });
    return stream;
  }

  #check(stream: Stream, cluster: string, verdict: Verdict): void {
    if (verdict === 'admitted') return expect(stream.last.kind).toBe('continue_request');
    if (stream.last.kind !== 'respond') throw new Error(`expected ${verdict.reason}, got ${stream.last.kind}`);
    const { status, headers, details, grpcStatus } = stream.last.answer;
    const values = Object.fromEntries(headers);
    expect({ status, details }).toEqual({ status: 503, details: `sluice_${verdict.reason}` });
    expect(values).toMatchObject({ 'x-sluice-reason': verdict.reason, 'x-sluice-cluster': cluster });
    expect(Number(values['retry-after'])).toBeGreaterThanOrEqual(1);
    if (verdict.retryAfter !== undefined) expect(values['retry-after']).toBe(String(verdict.retryAfter));
    if (verdict.grpcStatus !== undefined) expect(grpcStatus).toBe(verdict.grpcStatus);
  }

  #ends({ name, cluster, status }: Extract<Step, { kind: 'ends' }>): void {
    const stream = this.#stream(name);
    stream.handler.message({
      kind: 'response_headers',
      headers: headersOf({ ':status': String(status) }),
      attributes: attributesOf({
        'xds.cluster_name': cluster,
        'response.flags': 0,
        'response.code_details': 'via_upstream',
        'upstream.request_attempt_count': 1,
      }),
    });
    stream.handler.closed();
  }

  #leaves(name: string): void {
    const stream = this.#stream(name);
    const id = idOf(stream);
    stream.handler.closed();
    const entry = {
      kind: 'request',
      id,
      cluster: '',
      evidence: CLIENT_LEFT,
      clientStatus: null,
      attempts: null,
    } as const;
    this.#world.engine.traced(entry, this.#world.now);
  }

  #stream(name: string): Stream {
    const stream = this.#open.get(name);
    if (stream === undefined) throw new Error(`no request named ${name} has begun`);
    return stream;
  }

  #shows({ cluster, figures }: Extract<Step, { kind: 'shows' }>): void {
    if (figures === null) return expect(this.#world.circuits.get(cluster)).toBeUndefined();
    expect(this.#world.circuit(cluster)).toMatchObject(figures);
  }
}

function idOf(stream: Stream): string {
  const [first] = stream.sent;
  if (first?.kind !== 'continue_request') throw new Error('it was not let through');
  return first.headers.set.find(([name]) => name === 'x-sluice-id')?.[1] ?? '';
}

function repeat(times: number, act: () => void): void {
  for (let i = 0; i < times; i++) act();
}

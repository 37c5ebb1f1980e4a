// The rows of family S that the circuit alone decides. What needs classification, a gate or Envoy is tested there.

import { describe, expect, it } from 'vitest';
import { CircuitRegistry } from '../../../src/core/circuit/registry.js';
import type { CircuitResult } from '../../../src/core/circuit/state.js';
import { Bench, FAIL, IGNORED, OK, OVERLOADED, policy } from './support.js';

const GATEWAY = { failureRatio: 0.95, minimumRequests: 10, window: { requests: 100, durationMs: 60_000 } };

describe('a gateway that gives an overloaded model a rest', () => {
  it('S1: a cluster never seen is available, and costs no window before its first result', () => {
    const registry = new CircuitRegistry({
      policyFor: () => policy(GATEWAY),
      onTransition: () => undefined,
      random: () => 0,
      onDropped: () => undefined,
    });
    expect(registry.get('new')).toBeUndefined();
    expect(registry.use('new', 0).acquire(0)).toMatchObject({ admitted: true });
    expect(registry.get('new')?.snapshot(0)).toMatchObject({ state: 'closed', requests: 0 });
  });

  it('S2: 200, 429, 200, 500, timeout, cancel, reset', () => {
    const bench = new Bench({ ...GATEWAY, consecutiveFailures: 100 });
    bench.run(OK, OVERLOADED, OK, FAIL, FAIL, IGNORED, FAIL);
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ requests: 6, failures: 4, consecutiveFailures: 3 });
  });

  it.each<[string, CircuitResult[], string]>([
    ['1 of 4', [OK, OK, OK, FAIL], 'closed'],
    ['2 of 4', [OK, OK, FAIL, FAIL], 'open'],
    ['3 of 4', [OK, FAIL, FAIL, FAIL], 'open'],
    ['none', [OK, OK, OK, OK], 'closed'],
  ])('S3: ratio 0.5, minimum 4: %s', (_, results, state) => {
    expect(new Bench({ failureRatio: 0.5, minimumRequests: 4 }).run(...results).state).toBe(state);
  });

  it('S4: a window of 2 keeps the last 2', () => {
    const bench = new Bench({ ...GATEWAY, window: { requests: 2, durationMs: 60_000 }, failureRatio: 1.1 });
    bench.run(OK, OVERLOADED, FAIL, FAIL);
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ requests: 2, failures: 2 });
  });

  it('S5: an age of exactly 60 s counts, and the ratio is .75', () => {
    const bench = new Bench(GATEWAY);
    const end = bench.now + 120_000;
    const aged: [number, CircuitResult][] = [
      [120, FAIL],
      [90, FAIL],
      [60, OK],
      [50, OK],
      [50, FAIL],
      [40, FAIL],
      [30, FAIL],
      [20, FAIL],
      [10, FAIL],
      [0, FAIL],
    ];
    for (const [ageS, result] of aged) {
      bench.now = end - ageS * 1000;
      bench.run(result);
    }
    expect(bench.circuit.snapshot(end)).toMatchObject({ requests: 8, failures: 6, failureRatio: 0.75 });
    expect(bench.circuit.snapshot(end + 1)).toMatchObject({ requests: 7, failures: 6 });
  });

  it('S6: everything aged out is 0 and closed', () => {
    const bench = new Bench(GATEWAY).run(...Array(9).fill(FAIL)).wait(60_001);
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ state: 'closed', requests: 0, failureRatio: 0 });
  });

  it('S7, its core: a refusal is not counted', () => {
    const bench = new Bench().open();
    const before = bench.circuit.snapshot(bench.now);
    for (let i = 0; i < 100; i++) expect(bench.acquire().admitted).toBe(false);
    expect(bench.circuit.snapshot(bench.now)).toEqual(before);
  });

  it('S9: 10 of 12 open at .8; 10 of 10,000 do not', () => {
    const wide = { failureRatio: 0.8, minimumRequests: 10, window: { requests: 10_000, durationMs: 60_000 } };
    const few = new Bench({ ...wide, minimumRequests: 12 }).run(OK, OK, ...Array(10).fill(FAIL));
    expect(few.state).toBe('open');
    const many = new Bench(wide).run(...Array(9990).fill(OK), ...Array(10).fill(FAIL));
    expect(many.circuit.snapshot(many.now)).toMatchObject({ state: 'closed', requests: 10_000, failures: 10 });
  });

  it('S10: one failure and nothing else does not open', () => {
    expect(new Bench(GATEWAY).run(FAIL).state).toBe('closed');
  });

  it('S12: open time over: bounded probes; success closes', () => {
    const bench = new Bench({ halfOpen: { probes: 2, successes: 2, leaseMs: 1000 } }).open().waitOpen();
    const probes = [bench.permit(), bench.permit()];
    expect(bench.acquire()).toMatchObject({ admitted: false, reason: 'probe_limit' });
    for (const probe of probes) bench.report(probe, OK);
    expect(bench.state).toBe('closed');
  });

  it('S12: success closes by a ramp, where one is set', () => {
    const bench = new Bench({ rampMs: 5000 }).open().waitOpen().run(OK);
    expect(bench.state).toBe('recovering');
    expect(bench.wait(5000).run(OK).state).toBe('closed');
  });

  it('S12: failure opens again for longer', () => {
    const bench = new Bench().open();
    const first = bench.opensForMs;
    expect(bench.waitOpen().run(FAIL).opensForMs).toBe(2 * first);
  });
});

import { describe, expect, it } from 'vitest';
import { RAMP_FLOOR, rampShare } from '../../../src/core/circuit/ramp.js';
import { Bench, FAIL, failAskingFor, OK } from './support.js';

describe('the share that a ramp admits', () => {
  it.each([
    [0, RAMP_FLOOR],
    [5000, 0.55],
    [10_000, 1],
    [20_000, 1],
  ])('after %i of 10,000 ms is %d', (elapsedMs, share) => {
    expect(rampShare(elapsedMs, 10_000)).toBeCloseTo(share, 12);
  });

  it('is everything where there is no ramp', () => {
    expect(rampShare(0, 0)).toBe(1);
  });
});

function recovering(): Bench {
  return new Bench({ rampMs: 10_000 }).open().waitOpen().run(OK);
}

describe('a recovering circuit', () => {
  it('follows the probes where a ramp is set', () => {
    const bench = recovering();
    expect(bench.path.at(-1)).toBe('half_open > recovering: probes_succeeded');
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ state: 'recovering', requests: 0, retryAtMs: null });
  });

  it('admits by chance, up to its share, without probes', () => {
    const bench = recovering().wait(5000);
    bench.chance = 0.54;
    expect(bench.acquire()).toMatchObject({ admitted: true, permit: { probe: false } });
    bench.chance = 0.56;
    expect(bench.acquire()).toEqual({ admitted: false, reason: 'probe_limit', retryAtMs: bench.now });
  });

  it('lets a growing share through', () => {
    const bench = recovering();
    const shares: number[] = [];
    for (let second = 0; second < 10; second++) {
      let admitted = 0;
      for (let i = 0; i < 1000; i++) {
        bench.chance = (i + 0.5) / 1000;
        if (bench.acquire().admitted) admitted += 1;
      }
      shares.push(admitted / 1000);
      bench.wait(1000);
    }
    expect(shares).toEqual([0.1, 0.19, 0.28, 0.37, 0.46, 0.55, 0.64, 0.73, 0.82, 0.91]);
  });

  it('opens again for longer when the evidence of the ramp trips it', () => {
    const bench = recovering().run(OK, OK, FAIL);
    expect(bench.state).toBe('recovering');
    bench.run(FAIL);
    expect(bench.path.at(-1)).toBe('recovering > open: ramp_failed');
    expect(bench.opensForMs).toBe(2000);
  });

  it('opens by the streak as well, under the same name', () => {
    const bench = new Bench({ rampMs: 10_000, consecutiveFailures: 2, minimumRequests: 2 }).run(FAIL, FAIL).waitOpen();
    bench.run(OK, FAIL, FAIL);
    expect(bench.path.at(-1)).toBe('recovering > open: ramp_failed');
  });

  it('hears a wish of the server', () => {
    expect(recovering().run(FAIL, FAIL, FAIL, failAskingFor(20_000)).opensForMs).toBe(20_000);
  });

  it('closes when the ramp is over, with the next request', () => {
    const bench = recovering().wait(10_000);
    bench.chance = 0.999;
    expect(bench.path.at(-1)).toContain('recovering');
    expect(bench.acquire().admitted).toBe(true);
    expect(bench.path.at(-1)).toBe('recovering > closed: ramp_over');
  });

  it('closes with the next result, which counts in the closed circuit', () => {
    const bench = recovering();
    const late = bench.permit();
    bench.wait(10_000).report(late, FAIL);
    expect(bench.path.at(-1)).toBe('recovering > closed: ramp_over');
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ state: 'closed', requests: 1, failures: 1 });
  });

  it('keeps the evidence of the ramp when it closes', () => {
    const bench = recovering().run(OK, OK, FAIL).wait(10_000);
    expect(bench.run(FAIL).path.slice(-2)).toEqual(['recovering > closed: ramp_over', 'closed > open: failure_ratio']);
  });

  it('drops results from before the ramp', () => {
    const bench = new Bench({ rampMs: 10_000, halfOpen: { probes: 2, successes: 1, leaseMs: 1000 } }).open().waitOpen();
    const [a, b] = [bench.permit(), bench.permit()];
    bench.report(a, OK).report(b, FAIL).report(a, FAIL);
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ state: 'recovering', requests: 0 });
  });
});

import { describe, expect, it } from 'vitest';
import { Bench, FAIL, IGNORED, OK, OVERLOADED, POLICY, SLOW } from './support.js';

function halfOpen(probes = 1, successes = 1, leaseMs = 30_000, changes = {}): Bench {
  return new Bench({ halfOpen: { probes, successes, leaseMs }, ...changes }).open().waitOpen();
}

describe('an open circuit', () => {
  it('refuses until its time is over, and says when that is', () => {
    const bench = new Bench().open();
    expect(bench.wait(999).acquire()).toEqual({ admitted: false, reason: 'circuit_open', retryAtMs: bench.now + 1 });
  });

  it('becomes half-open with the first request after its time, not before', () => {
    const bench = new Bench().open().wait(1000);
    expect(bench.path).toHaveLength(1);
    expect(bench.permit().probe).toBe(true);
    expect(bench.path).toEqual(['closed > open: failure_ratio', 'open > half_open: open_time_over']);
  });

  it('drops results of requests that were admitted before it opened', () => {
    const bench = new Bench();
    const early = bench.permit();
    bench.open();
    const before = bench.circuit.snapshot(bench.now);
    bench.report(early, FAIL, OK);
    expect(bench.circuit.snapshot(bench.now)).toEqual(before);
  });

  it('does not let a late success of the old generation close it as if it were a probe', () => {
    const bench = new Bench();
    const early = bench.permit();
    bench.open().waitOpen();
    const probe = bench.permit();
    bench.report(early, OK);
    expect(bench.state).toBe('half_open');
    expect(bench.report(probe, OK).state).toBe('closed');
  });
});

describe('a half-open circuit', () => {
  it('lets out no more probes than it has, and says when the next lease ends', () => {
    const bench = halfOpen(2);
    bench.permit();
    bench.wait(10).permit();
    expect(bench.acquire()).toEqual({ admitted: false, reason: 'probe_limit', retryAtMs: bench.now + 29_990 });
  });

  it('closes after the successes it asks for, with an empty window', () => {
    const bench = halfOpen(1, 2).run(OK);
    expect(bench.state).toBe('half_open');
    expect(bench.run(OK).state).toBe('closed');
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ requests: 0, failures: 0, consecutiveFailures: 0 });
    expect(bench.path.at(-1)).toBe('half_open > closed: probes_succeeded');
  });

  it('is not reopened at once by the failures that opened it', () => {
    expect(halfOpen().run(OK, FAIL, OK).state).toBe('closed');
  });

  it('opens again at the first failed probe, whatever the others do', () => {
    const bench = halfOpen(3, 3);
    const [a, b, c] = [bench.permit(), bench.permit(), bench.permit()];
    bench.report(a, OK).report(b, FAIL).report(c, OK);
    expect(bench.state).toBe('open');
    expect(bench.path.at(-1)).toBe('half_open > open: probe_failed');
  });

  it('fails a probe for an overload answer', () => {
    expect(halfOpen().run(OVERLOADED).state).toBe('open');
  });

  it('fails a probe for a slow success where slow is configured', () => {
    expect(halfOpen(1, 1, 1000, { slow: { afterMs: 100, ratio: 1 } }).run(SLOW).state).toBe('open');
  });

  it('takes a slow success for a success where it is not', () => {
    expect(halfOpen().run(SLOW).state).toBe('closed');
  });

  it('gives the permit back for an ignored result and counts nothing', () => {
    const bench = halfOpen().run(IGNORED, IGNORED, IGNORED);
    expect(bench.state).toBe('half_open');
    expect(bench.run(OK).state).toBe('closed');
  });

  it('gives the permit back when the request was not made', () => {
    const bench = halfOpen();
    bench.circuit.release(bench.permit(), bench.now);
    expect(bench.permit().probe).toBe(true);
  });

  it('does not give two permits for one that is released twice', () => {
    const bench = halfOpen(2);
    const [a] = [bench.permit(), bench.permit()];
    bench.circuit.release(a, bench.now);
    bench.circuit.release(a, bench.now);
    bench.permit();
    expect(bench.acquire().admitted).toBe(false);
  });

  it('drops the result of a probe that was released', () => {
    const bench = halfOpen();
    const probe = bench.permit();
    bench.circuit.release(probe, bench.now);
    expect(bench.report(probe, FAIL).state).toBe('half_open');
    expect(bench.report(probe, OK).state).toBe('half_open');
  });

  it('counts one success per probe, however often it is reported', () => {
    const bench = halfOpen(1, 2);
    expect(bench.report(bench.permit(), OK, OK, OK).state).toBe('half_open');
  });

  it('does not fail a probe that succeeded for a slow success after it', () => {
    const bench = halfOpen(1, 2, 1000, { slow: { afterMs: 100, ratio: 1 } });
    expect(bench.report(bench.permit(), OK, SLOW).state).toBe('half_open');
  });

  it('opens again when a probe that succeeded is interrupted later', () => {
    const bench = halfOpen(1, 2);
    const probe = bench.permit();
    bench.report(probe, OK).wait(500).report(probe, FAIL);
    expect(bench.path.at(-1)).toBe('half_open > open: probe_failed');
  });

  it('does not hear the interruption once the circuit has closed: that is an older generation', () => {
    const bench = halfOpen(1, 1);
    const probe = bench.permit();
    bench.report(probe, OK).report(probe, FAIL);
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ state: 'closed', requests: 0 });
  });

  it('keeps probes out of the window, which shows what opened it', () => {
    const bench = halfOpen(1, 2).run(OK);
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ requests: 4, failures: 4 });
  });
});

describe('a lease', () => {
  it('holds for its whole time', () => {
    const bench = halfOpen(1, 1, 1000);
    bench.permit();
    expect(bench.wait(999).acquire().admitted).toBe(false);
    expect(bench.wait(1).acquire().admitted).toBe(true);
  });

  it('makes the result of a probe that was taken back count nowhere', () => {
    const bench = halfOpen(1, 1, 1000);
    const lost = bench.permit();
    const next = bench.wait(1000).permit();
    expect(bench.report(lost, FAIL).state).toBe('half_open');
    expect(bench.report(lost, OK).state).toBe('half_open');
    expect(bench.report(next, OK).state).toBe('closed');
  });

  it('does not silence a late probe that nobody needed back', () => {
    const bench = halfOpen(1, 1, 1000);
    const late = bench.permit();
    expect(bench.wait(5000).report(late, OK).state).toBe('closed');
  });

  it('takes back each probe at its own time', () => {
    const bench = halfOpen(2, 2, 1000);
    bench.permit();
    bench.wait(600).permit();
    bench.wait(400).permit();
    expect(bench.acquire()).toMatchObject({ admitted: false, retryAtMs: bench.now + 600 });
  });

  it('never leaves a circuit half-open for good: every probe may be lost', () => {
    const bench = halfOpen(2, 2, 1000);
    for (let round = 0; round < 10; round++) {
      bench.permit();
      bench.permit();
      expect(bench.acquire().admitted).toBe(false);
      bench.wait(1000);
    }
    expect(bench.run(OK, OK).state).toBe('closed');
  });
});

describe('a clock that steps back', () => {
  it('does not keep an open circuit open, nor open its gate early', () => {
    const bench = new Bench().open();
    bench.wait(-500_000);
    expect(bench.acquire()).toMatchObject({ reason: 'circuit_open' });
    expect(bench.wait(500_999).acquire().admitted).toBe(false);
    expect(bench.wait(1).acquire().admitted).toBe(true);
  });

  it('leaves the results in order', () => {
    const bench = new Bench()
      .run(FAIL)
      .wait(-100_000)
      .run(FAIL)
      .wait(100_000 + POLICY.window.durationMs);
    expect(bench.circuit.snapshot(bench.now).failures).toBe(2);
    expect(bench.circuit.snapshot(bench.now + 1).failures).toBe(0);
  });
});

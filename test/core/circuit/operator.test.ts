import { describe, expect, it } from 'vitest';
import { Circuit } from '../../../src/core/circuit/breaker.js';
import type { CircuitSnapshot } from '../../../src/core/circuit/state.js';
import { Bench, FAIL, OK, policy } from './support.js';

describe('a circuit forced open', () => {
  it('refuses until it is released, however long that takes', () => {
    const bench = new Bench();
    bench.circuit.force('forced_open', bench.now);
    bench.wait(86_400_000);
    expect(bench.acquire()).toEqual({ admitted: false, reason: 'forced_open', retryAtMs: bench.now + 1000 });
    expect(bench.state).toBe('forced_open');
  });

  it('starts afresh when released', () => {
    const bench = new Bench().open();
    for (let i = 0; i < 3; i++) bench.waitOpen().run(FAIL);
    bench.circuit.force('forced_open', bench.now);
    bench.circuit.force('auto', bench.now);
    expect(bench.path.slice(-2)).toEqual(['open > forced_open: operator', 'forced_open > closed: operator']);
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ requests: 0, consecutiveFailures: 0 });
    expect(bench.open().opensForMs).toBe(1000);
  });

  it('drops the results of requests that were under way', () => {
    const bench = new Bench();
    const early = bench.permit();
    bench.circuit.force('forced_open', bench.now);
    bench.report(early, FAIL);
    bench.circuit.force('auto', bench.now);
    bench.report(early, FAIL);
    expect(bench.circuit.snapshot(bench.now).requests).toBe(0);
  });
});

describe('a disabled circuit', () => {
  it('admits everything, keeps figures and never opens', () => {
    const bench = new Bench({ consecutiveFailures: 2 });
    bench.circuit.force('disabled', bench.now);
    bench.run(...Array(20).fill(FAIL));
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ state: 'disabled', requests: 10, failureRatio: 1 });
    expect(bench.acquire().admitted).toBe(true);
  });

  it('does not open by what it saw when it is released', () => {
    const bench = new Bench();
    bench.circuit.force('disabled', bench.now);
    bench.run(FAIL, FAIL, FAIL, FAIL);
    bench.circuit.force('auto', bench.now);
    expect(bench.run(FAIL).state).toBe('closed');
  });

  it('may be forced open directly', () => {
    const bench = new Bench();
    bench.circuit.force('disabled', bench.now);
    bench.circuit.force('forced_open', bench.now);
    expect(bench.path).toEqual(['closed > disabled: operator', 'disabled > forced_open: operator']);
  });
});

describe('auto, and what is already so', () => {
  it('does nothing to a circuit that nobody forced', () => {
    const bench = new Bench().open();
    const { retryAtMs } = bench;
    expect(bench.circuit.force('auto', bench.now)).toBe(true);
    expect(bench.retryAtMs).toBe(retryAtMs);
    expect(bench.told).toHaveLength(1);
  });

  it('tells nothing when it is asked for twice', () => {
    const bench = new Bench();
    for (let i = 0; i < 3; i++) expect(bench.circuit.force('forced_open', bench.now)).toBe(true);
    for (let i = 0; i < 3; i++) bench.circuit.force('disabled', bench.now);
    expect(bench.told).toHaveLength(2);
  });
});

describe('a reload', () => {
  it('keeps an open circuit open with its time, under shorter times too', () => {
    const bench = new Bench().open();
    const { retryAtMs } = bench;
    bench.circuit.reconfigure(policy({ open: { baseMs: 1, maxMs: 1, jitter: 0 } }), bench.now);
    expect(bench.retryAtMs).toBe(retryAtMs);
  });

  it('resizes the window and keeps the newest results', () => {
    const bench = new Bench({ minimumRequests: 100 }).run(FAIL, FAIL, FAIL, OK, OK, FAIL);
    bench.circuit.reconfigure(policy({ window: { requests: 3, durationMs: 60_000 } }), bench.now);
    expect(bench.circuit.snapshot(bench.now)).toMatchObject({ state: 'closed', requests: 3, failures: 1 });
  });

  it('keeps results under way in the same generation', () => {
    const bench = new Bench();
    const early = bench.permit();
    bench.circuit.reconfigure(policy({ failureRatio: 0.9 }), bench.now);
    bench.report(early, FAIL);
    expect(bench.circuit.snapshot(bench.now).requests).toBe(1);
  });

  it('judges by the new thresholds with the next result', () => {
    const bench = new Bench({ minimumRequests: 100 }).run(FAIL, FAIL, FAIL, FAIL);
    bench.circuit.reconfigure(policy(), bench.now);
    expect(bench.state).toBe('closed');
    expect(bench.run(OK).state).toBe('open');
  });

  it('holds for the probes already out', () => {
    const bench = new Bench({ halfOpen: { probes: 1, successes: 1, leaseMs: 60_000 } }).open().waitOpen();
    bench.permit();
    bench.circuit.reconfigure(policy({ halfOpen: { probes: 1, successes: 1, leaseMs: 100 } }), bench.now);
    expect(bench.acquire().admitted).toBe(false);
    expect(bench.wait(100).acquire().admitted).toBe(true);
  });

  it('keeps what was forced by hand', () => {
    const bench = new Bench();
    bench.circuit.force('forced_open', bench.now);
    bench.circuit.reconfigure(policy({ failureRatio: 0.1 }), bench.now);
    expect(bench.state).toBe('forced_open');
  });

  it('changes nothing where the window is no window', () => {
    const bench = new Bench().run(FAIL, FAIL, FAIL);
    expect(() => bench.circuit.reconfigure(policy({ window: { requests: 0, durationMs: 1 } }), bench.now)).toThrow(
      'circuit.window.requests is 0',
    );
    expect(bench.run(FAIL).state).toBe('open');
  });
});

describe('a snapshot', () => {
  it('shows a closed circuit', () => {
    const bench = new Bench().run(OK, OK, OK, FAIL);
    const expected: CircuitSnapshot = {
      cluster: 'a',
      target: null,
      state: 'closed',
      mode: 'enforce',
      requests: 4,
      failures: 1,
      failureRatio: 0.25,
      slowRatio: 0,
      consecutiveFailures: 1,
      openedAtMs: null,
      retryAtMs: null,
      reason: null,
      transitions: [],
    };
    expect(bench.circuit.snapshot(bench.now)).toEqual(expected);
  });

  it('shows an open one with its evidence, its time and its reason', () => {
    const bench = new Bench().run(OK, FAIL, FAIL, FAIL);
    const openedAtMs = bench.now;
    expect(bench.circuit.snapshot(bench.wait(500).now)).toMatchObject({
      state: 'open',
      failureRatio: 0.75,
      openedAtMs,
      retryAtMs: openedAtMs + 1000,
      reason: 'failure_ratio',
    });
  });

  it('shows an open circuit whose time is over as half-open, and changes nothing by that', () => {
    const bench = new Bench().open();
    const openedAtMs = bench.now;
    bench.waitOpen();
    for (let i = 0; i < 5; i++) {
      expect(bench.state).toBe('half_open');
      expect(bench.circuit.snapshot(bench.now)).toMatchObject({ state: 'half_open', openedAtMs, retryAtMs: null });
    }
    expect(bench.told).toHaveLength(1);
    expect(bench.permit().probe).toBe(true);
  });

  it('shows a ramp that is over as closed, and changes nothing by that', () => {
    const bench = new Bench({ rampMs: 1000 }).open().waitOpen().run(OK).wait(1000);
    expect(bench.state).toBe('closed');
    expect(bench.path.at(-1)).toContain('> recovering');
  });

  it('keeps the last twenty transitions, the newest last', () => {
    const bench = new Bench();
    for (let i = 0; i < 15; i++) {
      bench.circuit.force('forced_open', bench.wait(1).now);
      bench.circuit.force('auto', bench.wait(1).now);
    }
    const { transitions, reason } = bench.circuit.snapshot(bench.now);
    expect(transitions).toEqual(bench.told.slice(-20));
    expect(transitions).toHaveLength(20);
    expect(reason).toBe('operator');
  });

  it('is a copy', () => {
    const bench = new Bench();
    const before = bench.circuit.snapshot(bench.now);
    bench.open();
    expect(before.transitions).toEqual([]);
  });
});

describe('what is told of a transition', () => {
  it('carries the figures that opened the circuit and the time of the next probe', () => {
    const bench = new Bench({ consecutiveFailures: 3 }).run(OK, FAIL, FAIL, FAIL);
    expect(bench.told).toEqual([
      {
        cluster: 'a',
        target: null,
        from: 'closed',
        to: 'open',
        reason: 'consecutive_failures',
        atMs: bench.now,
        retryAtMs: bench.now + 1000,
        requests: 4,
        failures: 3,
        failureRatio: 0.75,
        slowRatio: 0,
        consecutiveFailures: 3,
      },
    ]);
  });

  it('carries an empty window when the circuit closes', () => {
    const bench = new Bench().open().waitOpen().run(OK);
    expect(bench.told.at(-1)).toMatchObject({ to: 'closed', retryAtMs: null, requests: 0, consecutiveFailures: 0 });
  });

  it('comes after the change is complete: a fault in the listener loses nothing', () => {
    const now = 1000;
    const circuit = new Circuit(
      'a',
      policy({ consecutiveFailures: 1 }),
      () => {
        throw new Error('listener');
      },
      () => 0,
    );
    const admission = circuit.acquire(now);
    if (!admission.admitted) throw new Error('refused');
    expect(() => circuit.report(admission.permit, FAIL, now)).toThrow('listener');
    expect(circuit.snapshot(now)).toMatchObject({ state: 'open', retryAtMs: 2000 });
    expect(circuit.acquire(now)).toMatchObject({ admitted: false });
  });
});

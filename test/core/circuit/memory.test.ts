// What a circuit takes along into the next process, beyond what the model in model.test.ts walks through: times that lie
// before the clock's zero, a policy that has changed meanwhile, memories that lie.

import { describe, expect, it } from 'vitest';
import { Circuit } from '../../../src/core/circuit/breaker.js';
import { type CircuitMemory, isBlank } from '../../../src/core/circuit/memory.js';
import type { Transition } from '../../../src/core/circuit/state.js';
import type { CircuitPolicy } from '../../../src/core/policy.js';
import { Bench, FAIL, failAskingFor, OK, policy, SLOW } from './support.js';

const ALL = { results: 1000, transitions: 20 };
/** A process that has just begun: what is remembered lies before the zero of its clock. */
const START = 300;

class Next {
  readonly told: Transition[] = [];
  readonly circuit: Circuit;
  now: number;

  constructor(memory: CircuitMemory, downMs: number, changes: Partial<CircuitPolicy> = {}) {
    this.circuit = new Circuit(
      'a',
      policy(changes),
      (transition) => this.told.push(transition),
      () => 0,
    );
    this.now = START;
    this.circuit.recall(memory, START - downMs, START);
  }

  shown() {
    return this.circuit.snapshot(this.now);
  }
}

function remembered(bench: Bench, limits = ALL): CircuitMemory {
  return bench.circuit.remember(limits, bench.now);
}

describe('a circuit that was open', () => {
  it('still refuses, until the very moment that the old one would have', () => {
    const bench = new Bench().open().wait(200);
    const next = new Next(remembered(bench), 300);
    expect(next.circuit.acquire(next.now)).toMatchObject({ admitted: false, retryAtMs: START + 500 });
    expect(next.circuit.state(START + 499)).toBe('open');
    expect(next.circuit.acquire(START + 500)).toMatchObject({ admitted: true, permit: { probe: true } });
    expect(next.told).toMatchObject([{ from: 'open', to: 'half_open', reason: 'open_time_over' }]);
  });

  it('asks for a probe at once where its time went by while nobody ran', () => {
    const next = new Next(remembered(new Bench().open()), 5000);
    expect(next.shown()).toMatchObject({ state: 'half_open', openedAtMs: START - 5000 });
    expect(next.circuit.acquire(next.now)).toMatchObject({ admitted: true, permit: { probe: true } });
  });

  it('shows why and since when, and what opened it', () => {
    const bench = new Bench().open();
    const next = new Next(remembered(bench), 100);
    expect(next.shown()).toEqual({
      ...bench.circuit.snapshot(bench.now),
      openedAtMs: START - 100,
      retryAtMs: START + 900,
      transitions: [{ ...bench.told[0], atMs: START - 100, retryAtMs: START + 900 }],
    });
  });

  it('never stays so for longer than the policy of now allows', () => {
    const next = new Next(remembered(new Bench({ open: { baseMs: 60_000, maxMs: 60_000, jitter: 0 } }).open()), 0, {
      open: { baseMs: 10, maxMs: 50, jitter: 0 },
    });
    expect(next.shown()).toMatchObject({ state: 'open', retryAtMs: START + 50 });
  });

  it('opens for longer the next time, as if it had never been away', () => {
    const bench = new Bench().open().waitOpen();
    bench.run(FAIL);
    expect(bench.opensForMs).toBe(2000);
    const next = new Next(remembered(bench), 2000);
    const probe = next.circuit.acquire(START);
    if (!probe.admitted) throw new Error(probe.reason);
    next.circuit.report(probe.permit, FAIL, START);
    expect(next.shown().retryAtMs).toBe(START + 4000);
  });
});

describe('a circuit that was half open', () => {
  it('has all of its probes again, for whoever held one is gone', () => {
    const bench = new Bench({ halfOpen: { probes: 2, successes: 2, leaseMs: 30_000 } }).open().waitOpen();
    const [first] = [bench.permit(), bench.permit()];
    bench.report(first, OK);
    const next = new Next(remembered(bench), 10, { halfOpen: { probes: 2, successes: 2, leaseMs: 30_000 } });
    expect(next.shown()).toMatchObject({ state: 'half_open', openedAtMs: START - 1010 });
    expect([1, 2, 3].map(() => next.circuit.acquire(START).admitted)).toEqual([true, true, false]);
  });
});

describe('a circuit that was closed', () => {
  it('opens on the failure that the old one was short of', () => {
    const bench = new Bench().run(FAIL, OK, OK);
    const next = new Next(remembered(bench), 100);
    expect(next.shown()).toMatchObject({ requests: 3, failures: 1 });
    const admission = next.circuit.acquire(START);
    if (admission.admitted) next.circuit.report(admission.permit, FAIL, START);
    expect(next.told).toMatchObject([{ to: 'open', reason: 'failure_ratio', requests: 4, failures: 2 }]);
  });

  it('forgets results that grew too old while nobody ran, and keeps those that did not', () => {
    const bench = new Bench().run(FAIL).wait(30_000).run(OK);
    expect(new Next(remembered(bench), 30_000).shown().requests).toBe(2);
    expect(new Next(remembered(bench), 30_001).shown().requests).toBe(1);
    expect(new Next(remembered(bench), 60_001).shown().requests).toBe(0);
  });

  it('keeps its streak whatever the window', () => {
    const bench = new Bench({ consecutiveFailures: 3, failureRatio: 1 }).run(OK, FAIL, FAIL);
    const next = new Next(remembered(bench), 3_600_000, { consecutiveFailures: 3, failureRatio: 1 });
    const admission = next.circuit.acquire(START);
    if (admission.admitted) next.circuit.report(admission.permit, FAIL, START);
    expect(next.told).toMatchObject([{ reason: 'consecutive_failures' }]);
  });

  it('keeps until when the server asked to be left alone', () => {
    const bench = new Bench().run(failAskingFor(10_000), OK, OK);
    bench.run(failAskingFor(10_000));
    expect(bench.opensForMs).toBe(10_000);
    const before = new Bench().run(OK, OK, failAskingFor(10_000));
    const next = new Next(remembered(before), 4000);
    const admission = next.circuit.acquire(START);
    if (admission.admitted) next.circuit.report(admission.permit, FAIL, START);
    expect(next.shown().retryAtMs).toBe(START + 6000);
  });

  it('counts the health of before: it opens no longer than the first time after as long a time in peace', () => {
    const bench = new Bench().open().waitOpen().run(OK);
    bench.wait(600);
    const next = new Next(remembered(bench), 600);
    for (let i = 0; i < 4; i++) {
      const admission = next.circuit.acquire(START);
      if (admission.admitted) next.circuit.report(admission.permit, FAIL, START);
    }
    expect(next.shown().retryAtMs).toBe(START + 1000);
  });

  it('opens for longer where it had hardly closed', () => {
    const bench = new Bench().open().waitOpen().run(OK);
    bench.wait(100);
    const next = new Next(remembered(bench), 100);
    for (let i = 0; i < 4; i++) {
      const admission = next.circuit.acquire(START);
      if (admission.admitted) next.circuit.report(admission.permit, FAIL, START);
    }
    expect(next.shown().retryAtMs).toBe(START + 2000);
  });
});

describe('other states', () => {
  it('a ramp goes on where it was', () => {
    const bench = new Bench({ rampMs: 1000 }).open().waitOpen().run(OK).wait(250);
    expect(bench.state).toBe('recovering');
    const memory = remembered(bench);
    expect(new Next(memory, 250, { rampMs: 1000 }).shown().state).toBe('recovering');
    expect(new Next(memory, 750, { rampMs: 1000 }).shown().state).toBe('closed');
  });

  it.each(['forced_open', 'disabled'] as const)('what a hand set to %s stays so', (state) => {
    const bench = new Bench();
    bench.circuit.force(state, bench.now);
    expect(new Next(remembered(bench), 600_000).shown()).toMatchObject({ state, reason: 'operator' });
  });

  it('of one that is off now nothing stays but its history', () => {
    const next = new Next(remembered(new Bench().open()), 0, { mode: 'off' });
    expect(next.shown()).toMatchObject({ state: 'closed', requests: 0, reason: 'failure_ratio' });
  });
});

describe('a memory', () => {
  it('is blank for a circuit that knows nothing, and only then', () => {
    expect(isBlank(remembered(new Bench()))).toBe(true);
    const disabled = new Bench();
    disabled.circuit.force('disabled', disabled.now);
    const benches = [new Bench().run(OK), new Bench().run(FAIL), new Bench().open(), disabled];
    for (const bench of benches) expect(isBlank(remembered(bench))).toBe(false);
  });

  it('is no larger than asked for, and keeps the newest', () => {
    const bench = new Bench().open().waitOpen().run(OK, OK, SLOW, FAIL);
    const { tally, transitions } = remembered(bench, { results: 2, transitions: 1 });
    expect(tally.results.flags).toEqual([0, 1]);
    expect(transitions).toMatchObject([{ to: 'closed' }]);
  });

  it('larger than the window of now leaves only what fits it', () => {
    const bench = new Bench().run(FAIL, OK, OK, OK, OK, OK);
    const next = new Next(remembered(bench), 0, { window: { requests: 3, durationMs: 60_000 } });
    expect(next.shown()).toMatchObject({ requests: 3, failures: 0 });
  });

  it('cannot place anything in the future but the end of an open time', () => {
    const lying: CircuitMemory = {
      phase: { kind: 'open', openedAtMs: 1e9, retryAtMs: 1e9 },
      openTime: { level: 3, lastOpenMs: 1000, closedAtMs: 1e9 },
      tally: { results: { atMs: [1e9], flags: [1] }, consecutiveFailures: 0, askedUntilMs: null },
      transitions: [],
    };
    const next = new Next(lying, 0);
    expect(next.shown()).toMatchObject({ openedAtMs: START, retryAtMs: START + 60_000 });
    expect(next.circuit.snapshot(START + 60_001).requests).toBe(0);
  });
});

// What the next process takes of what the last one remembered: under its own policy, within its own bounds.

import { describe, expect, it } from 'vitest';
import { CircuitRegistry } from '../../src/core/circuit/registry.js';
import type { Transition } from '../../src/core/circuit/state.js';
import { type Remembered, recallAll, rememberAll } from '../../src/core/recall.js';
import { budgetOf } from '../../src/core/retry/budget-of.js';
import { policyOf } from '../support/core-world.js';
import { FAIL, OK } from './circuit/support.js';

const ALL = { results: 100, transitions: 20 };
const KEYED = { clusters: { models: { key: { header: 'x-model', max: 3 }, targets: { listed: {} } } } };

class Process {
  readonly told: Transition[] = [];
  readonly circuits: CircuitRegistry;
  readonly policy;

  constructor(document: unknown = {}, maxCircuits = 1000) {
    const defaults = { defaults: { circuit: { consecutiveFailures: 1, open: { base: '60s' } } } };
    this.policy = policyOf({ ...defaults, ...(document as object) });
    this.circuits = new CircuitRegistry({
      policyFor: (cluster, target) => this.policy.forTarget(cluster, target, '').circuit,
      onTransition: (transition) => this.told.push(transition),
      random: () => 0,
      onDropped: () => undefined,
      maxCircuits,
    });
  }

  run(cluster: string, target: string | null, result: typeof OK, now = 0): this {
    const circuit = this.circuits.use(cluster, now, target);
    const admission = circuit.acquire(now);
    if (admission.admitted) circuit.report(admission.permit, result, now);
    return this;
  }

  budget(cluster: string, target: string | null = null, now = 0) {
    const { budget } = this.policy.forTarget(cluster, target, '').retry;
    return budgetOf(this.circuits.use(cluster, now, target), budget, now);
  }

  remember(): Remembered[] {
    return [...rememberAll(this, ALL, 0)];
  }

  states(): string[] {
    return this.circuits.all(0).map(({ cluster, target, state }) => `${cluster}/${target} ${state}`);
  }
}

describe('the next process', () => {
  it('has every circuit of a cluster and a target in the state it was in, and tells of no change', () => {
    const before = new Process(KEYED).run('a', null, FAIL).run('b', null, OK).run('models', 'large', FAIL);
    const after = new Process(KEYED);
    expect(recallAll(after, before.remember(), 0, 0)).toEqual({ circuits: 3, leftOut: 0 });
    expect(after.states().sort()).toEqual(['a/null open', 'b/null closed', 'models/large open']);
    expect(after.told).toEqual([]);
  });

  it('has every budget with what was spent of it', () => {
    const before = new Process();
    const budget = before.budget('a');
    for (let i = 0; i < 7; i++) budget.tryWithdraw(0);
    const left = budget.remaining(0);
    const after = new Process();
    recallAll(after, before.remember(), 0, 0);
    expect(after.budget('a').remaining(0)).toBe(left);
    expect(left).toBeLessThan(new Process().budget('a').remaining(0));
  });

  it('is not told of circuits that know nothing', () => {
    const before = new Process();
    before.circuits.use('idle', 0);
    before.budget('unspent');
    expect(before.remember()).toEqual([]);
  });

  it('lets a circuit that is not closed never make room for another, as before the restart', () => {
    const before = new Process().run('open', null, FAIL).run('closed', null, OK);
    const after = new Process({}, 2);
    recallAll(after, before.remember(), 0, 0);
    after.run('new', null, OK).run('newer', null, OK);
    expect(after.states()).toEqual(['open/null open', 'newer/null closed']);
  });

  it('changes a circuit on as if it had made it itself', () => {
    const after = new Process();
    recallAll(after, new Process().run('a', null, FAIL).remember(), 0, 0);
    after.run('a', null, OK, 120_000);
    expect(after.told).toMatchObject([
      { from: 'open', to: 'half_open' },
      { from: 'half_open', to: 'closed' },
    ]);
  });

  it('leaves what it has already as it is', () => {
    const after = new Process().run('a', null, OK);
    expect(recallAll(after, new Process().run('a', null, FAIL).remember(), 0, 0)).toEqual({ circuits: 0, leftOut: 1 });
    expect(after.states()).toEqual(['a/null closed']);
  });
});

describe('under another policy', () => {
  const targets = ['one', 'two', 'three', 'four', 'listed'];
  const before = new Process({ clusters: { models: { key: { header: 'x-model', max: 100 } } } });
  for (const target of targets) before.run('models', target, target === 'four' ? FAIL : OK);

  it('only as many targets are recalled as it keeps apart, those that are not closed and those it lists among them', () => {
    const after = new Process(KEYED);
    expect(recallAll(after, before.remember(), 0, 0)).toEqual({ circuits: 4, leftOut: 1 });
    expect(after.states().sort()).toEqual([
      'models/four open',
      'models/listed closed',
      'models/one closed',
      'models/two closed',
    ]);
  });

  it('no target is recalled of a cluster that is not split any more', () => {
    const after = new Process();
    expect(recallAll(after, before.remember(), 0, 0)).toEqual({ circuits: 0, leftOut: 5 });
    expect(after.circuits.size).toBe(0);
  });

  it('a cluster that it does not name has the defaults, as any other', () => {
    const old = new Process({ clusters: { gone: { circuit: { consecutiveFailures: 1 } } } }).run('gone', null, FAIL);
    const after = new Process();
    recallAll(after, old.remember(), 0, 0);
    expect(after.states()).toEqual(['gone/null open']);
  });

  it('a circuit that is off now does not hold anything back', () => {
    const after = new Process({ defaults: { circuit: { mode: 'off' } } });
    recallAll(after, new Process().run('a', null, FAIL).remember(), 0, 0);
    expect(after.circuits.use('a', 0).acquire(0).admitted).toBe(true);
  });

  it('more circuits than it has room for are left out, closed ones first', () => {
    const many = new Process();
    for (let i = 0; i < 20; i++) many.run(`c${i}`, null, i < 15 ? OK : FAIL);
    const after = new Process({}, 8);
    expect(recallAll(after, many.remember(), 0, 0)).toEqual({ circuits: 8, leftOut: 12 });
    expect(after.circuits.all(0).filter(({ state }) => state === 'open')).toHaveLength(5);
  });
});

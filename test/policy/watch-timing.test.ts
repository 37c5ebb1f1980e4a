// When the file is looked at, and what is made of a file in the middle of a change: with a world of our own, in
// which time moves only when the test says so.

import { beforeEach, describe, expect, it } from 'vitest';
import type { PolicyText } from '../../src/policy/read.js';
import { type PolicyChange, type PolicyWatch, watchPolicy } from '../../src/policy/watch.js';
import type { Handle, WatchIo } from '../../src/policy/watch-io.js';

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** One directory with one file in it. */
class World implements WatchIo {
  nowMs = 0;
  text: string | null = 'one';
  version = 1;
  directory = 1;
  reads = 0;
  watches = 0;
  openWatches = 0;
  canWatch = true;
  /** Runs in the middle of a read. */
  duringRead: () => void = () => undefined;
  readonly timers = new Set<Timer>();
  event: () => void = () => undefined;
  fail: () => void = () => undefined;

  watch(_directory: string, onEvent: () => void, onFailure: () => void): Handle {
    if (!this.canWatch) throw new Error('ENOSPC');
    this.watches++;
    this.openWatches++;
    this.event = onEvent;
    this.fail = onFailure;
    return { close: () => this.openWatches-- };
  }

  async identity(path: string): Promise<string | null> {
    if (path === '/etc/sluice') return `directory ${this.directory}`;
    return this.text === null ? null : `file ${this.version}`;
  }

  async read(): Promise<PolicyText> {
    this.reads++;
    const { text } = this;
    this.duringRead();
    return text === null ? { ok: false, missing: true, message: 'does not exist' } : { ok: true, text };
  }

  later(delayMs: number, run: () => void): Handle {
    const timer = { atMs: this.nowMs + delayMs, run };
    this.timers.add(timer);
    return { close: () => this.timers.delete(timer) };
  }

  write(text: string | null): void {
    this.text = text;
    this.version++;
    this.event();
  }

  /** Lets time pass, timer by timer, and everything that each starts come to its end. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    await settle();
    for (;;) {
      const due = [...this.timers].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.timers.delete(due);
      this.nowMs = due.atMs;
      due.run();
      await settle();
    }
    this.nowMs = untilMs;
  }
}

/** The world's own promises resolve at once, so one turn of the event loop is enough for all of them. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('watching', () => {
  let world: World;
  let calls: PolicyChange[];
  let watch: PolicyWatch;

  beforeEach(async () => {
    world = new World();
    calls = [];
    watch = watchPolicy('/etc/sluice/policy.yaml', (change) => calls.push(change), { initialText: 'one', io: world });
    await world.pass(0);
  });

  it('reads once for a burst of events, when it has been quiet for 100 ms', async () => {
    const before = world.reads;
    for (const text of ['t', 'tw', 'two']) {
      world.write(text);
      await world.pass(99);
    }
    expect(world.reads).toBe(before);
    await world.pass(1);
    expect(world.reads).toBe(before + 1);
    expect(calls).toEqual([{ kind: 'changed', text: 'two' }]);
  });

  it('does not wait for quiet for ever', async () => {
    for (let index = 0; index < 60; index++) {
      world.write(`text ${index}`);
      await world.pass(50);
    }
    expect(calls.length).toBeGreaterThanOrEqual(1);
    expect(calls.length).toBeLessThanOrEqual(4);
  });

  it('says nothing where the file is written with the same content', async () => {
    world.write('one');
    await world.pass(60_000);
    expect(calls).toEqual([]);
  });

  it('reads after an event although time, size and inode of the file are the same', async () => {
    world.text = 'two';
    world.event();
    await world.pass(100);
    expect(calls).toEqual([{ kind: 'changed', text: 'two' }]);
  });

  it('reads again where the file changed while it was read', async () => {
    world.duringRead = () => {
      world.duringRead = () => undefined;
      world.text = 'two, complete';
      world.version++;
    };
    world.write('two, incom');
    await world.pass(1_000);
    expect(calls).toEqual([{ kind: 'changed', text: 'two, complete' }]);
  });

  it('does not take a file that was just emptied for a new policy', async () => {
    world.write('');
    await world.pass(500);
    world.write('two');
    await world.pass(1_000);
    expect(calls).toEqual([{ kind: 'changed', text: 'two' }]);
  });

  it('takes a file that stays empty for what it is', async () => {
    world.write('');
    await world.pass(900);
    expect(calls).toEqual([]);
    await world.pass(500);
    expect(calls).toEqual([{ kind: 'changed', text: '' }]);
  });

  it('tells of a missing file once, and that it is back, though unchanged', async () => {
    world.write(null);
    await world.pass(60_000);
    world.write('one');
    await world.pass(60_000);
    expect(calls).toEqual([
      { kind: 'unreadable', missing: true, message: 'does not exist' },
      { kind: 'changed', text: 'one' },
    ]);
  });

  it('tells of a missing file again when it is gone again', async () => {
    for (const text of [null, 'one', null]) {
      world.write(text);
      await world.pass(1_000);
    }
    expect(calls.map(({ kind }) => kind)).toEqual(['unreadable', 'changed', 'unreadable']);
  });

  it('looks every 10 s without events, and reads only where something is different', async () => {
    const before = world.reads;
    await world.pass(60_000);
    expect(world.reads).toBe(before);
    world.text = 'two';
    world.version++;
    await world.pass(9_999);
    expect(calls).toEqual([]);
    await world.pass(1);
    expect(calls).toEqual([{ kind: 'changed', text: 'two' }]);
  });

  it('watches the new directory where the old one was replaced', async () => {
    world.directory++;
    await world.pass(10_000);
    expect([world.watches, world.openWatches]).toEqual([2, 1]);
  });

  it('looks every second where events have failed, until they work again', async () => {
    world.canWatch = false;
    world.fail();
    await world.pass(200);
    expect(world.openWatches).toBe(0);
    world.text = 'two';
    world.version++;
    await world.pass(1_000);
    expect(calls).toEqual([{ kind: 'changed', text: 'two' }]);
    world.canWatch = true;
    await world.pass(1_000);
    expect(world.openWatches).toBe(1);
  });

  it('releases everything when it is closed, and calls nobody afterwards', async () => {
    world.write('two');
    watch.close();
    watch.close();
    await world.pass(60_000);
    expect([world.timers.size, world.openWatches, calls.length]).toEqual([0, 0, 0]);
  });

  it('calls nobody where it is closed in the middle of a look', async () => {
    world.duringRead = () => watch.close();
    world.write('two');
    await world.pass(60_000);
    expect([world.timers.size, calls.length]).toEqual([0, 0]);
  });

  it('only learns at its first look where no text in force is given', async () => {
    const learnt: PolicyChange[] = [];
    const other = new World();
    const second = watchPolicy('/etc/sluice/policy.yaml', (change) => learnt.push(change), { io: other });
    await other.pass(0);
    expect([other.reads, learnt.length]).toEqual([1, 0]);
    other.write('two');
    await other.pass(100);
    expect(learnt).toEqual([{ kind: 'changed', text: 'two' }]);
    second.close();
  });
});

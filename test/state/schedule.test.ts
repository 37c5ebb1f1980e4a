import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Schedule } from '../../src/state/schedule.js';

const INTERVAL_MS = 10_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** Each saving takes `tookMs`. */
function world(tookMs = 0) {
  const begun: number[] = [];
  const start = performance.now();
  let running = 0;
  const schedule = new Schedule({
    intervalMs: INTERVAL_MS,
    save: async () => {
      expect(++running).toBe(1);
      begun.push(performance.now() - start);
      if (tookMs > 0) await new Promise((resolve) => setTimeout(resolve, tookMs));
      running--;
    },
  });
  return { schedule, begun, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms) };
}

describe('the file is saved', () => {
  it('soon after the start, and from then on every so often', async () => {
    const { begun, pass } = world();
    await pass(2 * INTERVAL_MS + 1000);
    expect(begun).toEqual([100, 100 + INTERVAL_MS, 100 + 2 * INTERVAL_MS]);
  });

  it('soon after a change, once for several that come together', async () => {
    const { schedule, begun, pass } = world();
    await pass(5000);
    schedule.changed();
    await pass(50);
    schedule.changed();
    await pass(1000);
    expect(begun).toEqual([100, 5100]);
  });

  it('at most once a second however often circuits change', async () => {
    const { schedule, begun, pass } = world();
    for (let i = 0; i < 500; i++) {
      schedule.changed();
      await pass(20);
    }
    expect(begun.length).toBeGreaterThan(8);
    expect(begun.length).toBeLessThan(12);
  });

  it('less often where it takes long, but never more than five seconds late', async () => {
    const { schedule, begun, pass } = world(1000);
    for (let i = 0; i < 100; i++) {
      schedule.changed();
      await pass(1000);
    }
    expect(begun.slice(0, 4)).toEqual([100, 6_100, 12_100, 18_100]);
  });

  it('again where a change came while it was being saved', async () => {
    const { schedule, begun, pass } = world(40);
    await pass(120);
    schedule.changed();
    await pass(2000);
    expect(begun).toEqual([100, 1140]);
  });

  it('a last time at the end, after one that is under way, and never again', async () => {
    const { schedule, begun, pass } = world(40);
    await pass(120);
    const closed = schedule.close();
    await pass(30_000);
    await closed;
    schedule.changed();
    await pass(30_000);
    expect(begun).toEqual([100, 140]);
  });
});

// The process's clocks, in one place: the core is given time, it never asks for it.

// The global of that name is looked up at every use.
import { performance } from 'node:perf_hooks';

/** Monotonic milliseconds. */
export function monotonicNow(): number {
  return performance.now();
}

/** How far the two clocks may drift apart before the offset is taken anew. Above the wall clock's whole milliseconds. */
const TOLERANCE_MS = 5;
/** Longer between two looks at a clock, and the process was not running: what they show does not belong together. */
const AT_ONCE_MS = 1;
let offsetMs = Date.now() - performance.now();

/**
 * Wall clock time of a monotonic instant, as ISO 8601. The same instant gives the same text at every call, so that two
 * answers can be compared, until the wall clock is set.
 */
export function toIso(monotonicMs: number): string {
  const before = performance.now();
  const current = Date.now() - before;
  const atOnce = performance.now() - before < AT_ONCE_MS;
  if (atOnce && Math.abs(current - offsetMs) > TOLERANCE_MS) offsetMs = current;
  return new Date(offsetMs + monotonicMs).toISOString();
}

/** Calls `then` once after `ms`, unless the returned function is called before. Does not keep the process alive. */
export function after(ms: number, then: () => void): () => void {
  const timer = setTimeout(then, ms);
  timer.unref();
  return () => clearTimeout(timer);
}

const STEP_MS = 1000;

/**
 * Gives a function that tells, at each call, whether the wall clock was set by more than a second since the one before.
 * Nothing is decided by it: those who compare times of several machines want to know.
 */
export function clockSteps(now: () => number = monotonicNow, wallNow: () => number = Date.now): () => boolean {
  let known = wallNow() - now();
  return () => {
    const current = wallNow() - now();
    const stepped = Math.abs(current - known) > STEP_MS;
    known = current;
    return stepped;
  };
}

/**
 * Gives a function that, called every `everyMs`, tells whether a call came more than `lateMs` too late: then the process
 * did not get to run, and neither did anything else in it.
 */
export function stalls(everyMs: number, lateMs: number, now: () => number = monotonicNow): () => boolean {
  let lastMs = now();
  return () => {
    const currentMs = now();
    const stalled = currentMs - lastMs > everyMs + lateMs;
    lastMs = currentMs;
    return stalled;
  };
}

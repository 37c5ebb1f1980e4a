// The process's clocks, in one place: the core is given time, it never asks for it.

/** Monotonic milliseconds. */
export function monotonicNow(): number {
  return performance.now();
}

/** Wall clock time of a monotonic instant, as ISO 8601. The wall clock may be set meanwhile: it is read at each call. */
export function toIso(monotonicMs: number): string {
  return new Date(Date.now() - (performance.now() - monotonicMs)).toISOString();
}

/** Calls `then` once after `ms`, unless the returned function is called before. Does not keep the process alive. */
export function after(ms: number, then: () => void): () => void {
  const timer = setTimeout(then, ms);
  timer.unref();
  return () => clearTimeout(timer);
}

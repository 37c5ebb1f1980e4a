// Some evidence comes when it comes: the trace lags behind the answer. Tests wait for the fact, never for a time.

const PAUSE_MS = 15;

/**
 * Repeats `attempt` until it no longer throws, and gives what it returned.
 * @param timeoutMs after which the last error is thrown; 20,000 unless told.
 */
export async function eventually<T>(attempt: () => T | Promise<T>, timeoutMs = 20_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await pause(PAUSE_MS);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// The policy of the fault tests: every upstream of the load is healthy, so a circuit that opens did so for the wrong
// reason. It takes few failures, and no cluster has a fallback that would hide it.

const circuit = {
  window: { requests: 100, duration: '10s' },
  failureRatio: 0.5,
  minimumRequests: 5,
  open: { base: '200ms', max: '1s', jitter: 0 },
  halfOpen: { probes: 1, successes: 1, lease: '2s' },
};

export const POLICY = {
  defaults: { circuit, retry: { maxRetries: 1 } },
  clusters: { flaky: { retry: { judge: true, statuses: [503], backoff: { base: '10ms', jitter: 'none' } } } },
};

/** Two upstreams that fail by turns, and what saves their requests. */
export const FLAPPING_POLICY = {
  defaults: { circuit, retry: { maxRetries: 2, budget: { ratio: 1, minPerSecond: 1000 } } },
  clusters: {
    primary: { fallback: ['secondary'] },
    flaky: {
      fallback: ['secondary'],
      retry: { judge: true, statuses: [503], backoff: { base: '1ms', jitter: 'none' } },
    },
  },
};

/** What the load asks for: a cluster with a judge, one with two hosts, and plain ones. */
export function pathOf(index: number): string {
  return ['/primary/x', '/flaky/x', '/pool/x', '/provider/x'][index % 4] ?? '/primary/x';
}

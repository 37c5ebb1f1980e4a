// What Sluice says of itself at one moment. The demo knows nothing of what happens but what these public interfaces
// tell: whoever runs Sluice can see the same.

import type { Metrics } from '../support/metrics.js';
import type { Sluice } from '../support/sluice.js';
import type { CircuitDetailView, RequestView } from '../support/views.js';

export interface Snapshot {
  readonly circuits: readonly CircuitDetailView[];
  /** Newest first. */
  readonly requests: readonly RequestView[];
  readonly metrics: Metrics;
}

/** More than come between two looks, also on a machine that is busy. */
const REQUESTS = 400;

export async function takeSnapshot(sluice: Sluice): Promise<Snapshot> {
  const [circuits, requests, metrics] = await Promise.all([
    sluice.circuits(),
    read<{ requests: RequestView[] }>(sluice, `/requests?limit=${REQUESTS}`),
    sluice.metrics(),
  ]);
  const details = circuits.map(({ cluster }) =>
    read<CircuitDetailView>(sluice, `/circuits/${encodeURIComponent(cluster)}`),
  );
  return { circuits: await Promise.all(details), requests: requests.requests, metrics };
}

async function read<T>(sluice: Sluice, path: string): Promise<T> {
  const response = await sluice.fetch(path);
  if (!response.ok) throw new Error(`Sluice answered ${path} with ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

export function circuitOf(snapshot: Pick<Snapshot, 'circuits'>, cluster: string): CircuitDetailView | undefined {
  return snapshot.circuits.find((circuit) => circuit.cluster === cluster);
}

// A sidecar's core as app.ts wires it, its observers included, for benchmarks that leave the rest out.

import { CircuitRegistry } from '../../../src/core/circuit/registry.js';
import { Engine } from '../../../src/core/engine.js';
import type { Evidence } from '../../../src/core/evidence.js';
import { keepYoungObjectsYoung } from '../../../src/heap.js';
import { randomIds } from '../../../src/ids.js';
import { Logger } from '../../../src/observe/logger.js';
import { Metrics } from '../../../src/observe/metrics.js';
import { createObserver } from '../../../src/observe/observer.js';
import { Records } from '../../../src/observe/records.js';
import { policyOf } from '../../support/core-world.js';

keepYoungObjectsYoung();
const now = () => performance.now();
const logger = new Logger({ level: 'silent', now, toIso: String });

/** `window`: results that each circuit keeps. */
export function sidecar(window: number) {
  const policy = policyOf({ defaults: { circuit: { window: { requests: window }, minimumRequests: 10 } } });
  const metrics = new Metrics({ version: 'bench', processMetrics: false });
  const observer = createObserver({ metrics, records: new Records(), logger });
  const circuits = new CircuitRegistry({
    policyFor: (cluster, target) => policy.forTarget(cluster, target, '').circuit,
    onTransition: (transition) => observer.transition(transition),
    onDropped: () => observer.dropped('cluster'),
    random: Math.random,
  });
  const engine = new Engine({ policy, circuits, observer, random: Math.random, newId: randomIds() });
  return { engine, metrics, deps: { engine, now, wallNow: Date.now, after: () => () => {} } };
}

/** What the trace tells of an attempt that succeeded. */
export const GOOD: Evidence = {
  source: 'trace',
  flags: 0,
  status: 200,
  grpcStatus: null,
  written: true,
  transportFailure: '',
  details: 'via_upstream',
  host: '10.0.0.1:80',
  durationMs: 3,
};

/** Of this process, kernel and garbage collection included. */
export function cpuNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

// Did what the demo shows really happen? Every item is held against three witnesses: what Sluice tells (its records,
// circuits and metrics), what the client was answered, and what reached the upstreams.

import type { Metrics } from '../support/metrics.js';
import type { CircuitDetailView, RequestView } from '../support/views.js';
import { circuitChecks } from './circuit-checks.js';
import { requestChecks } from './request-checks.js';
import type { ClientAnswer } from './traffic.js';

export interface Evidence {
  /** Everything that /requests has shown, each in its last version. */
  readonly requests: readonly RequestView[];
  readonly circuits: readonly CircuitDetailView[];
  readonly metrics: Metrics;
  /** By path. */
  readonly answers: ReadonlyMap<string, ClientAnswer>;
  /** How often a request with that path reached that upstream. */
  readonly received: (upstream: string, path: string) => number;
}

export interface Check {
  readonly what: string;
  /** Null where it held not (yet); else what shows it, in few words. */
  readonly proof: (evidence: Evidence) => string | null;
}

export interface Finding {
  readonly what: string;
  readonly proof: string | null;
}

export const CHECKS: readonly Check[] = [...requestChecks, ...circuitChecks];

export function findings(evidence: Evidence, checks: readonly Check[] = CHECKS): Finding[] {
  return checks.map(({ what, proof }) => ({ what, proof: proof(evidence) }));
}

export function allHold(found: readonly Finding[]): boolean {
  return found.every(({ proof }) => proof !== null);
}

export function report(found: readonly Finding[]): string[] {
  return found.map(({ what, proof }) => (proof === null ? `MISSING  ${what}` : `ok       ${what}: ${proof}`));
}

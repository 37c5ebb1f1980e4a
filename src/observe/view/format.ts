// How figures are written for people, on the page and in the terminal alike.

import type { CircuitState, Result, TransitionReason } from '../../core/reasons.js';
import { printable } from '../printable.js';
import type { RequestJson } from '../records/json.js';

/** What a word means for an operator; how that looks is each view's own business. */
export type Tone = 'good' | 'bad' | 'change' | 'quiet';

export function stateTone(state: CircuitState): Tone {
  switch (state) {
    case 'closed':
      return 'good';
    case 'open':
    case 'forced_open':
      return 'bad';
    case 'half_open':
    case 'recovering':
      return 'change';
    case 'disabled':
      return 'quiet';
  }
}

export function resultTone(result: Result): Tone {
  switch (result) {
    case 'success':
      return 'good';
    case 'failure':
    case 'short_circuited':
    case 'refused':
      return 'bad';
    case 'pending':
      return 'change';
    case 'cancelled':
    case 'unknown':
      return 'quiet';
  }
}

/** `cluster`, or `cluster / target`. */
export function nameOf({ cluster, target }: { readonly cluster: string; readonly target: string | null }): string {
  return target === null ? printable(cluster) : `${printable(cluster)} / ${printable(target)}`;
}

/** The routed cluster, and the others that attempts went to. */
export function wayOf(request: RequestJson): string {
  const stops = [nameOf(request)];
  for (const attempt of request.attempts) {
    const stop = nameOf(attempt);
    if (attempt.cluster !== '' && stops.at(-1) !== stop) stops.push(stop);
  }
  return stops.join(' > ');
}

/** The words that say most of a request where something happened. */
export function whyOf({ decision, reason, notRetried, attempts }: RequestJson): string {
  const error = attempts.findLast((attempt) => attempt.error !== null)?.error ?? null;
  const rerouted = decision === 'reroute' ? 'rerouted' : null;
  const refused = reason === null && notRetried !== null ? `not retried: ${notRetried}` : null;
  return [rerouted, reason ?? error, refused].filter((word) => word !== null).join(', ');
}

/** Attempts after the first that are known of. */
export function retriesOf({ attempts }: Pick<RequestJson, 'attempts'>): number {
  return Math.max(0, ...attempts.map(({ attempt }) => attempt - 1));
}

/** `1 retry`, `2 retries`. */
export function retriesText(count: number): string {
  return `${count} ${count === 1 ? 'retry' : 'retries'}`;
}

export interface Against {
  readonly count: number;
  readonly ratio: number;
  /** 'slow': they did not fail, and opened the circuit for being slow. */
  readonly what: 'failed' | 'slow';
}

/** The results that count against a circuit: the slow ones where they opened it, else the failures. */
export function against(circuit: {
  readonly reason: TransitionReason | null;
  readonly requests: number;
  readonly failures: number;
  readonly failureRatio: number;
  readonly slowRatio: number;
}): Against {
  const { reason, requests, failures, failureRatio, slowRatio } = circuit;
  if (reason !== 'slow_ratio') return { count: failures, ratio: failureRatio, what: 'failed' };
  return { count: Math.round(slowRatio * requests), ratio: slowRatio, what: 'slow' };
}

/** `0 ms`, `850 us`, `12 ms`, `3.4 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms > 0 && ms < 1) return `${Math.round(ms * 1000)} us`;
  if (ms < 1000) return `${ms < 10 ? trimmed(ms) : Math.round(ms)} ms`;
  if (ms < 60_000) return `${trimmed(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Whole percent; what is not all or nothing never looks like it. */
export function percent(ratio: number): string {
  const whole = Math.round(ratio * 100);
  if (ratio > 0 && whole === 0) return '<1%';
  if (ratio < 1 && whole === 100) return '>99%';
  return `${whole}%`;
}

/** Until an instant, in whole seconds rounded up; null: it is over, or there is none. */
export function until(iso: string | null, nowMs: number): string | null {
  const leftMs = iso === null ? 0 : Date.parse(iso) - nowMs;
  return leftMs > 0 ? seconds(Math.ceil(leftMs / 1000)) : null;
}

/** Since an instant, in whole seconds. */
export function since(iso: string, nowMs: number): string {
  return seconds(Math.max(0, Math.floor((nowMs - Date.parse(iso)) / 1000)));
}

function seconds(count: number): string {
  if (count < 60) return `${count} s`;
  if (count < 3600) return `${Math.floor(count / 60)} min ${count % 60} s`;
  return `${Math.floor(count / 3600)} h ${Math.floor((count % 3600) / 60)} min`;
}

/** One decimal, and none where it would be 0. */
function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '');
}

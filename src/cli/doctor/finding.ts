// What the doctor looks at, and what it says of it.

import type { Figures } from './figures.js';
import type { Wiring } from './wiring.js';

/** `wrong`: mend it. `unseen`: nothing happened from which one could tell. */
export type Verdict = 'ok' | 'wrong' | 'unseen';

export interface Finding {
  /** One word: what was looked at. */
  readonly check: string;
  readonly verdict: Verdict;
  readonly what: string;
  /** What to change; null where nothing has to be. */
  readonly fix: string | null;
}

export interface Examined {
  readonly wiring: Wiring;
  readonly envoy: Counted;
  readonly sluice: Counted;
  /** Of Envoy, such as `1.40.0`, and its state, such as `LIVE`. */
  readonly version: string;
  readonly state: string;
  /** The flag `ext_proc_graceful_grpc_close` of Envoy's runtime is on. */
  readonly graceful: boolean;
  /** Sluice's answer to /readyz was 200. */
  readonly ready: boolean;
  /** Clusters that have had requests, with what the policy says of a judge there. */
  readonly judged: readonly { readonly cluster: string; readonly judge: boolean }[];
}

export interface Counted {
  /** While the doctor looked on. */
  readonly now: Figures;
  /** Since the process started. */
  readonly ever: Figures;
}

export type Check = (examined: Examined) => Finding;

export const ok = (check: string, what: string): Finding => ({ check, verdict: 'ok', what, fix: null });
export const unseen = (check: string, what: string, fix: string | null = null): Finding => ({
  check,
  verdict: 'unseen',
  what,
  fix,
});
export const wrong = (check: string, what: string, fix: string): Finding => ({ check, verdict: 'wrong', what, fix });

/** Of both sides: what was counted while the doctor looked on, or, where there was no traffic then, since the start. */
export function evidence({ envoy, sluice }: Examined): { readonly envoy: Figures; readonly sluice: Figures } {
  const quiet = envoy.now.sum(DOWNSTREAM) === 0;
  return quiet ? { envoy: envoy.ever, sluice: sluice.ever } : { envoy: envoy.now, sluice: sluice.now };
}

/** Requests of clients, to the listeners and not to the admin interface. */
export const DOWNSTREAM = /^http\.(?!admin\.)(.+)\.downstream_rq_total$/;

/** `3 (flaky 2, pool 1)`, the first few by name. */
export function counts(each: readonly (readonly [string, number])[]): string {
  const total = each.reduce((sum, [, value]) => sum + value, 0);
  const named = each.slice(0, MOST_NAMED).map(([name, value]) => `${name} ${count(value)}`);
  const more = each.length > MOST_NAMED ? [`${each.length - MOST_NAMED} more`] : [];
  return `${count(total)} (${[...named, ...more].join(', ')})`;
}

const MOST_NAMED = 5;

export function count(value: number): string {
  return value.toLocaleString('en-GB');
}

// Turns what Sluice shows into events, one for each thing that a platform engineer would want to be told: a retry that
// saved a request, one that was refused, a reroute, an answer by Sluice, a circuit that changes.

import type { AttemptView, RequestView, TransitionView } from '../support/views.js';
import type { Snapshot } from './snapshot.js';

export type Tone = 'good' | 'bad' | 'change' | 'demo';

export interface DemoEvent {
  /** Wall clock, milliseconds. */
  readonly atMs: number;
  /** Cluster, or `demo` for what the demo itself does. */
  readonly who: string;
  readonly tone: Tone;
  readonly text: string;
  /** Events of one group say the same thing of another request; null: each is news. */
  readonly group: string | null;
}

/** Tells each thing once, however often it is shown. */
export class EventFeed {
  #told = new Set<string>();

  /** Oldest first. */
  take(snapshot: Pick<Snapshot, 'circuits' | 'requests'>): DemoEvent[] {
    const shown = new Set<string>();
    const fresh = (key: string) => {
      shown.add(key);
      return !this.#told.has(key);
    };
    const events = [
      ...snapshot.requests.filter(isOver).flatMap((request) => (fresh(request.id) ? requestEvents(request) : [])),
      ...snapshot.circuits.flatMap(({ cluster, transitions }) =>
        transitions.flatMap((transition) =>
          fresh(`${cluster} ${transition.at} ${transition.from} ${transition.to}`)
            ? [transitionEvent(cluster, transition)]
            : [],
        ),
      ),
    ];
    // What is shown no more does not come back.
    this.#told = shown;
    return events.sort((a, b) => a.atMs - b.atMs);
  }
}

function isOver(request: RequestView): boolean {
  return request.result !== 'pending' && request.durationMs !== null;
}

function requestEvents(request: RequestView): DemoEvent[] {
  const { decision, attempts, result, notRetried } = request;
  if (decision === 'short_circuit') return [shortCircuited(request)];
  if (attempts.length > 1 && result === 'success') return [saved(request, attempts)];
  if (decision === 'reroute') return [rerouted(request, attempts)];
  if (notRetried !== null && result !== 'success' && attempts.length > 0) return [refused(request, attempts)];
  return [];
}

function shortCircuited(request: RequestView): DemoEvent {
  return event(request, 'bad', `503 by Sluice: ${request.reason ?? 'no reason'}`);
}

function saved(request: RequestView, attempts: readonly AttemptView[]): DemoEvent {
  const failed = attempts.slice(0, -1).map(failureOf).join(', ');
  const last = attempts.at(-1);
  const where = last?.cluster === request.cluster ? '' : ` on ${last?.cluster}`;
  return event(request, 'good', `retry saved it: ${failed}, then ${last?.status ?? 'no status'}${where}`);
}

function rerouted(request: RequestView, attempts: readonly AttemptView[]): DemoEvent {
  const last = attempts.at(-1);
  return event(request, 'good', `rerouted to ${last?.cluster ?? 'another cluster'}: ${last?.status ?? 'no answer'}`);
}

function refused(request: RequestView, attempts: readonly AttemptView[]): DemoEvent {
  const last = attempts.at(-1);
  const failed = last === undefined ? 'failed' : `${failureOf(last)} at ${last.stage}`;
  return event(request, 'bad', `${failed}, not retried: ${request.notRetried}`);
}

function failureOf({ error, status }: AttemptView): string {
  return error === 'status' ? String(status) : (error ?? 'no error');
}

/** Requests of one cluster of which the same can be said are one group. */
function event(request: RequestView, tone: Tone, text: string): DemoEvent {
  const atMs = Date.parse(request.startedAt) + (request.durationMs ?? 0);
  const { cluster, method, path } = request;
  return { atMs, who: cluster, tone, group: `${cluster} ${text}`, text: `${text} (${method} ${path})` };
}

export function transitionEvent(cluster: string, transition: TransitionView): DemoEvent {
  const { at, from, to, reason, retryAt } = transition;
  const probe = retryAt === null ? '' : `, probe in ${seconds(Date.parse(retryAt) - Date.parse(at))}`;
  const text = `circuit ${from} -> ${to}: ${reason}${figures(transition)}${probe}`;
  return { atMs: Date.parse(at), who: cluster, tone: 'change', group: null, text };
}

/** Only of what opens on figures: for the others they say nothing. */
function figures({ to, reason, requests, failures, failureRatio, slowRatio }: TransitionView): string {
  if (to !== 'open' || reason === 'probe_failed') return '';
  if (reason === 'slow_ratio') return ` ${percent(slowRatio)} of ${requests}`;
  return ` ${percent(failureRatio)} (${failures} of ${requests})`;
}

export function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** What the demo does, or where its story is. */
export function demoEvent(atMs: number, text: string): DemoEvent {
  return { atMs, who: 'demo', tone: 'demo', group: null, text };
}

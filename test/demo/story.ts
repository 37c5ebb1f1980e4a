// The plot: primary is healthy, dies, fails a probe, comes back and is found well again. Each turn waits for what
// Sluice shows, never for a time, so that the story is the same on a slow machine. On a terminal it starts over.

import type { CircuitDetailView, TransitionView } from '../support/views.js';

export type Stage = 'healthy' | 'dying' | 'open' | 'healed' | 'closed';

export interface Plot {
  readonly stage: Stage;
  readonly sinceMs: number;
  /** The newest transition when primary was killed: only what came after it belongs to this turn of the story. */
  readonly mark: TransitionView | null;
}

/** What is to be done to primary now. */
export type Turn = 'kill' | 'heal' | null;

/** How long primary stays well, milliseconds. Infinity: for good. */
export interface Pace {
  readonly beforeFirstDeathMs: number;
  readonly betweenDeathsMs: number;
}

/** @param nowMs on the clock that `advance` is given. */
export function beginning(nowMs: number): Plot {
  return { stage: 'healthy', sinceMs: nowMs, mark: null };
}

/** Successes that primary has in its window before it dies, so that its opening can be seen to need evidence. */
const HEALTHY_RESULTS = 6;

export function advance(
  plot: Plot,
  primary: CircuitDetailView,
  nowMs: number,
  pace: Pace,
): { readonly plot: Plot; readonly turn: Turn } {
  const to = (stage: Stage, mark = plot.mark): Plot => ({ stage, sinceMs: nowMs, mark });
  const stay = { plot, turn: null };
  const news = transitionsSince(primary, plot.mark);
  switch (plot.stage) {
    case 'healthy':
    case 'closed': {
      const calmMs = plot.stage === 'healthy' ? pace.beforeFirstDeathMs : pace.betweenDeathsMs;
      const ready = primary.state === 'closed' && primary.requests >= HEALTHY_RESULTS;
      if (!ready || nowMs - plot.sinceMs < calmMs) return stay;
      return { plot: to('dying', primary.transitions.at(-1) ?? null), turn: 'kill' };
    }
    case 'dying':
      return news.some(({ to: state }) => state === 'open') ? { plot: to('open'), turn: null } : stay;
    case 'open':
      return news.some(({ reason }) => reason === 'probe_failed') ? { plot: to('healed'), turn: 'heal' } : stay;
    case 'healed':
      return news.at(-1)?.to === 'closed' ? { plot: to('closed'), turn: null } : stay;
    default:
      return plot.stage satisfies never;
  }
}

/** All of them where the mark has fallen out of the list. */
function transitionsSince({ transitions }: CircuitDetailView, mark: TransitionView | null): readonly TransitionView[] {
  if (mark === null) return transitions;
  const index = transitions.findIndex(({ at, from, to }) => at === mark.at && from === mark.from && to === mark.to);
  return transitions.slice(index + 1);
}

/** For those who watch: where the story is. */
export const SENTENCE: Readonly<Record<Stage, string>> = {
  healthy: 'primary is well. It is going to die.',
  dying: 'primary has died: connections are refused. Retries on secondary save them.',
  open: 'The circuit of primary is open: requests go to secondary. Soon one will probe.',
  healed: 'primary is back. Nobody knows, until the next probe finds out.',
  closed: 'A probe found primary well: its circuit is closed, it gets its requests again.',
};

/** For the column that says what an upstream does. */
export const PRIMARY: Readonly<Record<Stage, string>> = {
  healthy: 'healthy, for now',
  dying: 'dead; secondary stands in',
  open: 'dead; secondary stands in',
  healed: 'back, and not yet trusted',
  closed: 'healthy again',
};

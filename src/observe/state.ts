// What becomes of the state file, told to those who watch: a count each time, and a line where an operator should know.

import type { StateObserver } from '../state/keeper.js';
import { LOAD_PROBLEMS } from '../state/problems.js';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';

export const STATE_LOADS = ['restored', ...LOAD_PROBLEMS] as const;
export type StateLoad = (typeof STATE_LOADS)[number];
export const STATE_SAVES = ['saved', 'failed'] as const;
export type StateSave = (typeof STATE_SAVES)[number];

/** A disk that is full stays so: one line a minute says it as well as one every few seconds. */
const FAILURE_EVERY_MS = 60_000;

export interface StateWatchers {
  readonly file: string;
  readonly metrics: Pick<Metrics, 'stateLoad' | 'stateSave'>;
  readonly logger: Pick<Logger, 'stateRestored' | 'stateIgnored' | 'stateSaveFailed'>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export function stateObserver({ file, metrics, logger, now }: StateWatchers): StateObserver {
  let quietUntilMs = Number.NEGATIVE_INFINITY;
  return {
    restored: ({ circuits, leftOut }, ageMs) => {
      metrics.stateLoad('restored');
      logger.stateRestored(file, circuits, leftOut, ageMs);
    },
    ignored: (problem, why) => {
      metrics.stateLoad(problem);
      // The first start of all has none: nothing is wrong with that.
      if (problem !== 'absent') logger.stateIgnored(file, problem, why);
    },
    saved: () => {
      metrics.stateSave('saved');
      quietUntilMs = Number.NEGATIVE_INFINITY;
    },
    saveFailed: (error) => {
      metrics.stateSave('failed');
      if (now() < quietUntilMs) return;
      quietUntilMs = now() + FAILURE_EVERY_MS;
      logger.stateSaveFailed(file, error);
    },
  };
}

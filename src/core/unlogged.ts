// Evidence that does not come: when it is a loss, and when there is none to wait for.

import type { Dropped } from './observer.js';
import type { Session } from './session.js';
import type { SessionLimits } from './sessions.js';

/** Requests that were answered before the first log entry ever came. */
export class Unlogged {
  #requests = 0;
  #sinceMs: number | null = null;

  /** One more. @returns whether there have been so many, in so much time, that no log can be wired. */
  answered({ unlogged, graceMs }: SessionLimits, now: number): boolean {
    this.#requests += 1;
    this.#sinceMs ??= now;
    return this.#requests > unlogged && now - this.#sinceMs >= graceMs;
  }
}

/** What is lost with a session that leaves before its evidence is complete; null: nothing that was to be expected. */
export function lostWith(session: Session, reason: 'time' | 'room', traceExpected: boolean): Dropped | null {
  if (reason === 'room' && !session.answered) return 'session';
  return traceExpected ? 'evidence' : null;
}

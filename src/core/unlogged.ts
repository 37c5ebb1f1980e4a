// Evidence that does not come: when it is a loss, and when there is none to wait for.

import type { Dropped } from './observer.js';
import type { Session } from './session.js';
import type { SessionLimits } from './sessions.js';

/** Requests that were answered before the first log entry ever came. */
export class Unlogged {
  #requests = 0;

  /** One more. @returns whether there have been so many that no log can be wired: under load Envoy sends it at once. */
  answered({ unlogged }: SessionLimits): boolean {
    this.#requests += 1;
    return this.#requests > unlogged;
  }
}

/** What is lost with a session that leaves before its evidence is complete; null: nothing that was to be expected. */
export function lostWith(session: Session, reason: 'time' | 'room', traceExpected: boolean): Dropped | null {
  if (reason === 'room' && !session.answered) return 'session';
  return traceExpected ? 'evidence' : null;
}

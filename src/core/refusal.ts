// The gate's refusal races with the connection: Envoy connects while it waits for the gate's word, and a host that refuses
// the connection is the faster one. Then the refusal came too late, the attempt was made after all, and Envoy goes on.

import type { Evidence } from './evidence.js';
import type { Session } from './session.js';

/** Details of an answer that Sluice made. */
export function isOurs(details: string): boolean {
  return details.startsWith('sluice_');
}

/** The request was answered, and not by the gate. */
export function cameTooLate(session: Session, final: Evidence): boolean {
  return session.refusedAttempt > 0 && final.details !== '' && !isOurs(final.details);
}

/** The log tells of the refused attempt: one that was stopped in time has nothing to tell, neither a flag nor a status. */
export function wasMade(told: Evidence): boolean {
  return told.flags !== 0 || told.status !== null;
}

/** From now on as if there had been no refusal. */
export function takeBackRefusal(session: Session): void {
  session.refusedAttempt = 0;
  session.record.reason = null;
  session.record.notRetried = null;
}

// An upstream that has just come back is often cold: the full load at once brings it down again. The ramp lets an ever
// larger share of the requests through.

/** The share at the start of a ramp: enough to learn from, little enough not to hurt. */
export const RAMP_FLOOR = 0.1;

/** The share of requests to admit, from RAMP_FLOOR to 1, linear in time. 1 from `rampMs` on. */
export function rampShare(elapsedMs: number, rampMs: number): number {
  return elapsedMs >= rampMs ? 1 : RAMP_FLOOR + (1 - RAMP_FLOOR) * (elapsedMs / rampMs);
}

// What the clocks tell of the world around the process: that it was not let run, and that the wall clock was set.

import { clockSteps, stalls } from './clock.js';
import type { Disturbance } from './observe/disturbances.js';

/** Envoy, as envoy.yaml has it, waits as long for an answer. */
const STALL_MS = 500;
/** So often that a stall which is not much longer is noticed whenever it begins. */
const LOOK_EVERY_MS = 250;

/** Does not keep the process alive. The function that it gives ends it. */
export function watchClocks(disturbed: (reason: Disturbance) => void): () => void {
  const stalled = stalls(LOOK_EVERY_MS, STALL_MS);
  const stepped = clockSteps();
  const look = setInterval(() => {
    if (stalled()) disturbed('stalled');
    if (stepped()) disturbed('clock_set');
  }, LOOK_EVERY_MS).unref();
  return () => clearInterval(look);
}

// When something was saved, so that another process can tell how long ago that is. The wall clock alone cannot be trusted
// for it: it may have been set meanwhile. The machine's own clock cannot be set, but only means something until it reboots.

import { readFileSync } from 'node:fs';

export interface Moment {
  /** Milliseconds since the epoch. */
  readonly wallMs: number;
  /** Milliseconds on the machine's monotonic clock, which all of its processes share. */
  readonly bootMs: number;
  /** Which run of the machine that clock belongs to; null: not known. */
  readonly bootId: string | null;
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const NS_PER_MS = 1_000_000n;

export function currentMoment(): Moment {
  return { wallMs: Date.now(), bootMs: Number(process.hrtime.bigint() / NS_PER_MS), bootId: bootId() };
}

/** How long after `saved` it is `now`; 0 where only the wall clock can tell, and it was set back. */
export function elapsedMs(saved: Moment, now: Moment): number {
  const sameBoot = saved.bootId !== null && saved.bootId === now.bootId && now.bootMs >= saved.bootMs;
  return sameBoot ? now.bootMs - saved.bootMs : Math.max(0, now.wallMs - saved.wallMs);
}

let known: string | null | undefined;

/** Linux has it, in a file; nobody else needs it. */
function bootId(): string | null {
  if (known === undefined) {
    try {
      known = readFileSync(BOOT_ID, 'utf8').trim();
    } catch {
      known = null;
    }
  }
  return known;
}

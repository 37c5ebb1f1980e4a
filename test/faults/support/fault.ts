// A fault as data: what happens, and which counter tells an operator. The tests run each once, the soak all of them for long.

import type { Traffic } from './traffic.js';
import type { World } from './world.js';

/** How much of it: little in CI, more in a soak. */
export interface Scale {
  readonly restarts: number;
  readonly stoppedMs: number;
  readonly flappingMs: number;
  readonly replacements: number;
  /** Requests while something is broken. */
  readonly requests: number;
}

export const SHORT: Scale = { restarts: 3, stoppedMs: 2_000, flappingMs: 2_000, replacements: 30, requests: 600 };
export const LONG: Scale = { restarts: 20, stoppedMs: 5_000, flappingMs: 10_000, replacements: 100, requests: 3_000 };

export interface Fault {
  readonly name: string;
  /** Where the operator sees it, as in the README's table: of Envoy or of Sluice. */
  readonly told: (world: World) => Promise<number>;
  /** Failures that nobody but the fault itself could have prevented, by their words. */
  readonly tolerated?: (words: string) => boolean;
  /** How many more may have failed by now, with Sluice doing all that it can. */
  readonly excused?: (world: World) => Promise<number>;
  /** Makes it happen, and ends it, under traffic that goes on. */
  inject(world: World, traffic: Traffic, scale: Scale): Promise<void>;
}

export function ofEnvoy(counter: string): Fault['told'] {
  return ({ envoy }) => envoy.counter(counter);
}

export function ofSluice(metric: string, labels: Readonly<Record<string, string>> = {}): Fault['told'] {
  return async ({ sluice }) => (await sluice.metrics()).metric(metric, labels);
}

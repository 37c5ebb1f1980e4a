// One fault under load, from before it to after it.

import { eventually } from '../../support/eventually.js';
import { circuitsClosed } from './closed.js';
import type { Fault, Scale } from './fault.js';
import { pathOf } from './policy.js';
import { Traffic } from './traffic.js';
import type { World } from './world.js';

/** Requests per second; a machine that is busy with other things gets through fewer. */
export const RATE = 600;

export interface Outcome {
  readonly answered: number;
  /** Answers per second. */
  readonly rate: number;
  /** What was not answered with 200 and is not the fault's own doing, in words, and how often. */
  readonly failures: Readonly<Record<string, number>>;
  /** How many of those Sluice could not have prevented either. */
  readonly excused: number;
  /** By how much the operator's counter moved. */
  readonly told: number;
}

export async function underLoad(world: World, fault: Fault, scale: Scale): Promise<Outcome> {
  const before = { told: await fault.told(world), excused: await excusedOf(fault, world) };
  const traffic = new Traffic({ port: world.envoy.port, path: pathOf, perSecond: RATE });
  try {
    await traffic.more(200);
    await fault.inject(world, traffic, scale);
    await traffic.more(200);
    await circuitsClosed(world);
  } finally {
    await traffic.stop();
  }
  const failures = [...traffic.failures].filter(([words]) => !(fault.tolerated?.(words) ?? false));
  return {
    answered: traffic.answered,
    rate: traffic.rate,
    failures: Object.fromEntries(failures),
    excused: (await excusedOf(fault, world)) - before.excused,
    told: await movedFrom(before.told, () => fault.told(world)),
  };
}

/** What tells of a fault can come after it: a delayed trace, once it has come. 0, where nothing has told in all the time. */
async function movedFrom(before: number, told: () => Promise<number>): Promise<number> {
  let moved = 0;
  const look = async () => {
    moved = (await told()) - before;
    if (moved <= 0) throw new Error(`moved by ${moved}`);
  };
  await eventually(look).catch(() => moved);
  return moved;
}

async function excusedOf({ excused }: Fault, world: World): Promise<number> {
  return excused === undefined ? 0 : excused(world);
}

/** What is wrong with the outcome, in words; nothing is. */
export function complaints({ failures, excused, told }: Outcome): string[] {
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
  const found: string[] = [];
  if (failed > excused) found.push(`${failed} requests failed, ${excused} excused: ${JSON.stringify(failures)}`);
  if (told <= 0) found.push(`the counter that tells of it moved by ${told}`);
  return found;
}

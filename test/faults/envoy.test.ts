// Envoy goes and comes, and upstreams do: Sluice adds no failure to those that they cause.

import { describe, expect, it } from 'vitest';
import { envoyRestarted, firstEpoch, flapping, hotRestarted } from './support/envoy-faults.js';
import { SHORT } from './support/fault.js';
import { expectQuiet, underLoad } from './support/run.js';
import { NO_ANSWER } from './support/traffic.js';
import { useWorld } from './support/use-world.js';
import type { World } from './support/world.js';

/** Of processes that may run at the same time on this machine. */
const BASE_ID = 1_000 + (process.pid % 30_000);

/** Requests that went on without an answer of Sluice, and retries that Envoy's own guard did not let be (see envoy.yaml). */
const NOT_RETRIED = /ext_proc\.failure_mode_allowed$|upstream_rq_retry_overflow$/;

async function notRetried({ envoy }: World): Promise<number> {
  const all = [...(await envoy.stats(''))].filter(([name]) => NOT_RETRIED.test(name));
  return all.reduce((sum, [, count]) => sum + count, 0);
}

describe('under load,', () => {
  // What a busy machine has Sluice answer too late would hide what is at stake here.
  const used = useWorld({ impatient: false });

  it('Envoy restarted: requests fail only for want of an Envoy, and a counter tells', async () => {
    const { failures, told } = await underLoad(used.world, envoyRestarted, SHORT);
    expect(Object.keys(failures).filter((words) => !words.startsWith(NO_ANSWER))).toEqual([]);
    expect(told).toBeGreaterThan(0);
  });

  it('upstreams that come and go: no request fails that a retry could have saved, and none by a circuit', async () => {
    const before = await notRetried(used.world);
    const { failures, told } = await underLoad(used.world, flapping, SHORT);
    const excused = (await notRetried(used.world)) - before;
    // A connection that is dropped with a request on it: it was written, and is not sent again.
    const fatal = Object.entries(failures).filter(([words]) => !words.includes('reset reason: connection termination'));
    const others = fatal.reduce((sum, [, count]) => sum + count, 0);
    expect(others, JSON.stringify(fatal)).toBeLessThanOrEqual(excused);
    expect(told).toBeGreaterThan(0);
  });

  it('and afterwards nothing is held', () => expectQuiet(used.world));
});

describe('under load, with hot restarts,', () => {
  const used = useWorld(firstEpoch(BASE_ID));

  it('a new Envoy takes over from the old one: no request fails, and a counter tells', async () => {
    const { failures, told } = await underLoad(used.world, hotRestarted(BASE_ID), SHORT);
    expect(failures).toEqual({});
    expect(told).toBeGreaterThan(0);
  });

  it('and afterwards nothing is held', () => expectQuiet(used.world));
});

// Envoy goes and comes, and upstreams do: Sluice adds no failure to those that they cause.

import { describe, expect, it } from 'vitest';
import { envoyRestarted, firstEpoch, flapping, hotRestarted } from './support/envoy-faults.js';
import { SHORT } from './support/fault.js';
import { expectQuiet } from './support/quiet.js';
import { complaints, underLoad } from './support/under-load.js';
import { useWorld } from './support/use-world.js';

/** Of processes that may run at the same time on this machine. */
const BASE_ID = 1_000 + (process.pid % 30_000);

describe('under load,', () => {
  // What a busy machine has Sluice answer too late would hide what is at stake here.
  const used = useWorld({ impatient: false });

  it('Envoy restarted: requests fail only for want of an Envoy, and a counter tells', async () => {
    expect(complaints(await underLoad(used.world, envoyRestarted, SHORT))).toEqual([]);
  });

  it('upstreams that come and go: no request fails that a retry could have saved, and none by a circuit', async () => {
    expect(complaints(await underLoad(used.world, flapping, SHORT))).toEqual([]);
  });

  it('and afterwards nothing is held', () => expectQuiet(used.world));
});

describe('under load, with hot restarts,', () => {
  const used = useWorld(firstEpoch(BASE_ID));

  it('a new Envoy takes over from the old one: no request fails, and a counter tells', async () => {
    expect(complaints(await underLoad(used.world, hotRestarted(BASE_ID), SHORT))).toEqual([]);
  });

  it('and afterwards nothing is held', () => expectQuiet(used.world));
});

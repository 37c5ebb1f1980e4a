// One world for all faults of a file: each has to leave it as it found it.

import { afterAll, beforeAll } from 'vitest';
import { send } from '../../support/client.js';
import type { EnvoyOptions } from '../../support/envoy.js';
import { settled } from '../../support/settled.js';
import { startWorld, type World } from './world.js';

export function useWorld(envoy: EnvoyOptions = {}): { readonly world: World } {
  let world: World | undefined;
  beforeAll(async () => {
    world = await startWorld(envoy);
    // The first decision of a new process takes longest.
    await send(world.envoy.port, '/without-a-route');
    await settled(world, 15_000);
  });
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
  });
  return {
    get world() {
      if (world === undefined) throw new Error('the world is not up: use it in tests only');
      return world;
    },
  };
}

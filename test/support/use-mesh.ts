// One mesh for all tests of a file or a `describe`: up before the first of them, gone after the last.

import { afterAll, beforeAll } from 'vitest';
import { type Mesh, type MeshOptions, startMesh } from './mesh.js';
import { settled } from './settled.js';

/** Call it where hooks may be declared. `mesh` is there from the first test on. */
export function useMesh(options: MeshOptions | (() => Promise<MeshOptions>)): { readonly mesh: Mesh } {
  let mesh: Mesh | undefined;
  beforeAll(async () => {
    const wanted = typeof options === 'function' ? await options() : options;
    mesh = await startMesh(wanted);
    if (wanted.policy !== null) await warmUp(mesh);
  });
  afterAll(async () => {
    await mesh?.[Symbol.asyncDispose]();
  });
  return {
    get mesh() {
      if (mesh === undefined) throw new Error('the mesh is not up: use it in tests and hooks only');
      return mesh;
    },
  };
}

/**
 * The first decision of a new process takes longest, on a busy machine longer than Envoy waits. A path without a route goes
 * through all of Sluice, and leaves neither a circuit nor a label behind.
 */
async function warmUp(mesh: Mesh): Promise<void> {
  await mesh.request('/without-a-route');
  await settled(mesh);
}

// One mesh for all tests of a file or a `describe`: up before the first of them, gone after the last.

import { afterAll, beforeAll } from 'vitest';
import { type Mesh, type MeshOptions, startMesh } from './mesh.js';

/** Call it where hooks may be declared. `mesh` is there from the first test on. */
export function useMesh(options: MeshOptions | (() => Promise<MeshOptions>)): { readonly mesh: Mesh } {
  let mesh: Mesh | undefined;
  beforeAll(async () => {
    mesh = await startMesh(typeof options === 'function' ? await options() : options);
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

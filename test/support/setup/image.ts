// What the image holds is assembled once for all tests that run something from it.

import type { TestProject } from 'vitest/node';
import { assembleImage } from '../../container/assemble.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Directory that stands for `/` of the image, and the bytes in it without the base image. */
    image: { readonly root: string; readonly bytes: number };
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const image = await assembleImage({ '/etc/sluice/policy.yaml': 'defaults: { retry: { maxRetries: 1 } }\n' });
  project.provide('image', { root: image.root, bytes: image.bytes });
  return async () => image[Symbol.asyncDispose]();
}

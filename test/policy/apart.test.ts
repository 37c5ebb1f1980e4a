// Texts that give way to newer ones, as fast as they come, in a process of its own.

import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startChild } from '../support/child.js';

const HURRY = fileURLToPath(new URL('hurry.mjs', import.meta.url));

it('texts that give way leave no file open, and the last one is read', async () => {
  const child = await startChild(process.execPath, [HURRY]);
  expect(await child.exited(), child.stderr()).toBe(0);
  expect(JSON.parse(child.stdout())).toEqual({ open: [], last: true, failed: 0 });
}, 60_000);

// What is kept of a request must not keep the rest of it: a cut of a long string is, in V8, a view of the whole string.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { factsOf } from '../../src/handlers/read.js';
import { attributesOf, headersOf } from '../support/fake-headers.js';

const REQUESTS = 500;
const LENGTH = 60_000;

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('no garbage collector to call');
  collect();
  return process.memoryUsage().heapUsed;
}

it.each([
  ['path', ':path', '/'],
  ['method', ':method', 'M'],
] as const)('keeps the start of a long %s, not the whole of it', (field, header, start) => {
  const before = heapAfterCollection();
  const kept: string[] = [];
  for (let i = 0; i < REQUESTS; i++) {
    const long = Buffer.alloc(LENGTH, `${start}${i}-`).toString('latin1');
    kept.push(factsOf(headersOf({ [header]: long }), attributesOf({}))[field]);
  }
  const grownBytes = heapAfterCollection() - before;
  expect(kept.every((text) => text.startsWith(start) && text.length <= 256)).toBe(true);
  expect(grownBytes).toBeLessThan((REQUESTS * LENGTH) / 10);
});

// Reads the state file at the start. Whatever is wrong with it, Sluice starts: with what the file says or without it.

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Remembered } from '../core/recall.js';
import { decodeState } from './format.js';
import { currentMoment, elapsedMs, type Moment } from './moment.js';
import type { LoadProblem } from './problems.js';

export type Loaded =
  | { readonly ok: true; readonly ageMs: number; readonly memories: readonly Remembered[] }
  | { readonly ok: false; readonly problem: LoadProblem; readonly why: string };

/** Far more than the largest file that is written (see limits.ts). */
const MAX_BYTES = 64 * 1024 * 1024;

/** Without waiting: opening a named pipe would, for whoever writes to it. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** @param now for tests of what the clocks say. */
export async function loadState(file: string, maxAgeMs: number, now: Moment = currentMoment()): Promise<Loaded> {
  const read = await readBounded(file);
  if (!Buffer.isBuffer(read)) return read;
  const decoded = decodeState(read);
  if (!decoded.ok) return decoded;
  const ageMs = elapsedMs(decoded.moment, now);
  if (ageMs > maxAgeMs) return problem('too_old', `it is ${seconds(ageMs)} s old, more than ${seconds(maxAgeMs)} s`);
  return { ok: true, ageMs, memories: decoded.memories };
}

async function readBounded(file: string): Promise<Buffer | Loaded> {
  try {
    const handle = await open(file, OPEN_FLAGS);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) return problem('unreadable', 'it is not a regular file');
      if (stat.size > MAX_BYTES) return problem('too_large', `it has ${stat.size} bytes, more than ${MAX_BYTES}`);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return problem(absent ? 'absent' : 'unreadable', error instanceof Error ? error.message : String(error));
  }
}

function problem(name: LoadProblem, why: string): Loaded {
  return { ok: false, problem: name, why };
}

function seconds(ms: number): number {
  return Math.round(ms / 1000);
}

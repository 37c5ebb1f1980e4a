// Writes the state file so that there is always a whole one, the old or the new, whenever the process or the machine dies;
// and piece by piece, so that the traffic has its turn in between.

import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import type { Remembered } from '../core/recall.js';
import { Encoder } from './format.js';
import type { Moment } from './moment.js';

/** Nobody else needs to know which upstreams there are. */
const FILE_MODE = 0o600;
/** How long the traffic may have to wait for a piece to be made. */
const PIECE_MS = 2;

/**
 * @param memories taken one at a time, with pauses in between.
 * @throws Error of the file system; the file is as it was then.
 */
export async function saveState(file: string, moment: Moment, memories: Iterable<Remembered>): Promise<void> {
  // Always the same name, so that what a process left which died while writing is replaced, and does not pile up.
  const temporary = `${file}.tmp`;
  try {
    await rm(temporary, { force: true });
    await write(temporary, moment, memories);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function write(path: string, moment: Moment, memories: Iterable<Remembered>): Promise<void> {
  // `wx`: never through a link that somebody laid there.
  const handle = await open(path, 'wx', FILE_MODE);
  try {
    for (const piece of pieces(new Encoder(), moment, memories)) await writeAll(handle, piece);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function* pieces(encoder: Encoder, moment: Moment, memories: Iterable<Remembered>): Generator<string> {
  let text = encoder.header(moment);
  let begun = performance.now();
  for (const memory of memories) {
    text += encoder.entry(memory);
    if (performance.now() - begun < PIECE_MS) continue;
    yield text;
    text = '';
    begun = performance.now();
  }
  yield text + encoder.trailer();
}

/** `FileHandle.writeFile` goes on where the last one ended, and writes all of it. */
async function writeAll(handle: FileHandle, text: string): Promise<void> {
  await handle.writeFile(text);
}

// The state file: a line that says what it is and when it was written, a line for each circuit, and a line with the
// checksum of all of them. Text, so that an operator can read it; lines, so that it can be written piece by piece.

import { createHash, type Hash } from 'node:crypto';
import { z } from 'zod';
import type { Remembered } from '../core/recall.js';
import { decodeEntry, encodeEntry } from './entry.js';
import type { Moment } from './moment.js';

const FORMAT = 'sluice state';
/** Another version says something else: no attempt is made to understand it. */
export const VERSION = 1;

const header = z.looseObject({ format: z.literal(FORMAT), version: z.number() });
const momentHeader = header.extend({ wallMs: z.number(), bootMs: z.number(), bootId: z.string().nullable() });
const trailer = z.strictObject({ sha256: z.string() });

/** Makes the text of a file, in pieces: header, any number of entries, trailer. */
export class Encoder {
  readonly #hash: Hash = createHash('sha256');

  header(moment: Moment): string {
    const savedAt = new Date(moment.wallMs).toISOString();
    return this.#hashed(JSON.stringify({ format: FORMAT, version: VERSION, savedAt, ...moment }));
  }

  entry(remembered: Remembered): string {
    return this.#hashed(encodeEntry(remembered));
  }

  trailer(): string {
    return `${JSON.stringify({ sha256: this.#hash.digest('hex') })}\n`;
  }

  #hashed(line: string): string {
    const text = `${line}\n`;
    this.#hash.update(text);
    return text;
  }
}

export type Decoded =
  | { readonly ok: true; readonly moment: Moment; readonly memories: readonly Remembered[] }
  | { readonly ok: false; readonly problem: 'damaged' | 'version'; readonly why: string };

export function decodeState(bytes: Buffer): Decoded {
  try {
    return decode(bytes.toString('utf8'), bytes);
  } catch (error) {
    return damaged(error instanceof Error ? error.message : String(error));
  }
}

/** @throws Error where a line is not what it has to be. */
function decode(text: string, bytes: Buffer): Decoded {
  const lines = text.split('\n');
  const first = header.safeParse(JSON.parse(lines[0] ?? ''));
  if (!first.success) return damaged('it does not begin like a state file');
  const { version } = first.data;
  if (version !== VERSION) return { ok: false, problem: 'version', why: `version ${version}, not ${VERSION}` };
  const last = lines.at(-2);
  if (lines.at(-1) !== '' || last === undefined || lines.length < 3) return damaged('it has no end');
  const { sha256 } = trailer.parse(JSON.parse(last));
  const covered = bytes.subarray(0, bytes.length - Buffer.byteLength(`${last}\n`));
  if (createHash('sha256').update(covered).digest('hex') !== sha256) return damaged('its checksum is another');
  const { wallMs, bootMs, bootId } = momentHeader.parse(first.data);
  return { ok: true, moment: { wallMs, bootMs, bootId }, memories: lines.slice(1, -2).map(decodeEntry) };
}

function damaged(why: string): Decoded {
  return { ok: false, problem: 'damaged', why };
}

// Reading the file from disk, bounded: a path that turns out to be a pipe, a directory or a gigabyte must become a
// sentence for the operator, not a sidecar that hangs or dies.

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** A policy with thousands of clusters has some 100 KiB. */
export const MAX_POLICY_BYTES = 1024 * 1024;

export type PolicyText =
  | { readonly ok: true; readonly text: string }
  /** `missing`: there is no such file, which may be a moment of its replacement. */
  | { readonly ok: false; readonly missing: boolean; readonly message: string };

/** The text of a policy file. Never throws: what goes wrong is in the answer. */
export async function readPolicyText(path: string): Promise<PolicyText> {
  try {
    // Without O_NONBLOCK, opening a named pipe waits for its writer for ever.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return await readAll(file);
    } finally {
      await file.close();
    }
  } catch (error) {
    return failure(error);
  }
}

/** What is said about a text that is too large, wherever it came from. */
export function tooLarge(bytes: number): string {
  return `is larger than ${MAX_POLICY_BYTES} bytes (at least ${bytes}); use patterns in place of single names`;
}

async function readAll(file: FileHandle): Promise<PolicyText> {
  const found = await file.stat();
  if (!found.isFile()) return refuse('is not a regular file; name the policy file itself');
  if (found.size > MAX_POLICY_BYTES) return refuse(tooLarge(found.size));
  const buffer = Buffer.alloc(MAX_POLICY_BYTES + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
    length += bytesRead;
    if (length > MAX_POLICY_BYTES) return refuse(tooLarge(length));
    if (bytesRead === 0) return decode(buffer.subarray(0, length));
  }
}

function decode(bytes: Uint8Array): PolicyText {
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return refuse('is not UTF-8 text; save it as UTF-8');
  }
}

function refuse(message: string): PolicyText {
  return { ok: false, missing: false, message };
}

function failure(error: unknown): PolicyText {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return { ok: false, missing: true, message: 'does not exist; check the path' };
  if (code === 'EACCES') return refuse('cannot be read (EACCES); give the process read permission');
  return refuse(`cannot be read (${error instanceof Error ? error.message : String(error)}); check the path`);
}

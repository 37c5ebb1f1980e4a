// The bytes of a real Envoy, by name.

import { readFileSync } from 'node:fs';
import { decodeAccessLogs } from '../../../src/wire/access-log.js';
import { decodeProcessingRequest } from '../../../src/wire/decode.js';

const DIRECTORY = new URL('../recorded/', import.meta.url);

interface Index {
  readonly envoy: string;
  readonly hosts: { readonly http1: string; readonly http2: string; readonly dead: string; readonly pipe: string };
  readonly messages: readonly { readonly file: string; readonly scenario: string; readonly from: string }[];
}

export const index: Index = JSON.parse(readFileSync(new URL('index.json', DIRECTORY), 'utf8'));

export function bytesOf(file: string): Buffer {
  return readFileSync(new URL(file, DIRECTORY));
}

/** What `from` sent in a scenario, in order. */
export function recorded(scenario: string, from: string): Buffer[] {
  const files = index.messages.filter((message) => message.scenario === scenario && message.from === from);
  if (files.length === 0) throw new Error(`nothing recorded from ${from} in ${scenario}`);
  return files.map(({ file }) => bytesOf(file));
}

/** Every entry of a scenario, whichever message brought it. */
export function traced(scenario: string) {
  const entries = recorded(scenario, 'log').flatMap((bytes) => decodeAccessLogs(bytes).entries);
  const attempts = entries.filter((entry) => entry.kind === 'attempt').sort((a, b) => a.attempt - b.attempt);
  const requests = entries.filter((entry) => entry.kind === 'request');
  return { attempts, requests };
}

export function event(scenario: string, from: string, kind: 'request_headers' | 'response_headers') {
  for (const bytes of recorded(scenario, from)) {
    const decoded = decodeProcessingRequest(bytes);
    if (decoded.kind === kind) return decoded;
  }
  throw new Error(`no ${kind} recorded from ${from} in ${scenario}`);
}

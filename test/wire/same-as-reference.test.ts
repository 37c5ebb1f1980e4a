// The codec against proto-loader, which reads the same messages by their definitions in `proto/`.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StreamEvent } from '../../src/core/stream.js';
import { decodeAccessLogs } from '../../src/wire/access-log.js';
import { decodeProcessingRequest } from '../../src/wire/decode.js';
import { encodeInstruction } from '../../src/wire/encode.js';
import { WireError } from '../../src/wire/error.js';
import { ASCII_NAMES, ATTRIBUTE_NAMES, accessLogs, instruction, processingRequest } from './support/generated.js';
import { bytesOf, index } from './support/recorded.js';
import * as referenceLogs from './support/reference/access-log.js';
import * as referenceDecode from './support/reference/decode.js';
import * as referenceEncode from './support/reference/encode.js';

/** Generating messages takes its time where the machine is busy. */
const PATIENCE = { timeout: 120_000 };
const RUNS = { numRuns: 2_000, seed: 8 };

/** All that a handler can see of an event. */
function seen(event: StreamEvent, names: readonly string[], attributes: readonly string[]) {
  if (event.kind === 'other') return event;
  const { headers } = event;
  return {
    kind: event.kind,
    names: ['', 'x-', ':', 'x-sluice-'].map((prefix) => headers.startingWith(prefix)),
    values: names.map((name) => [name, headers.get(name), headers.text(name), headers.all(name)]),
    attributes: attributes.map((name) => [
      name,
      event.attributes.string(name),
      event.attributes.number(name),
      event.attributes.has(name),
    ]),
  };
}

/** What comes of it, a refusal included. */
function outcome<Result>(work: () => Result): Result | 'refused' {
  try {
    return work();
  } catch (error) {
    if (error instanceof WireError) return 'refused';
    throw error;
  }
}

function expectSameEvent(bytes: Buffer, names: readonly string[], attributes: readonly string[]): string {
  const ours = outcome(() => seen(decodeProcessingRequest(bytes), names, attributes));
  const theirs = outcome(() => seen(referenceDecode.decodeProcessingRequest(bytes), names, attributes));
  expect(ours).toEqual(theirs);
  return ours === 'refused' ? ours : ours.kind;
}

describe('a ProcessingRequest', () => {
  it('is read as proto-loader reads it, whatever it holds', PATIENCE, () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(processingRequest, (bytes) => void kinds.add(expectSameEvent(bytes, ASCII_NAMES, ATTRIBUTE_NAMES))),
      RUNS,
    );
    // The comparison must see every kind, and messages of none.
    expect([...kinds].sort()).toEqual(['other', 'refused', 'request_headers', 'response_headers']);
  });

  it('of a real Envoy is, too', () => {
    const files = index.messages.filter(({ from }) => from !== 'log');
    for (const { file } of files) {
      const event = referenceDecode.decodeProcessingRequest(bytesOf(file));
      const names = event.kind === 'other' ? [] : event.headers.startingWith('');
      expect(names.length, file).toBeGreaterThan(0);
      const attributes = ['xds.cluster_name', 'xds.route_name', 'response.flags', 'response.code', 'upstream.address'];
      expect(expectSameEvent(bytesOf(file), names, attributes)).toBe(event.kind);
    }
    expect(files.length).toBeGreaterThan(20);
  });

  it('is read the same in the middle of a buffer', PATIENCE, () => {
    fc.assert(
      fc.property(processingRequest, fc.nat(20), fc.nat(20), (bytes, before, after) => {
        const around = Buffer.concat([Buffer.alloc(before, 0xff), bytes, Buffer.alloc(after, 0xff)]);
        const inside = () => decodeProcessingRequest(around, before, before + bytes.length);
        const view = (decode: () => StreamEvent) => outcome(() => seen(decode(), ASCII_NAMES, ATTRIBUTE_NAMES));
        expect(view(inside)).toEqual(view(() => decodeProcessingRequest(bytes)));
      }),
      { ...RUNS, numRuns: 500 },
    );
  });
});

describe('a StreamAccessLogsMessage', () => {
  it('is read as proto-loader reads it, whatever it holds', PATIENCE, () => {
    let entries = 0;
    fc.assert(
      fc.property(accessLogs, (bytes) => {
        const ours = decodeAccessLogs(bytes);
        const theirs = referenceLogs.decodeAccessLogs(bytes);
        expect({ ...ours }).toEqual(theirs);
        entries += theirs.entries.length;
      }),
      RUNS,
    );
    expect(entries).toBeGreaterThan(RUNS.numRuns / 4);
  });

  it('of a real Envoy is, too', () => {
    const files = index.messages.filter(({ from }) => from === 'log');
    for (const { file } of files) {
      const bytes = bytesOf(file);
      const ours = decodeAccessLogs(bytes);
      expect({ ...ours }, file).toEqual(referenceLogs.decodeAccessLogs(bytes));
      // The entries of these files are of the time when they were recorded.
      expect(ours.firstEndedAtMs ?? Number.NaN, file).toBeGreaterThan(Date.parse('2026-01-01'));
    }
    expect(files.length).toBeGreaterThan(10);
  });
});

describe('a ProcessingResponse', () => {
  it('has byte for byte what proto-loader makes of it', PATIENCE, () => {
    fc.assert(
      fc.property(instruction, (each) => {
        expect(encodeInstruction(each).toString('hex')).toBe(referenceEncode.encodeInstruction(each).toString('hex'));
      }),
      RUNS,
    );
  });
});

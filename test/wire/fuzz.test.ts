// A hundred thousand messages of a real Envoy, each spoilt in one or two places: every one is read, or refused with a
// WireError. The seed is fixed, so that what fails fails again; WIRE_FUZZ_RUNS asks for more.

import { describe, expect, it } from 'vitest';
import { decodeAccessLogs } from '../../src/wire/access-log.js';
import { decodeProcessingRequest } from '../../src/wire/decode.js';
import { WireError } from '../../src/wire/error.js';
import { type Below, generator } from '../support/generator.js';
import { bytesOf, index } from './support/recorded.js';

const RUNS = Number(process.env.WIRE_FUZZ_RUNS ?? 100_000);
/** Bytes that mean something: long varints, large lengths, tags of what is read, ends of groups. */
const TELLING = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x0a, 0x12, 0x1a, 0x4a, 0x13, 0x14, 0x0b, 0x0c, 0x09, 0x0d, 0x82];

function spoil(bytes: Buffer, below: Below): Buffer {
  const at = below(bytes.length + 1);
  switch (below(7)) {
    case 0: {
      const spoilt = Buffer.from(bytes);
      if (at < spoilt.length) spoilt[at] = (spoilt[at] ?? 0) ^ (1 << below(8));
      return spoilt;
    }
    case 1: {
      const spoilt = Buffer.from(bytes);
      if (at < spoilt.length) spoilt[at] = TELLING[below(TELLING.length)] ?? 0;
      return spoilt;
    }
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(8))]);
    case 4: {
      const telling = Buffer.from(Array.from({ length: 1 + below(12) }, () => TELLING[below(TELLING.length)] ?? 0));
      return Buffer.concat([bytes.subarray(0, at), telling, bytes.subarray(at)]);
    }
    case 5: {
      // A piece of it again, somewhere else.
      const from = below(bytes.length + 1);
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, from + below(40)), bytes.subarray(at)]);
    }
    default:
      return Buffer.concat([bytes, bytes.subarray(at)]);
  }
}

/** Reads it, and all that can be asked of it. */
function readRequest(bytes: Buffer): void {
  const event = decodeProcessingRequest(bytes);
  if (event.kind === 'other') return;
  for (const name of event.headers.startingWith('')) {
    // What is no UTF-8 cannot be asked for by name.
    if (/^[ -~]+$/.test(name)) expect(event.headers.get(name)).toBe(event.headers.all(name)[0]);
  }
  for (const name of ['xds.cluster_name', 'response.flags', 'upstream.address']) {
    event.attributes.string(name);
    event.attributes.number(name);
    event.attributes.has(name);
  }
}

function readLogs(bytes: Buffer): void {
  const { entries, other } = decodeAccessLogs(bytes);
  expect(entries.length + other).toBeLessThanOrEqual(bytes.length);
}

describe('a hundred thousand spoilt messages', () => {
  it('are read or refused, and nothing else', { timeout: 120_000 }, () => {
    const below = generator(8);
    const messages = index.messages.map(({ file, from }) => ({ bytes: bytesOf(file), read: readerOf(from) }));
    let refused = 0;
    for (let run = 0; run < RUNS; run++) {
      const { bytes, read } = messages[below(messages.length)] ?? { bytes: Buffer.alloc(0), read: readLogs };
      let spoilt = bytes;
      for (let left = 1 + below(2); left > 0; left--) spoilt = spoil(spoilt, below);
      try {
        read(spoilt);
      } catch (error) {
        if (!(error instanceof WireError)) throw new Error(`run ${run}: ${spoilt.toString('hex')}`, { cause: error });
        refused++;
      }
    }
    // Both ends of the code must be reached.
    expect(refused).toBeGreaterThan(RUNS / 5);
    expect(refused).toBeLessThan((RUNS / 20) * 19);
  });
});

function readerOf(from: string): (bytes: Buffer) => void {
  return from === 'log' ? readLogs : readRequest;
}

// Changes bytes as faults and attackers do: single bits, lengths that lie, parts that are missing, double or of another
// message.

import { type Below, pick } from './random.js';

const MOST_CHANGES = 4;
const LONGEST_PART = 40;
/** A varint, or a length, at the edges of what it can be. */
const EDGES = [
  ...[[0x00], [0x7f], [0x80, 0x01], [0xff, 0xff, 0x03], [0xff, 0xff, 0xff, 0xff, 0x0f]],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
].map((bytes) => Buffer.from(bytes));

/** A changed copy; `others` give parts. */
export function mutate(bytes: Buffer, others: readonly Buffer[], below: Below): Buffer {
  let result: Buffer = Buffer.from(bytes);
  for (let changes = 1 + below(MOST_CHANGES); changes > 0; changes -= 1) result = change(result, others, below);
  return result;
}

function change(bytes: Buffer, others: readonly Buffer[], below: Below): Buffer {
  const at = below(bytes.length + 1);
  const length = below(LONGEST_PART);
  switch (below(8)) {
    case 0:
      return flipped(bytes, below);
    case 1:
      if (at < bytes.length) bytes[at] = below(256);
      return bytes;
    case 2:
      return spliced(bytes, at, length, Buffer.alloc(0));
    case 3:
      return spliced(bytes, at, 0, bytes.subarray(at, at + length));
    case 4:
      return spliced(bytes, at, length, part(pick(below, others), below));
    case 5:
      return spliced(bytes, at, below(3), pick(below, EDGES));
    case 6:
      return bytes.subarray(0, at);
    default:
      return spliced(bytes, at, 0, Buffer.from(Array.from({ length: below(12) }, () => below(256))));
  }
}

function flipped(bytes: Buffer, below: Below): Buffer {
  if (bytes.length === 0) return bytes;
  const bit = below(bytes.length * 8);
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return bytes;
}

function part(bytes: Buffer, below: Below): Buffer {
  const from = below(bytes.length + 1);
  return bytes.subarray(from, from + below(LONGEST_PART));
}

function spliced(bytes: Buffer, at: number, removed: number, added: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)]);
}

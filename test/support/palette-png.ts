// A PNG with few colours takes a third of the bytes of the one that a browser makes, and a README's picture of lines and text
// loses nothing by it. Node has the compression; the rest of the format is a few chunks.

import { crc32, deflateSync } from 'node:zlib';

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, alpha; alpha is not looked at. */
  readonly rgba: Uint8Array;
}

/** The most frequent `colours` (at most 256) stay, and the others become the nearest of them. */
export function palettePng({ width, height, rgba }: Pixels, colours: number): Buffer {
  const palette = mostFrequent(rgba, colours);
  const nearest = new Map<number, number>();
  // Each line starts with the number of its filter: none.
  const lines = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const colour = colourAt(rgba, 4 * (y * width + x));
      let index = nearest.get(colour);
      if (index === undefined) {
        index = indexOfNearest(palette, colour);
        nearest.set(colour, index);
      }
      lines[y * (width + 1) + 1 + x] = index;
    }
  }
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header(width, height)),
    chunk('PLTE', Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))),
    chunk('IDAT', deflateSync(lines, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** As 0xRRGGBB, the most frequent first. */
function mostFrequent(rgba: Uint8Array, count: number): number[] {
  const counts = new Map<number, number>();
  for (let at = 0; at < rgba.length; at += 4) {
    const colour = colourAt(rgba, at);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  return sorted.slice(0, count).map(([colour]) => colour);
}

function colourAt(rgba: Uint8Array, at: number): number {
  return ((rgba[at] ?? 0) << 16) | ((rgba[at + 1] ?? 0) << 8) | (rgba[at + 2] ?? 0);
}

function indexOfNearest(palette: readonly number[], colour: number): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, candidate] of palette.entries()) {
    const distance = squaredDistance(candidate, colour);
    if (distance < least) {
      least = distance;
      best = index;
    }
  }
  return best;
}

function squaredDistance(a: number, b: number): number {
  const red = (a >> 16) - (b >> 16);
  const green = ((a >> 8) & 255) - ((b >> 8) & 255);
  const blue = (a & 255) - (b & 255);
  return red * red + green * green + blue * blue;
}

const BITS_PER_PIXEL = 8;
const INDEXED = 3;

function header(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(13);
  bytes.writeUInt32BE(width, 0);
  bytes.writeUInt32BE(height, 4);
  bytes.set([BITS_PER_PIXEL, INDEXED], 8);
  return bytes;
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}

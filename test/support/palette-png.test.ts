import { inflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { palettePng } from './palette-png.js';

const RED = [255, 0, 0, 255];
const DARK_RED = [250, 0, 0, 255];
const WHITE = [255, 255, 255, 255];

/** Type -> content, in order. */
function chunks(png: Buffer): [string, Buffer][] {
  const found: [string, Buffer][] = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    found.push([png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, at + 8 + length)]);
    at += 12 + length;
  }
  return found;
}

it('writes pixels as indexes into the most frequent colours, and the others as the nearest of those', () => {
  const rgba = Uint8Array.from([WHITE, WHITE, WHITE, RED, RED, DARK_RED].flat());
  const all = chunks(palettePng({ width: 3, height: 2, rgba }, 2));
  expect(all.map(([type]) => type)).toEqual(['IHDR', 'PLTE', 'IDAT', 'IEND']);
  const content = new Map(all);
  const header = content.get('IHDR') ?? Buffer.alloc(0);
  expect([header.readUInt32BE(0), header.readUInt32BE(4), header[8], header[9]]).toEqual([3, 2, 8, 3]);
  expect([...(content.get('PLTE') ?? [])]).toEqual([255, 255, 255, 255, 0, 0]);
  // A 0 before each line: no filter.
  expect([...inflateSync(content.get('IDAT') ?? Buffer.alloc(0))]).toEqual([0, 0, 0, 0, 0, 1, 1, 1]);
});

it('starts as a PNG does', () => {
  const png = palettePng({ width: 1, height: 1, rgba: Uint8Array.from(RED) }, 16);
  expect(png.subarray(1, 4).toString('latin1')).toBe('PNG');
});

// Both halves against node:http2, whose encoder and decoder are nghttp2's.

import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { createServer } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FrameReader } from '../../../../src/server/h2/frame-reader.js';
import { HpackDecoder } from '../../../../src/server/h2/hpack/decoder.js';
import { encodeHeaders } from '../../../../src/server/h2/hpack/encode.js';
import { type Header, STATIC_TABLE } from '../../../../src/server/h2/hpack/static-table.js';
import { FRAME } from '../../../../src/server/h2/protocol.js';

const VALUE = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 60,
});
const NAME = fc.stringMatching(/^x-[a-z0-9_-]{1,20}$/);
const HEADERS = fc.uniqueArray(fc.tuple(NAME, VALUE), { selector: ([name]) => name, maxLength: 12 });

/** Takes connections of a real client, and hands on every header list, decoded with one table per connection. */
async function decodingServer(): Promise<{ port: number; next(): Promise<readonly Header[]> }> {
  const lists: (readonly Header[])[] = [];
  const waiting: ((list: readonly Header[]) => void)[] = [];
  const server = createServer((socket) => {
    const decoder = new HpackDecoder(1024 * 1024);
    const reader = new FrameReader({
      frame(type, _flags, _id, bytes, start, end) {
        if (type !== FRAME.headers) return;
        const { headers } = decoder.decode(bytes, start, end);
        const wanted = waiting.shift();
        if (wanted === undefined) lists.push(headers);
        else wanted(headers);
      },
    });
    socket.on('data', (chunk: Buffer) => reader.read(chunk));
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const next = () => {
    const list = lists.shift();
    return list === undefined
      ? new Promise<readonly Header[]>((resolve) => waiting.push(resolve))
      : Promise.resolve(list);
  };
  return { port, next };
}

describe('what a real encoder writes', () => {
  it('is read back, request after request on one connection, whatever it put into its table', async () => {
    const { port, next } = await decodingServer();
    const client = connectHttp2(`http://127.0.0.1:${port}`);
    client.on('error', () => undefined);
    onTestFinished(() => client.destroy());
    await fc.assert(
      fc.asyncProperty(fc.array(HEADERS, { minLength: 1, maxLength: 4 }), async (requests) => {
        for (const headers of requests) {
          const stream = client.request({ ':path': '/x', ...Object.fromEntries(headers) }, { endStream: false });
          stream.on('error', () => undefined);
          const decoded = await next();
          expect(decoded.filter(([name]) => name.startsWith('x-'))).toEqual(headers);
          expect(Object.fromEntries(decoded)).toMatchObject({ ':path': '/x', ':method': 'GET', ':scheme': 'http' });
          stream.close();
        }
      }),
      { numRuns: 100, seed: 7541 },
    );
  });
});

describe('what is encoded here', () => {
  it('is decoded to what it was', () => {
    const anyHeaders = fc.array(fc.oneof(fc.constantFrom(...STATIC_TABLE), fc.tuple(NAME, VALUE)));
    fc.assert(
      fc.property(anyHeaders, (headers) => {
        const block = encodeHeaders(headers);
        expect(new HpackDecoder(1024 * 1024).decode(block, 0, block.length).headers).toEqual(headers);
      }),
      { seed: 7541 },
    );
  });

  it('uses the numbers of the static table, and leaves no trace in that of the peer', () => {
    expect(encodeHeaders([[':status', '200']]).toString('hex')).toBe('88');
    expect(encodeHeaders([[':status', '431']]).toString('hex')).toBe(`0803${Buffer.from('431').toString('hex')}`);
    expect(encodeHeaders([['grpc-status', '0']]).toString('hex')).toBe(
      `000b${Buffer.from('grpc-status').toString('hex')}0130`,
    );
  });

  it('writes lengths beyond a byte', () => {
    const block = encodeHeaders([['x', 'y'.repeat(1_000)]]);
    expect(new HpackDecoder(1024 * 1024).decode(block, 0, block.length).headers).toEqual([['x', 'y'.repeat(1_000)]]);
  });
});

describe('the static table', () => {
  it('has sixty-one entries, in the order of the RFC', () => {
    expect(STATIC_TABLE.length).toBe(61);
    const at = (number: number) => STATIC_TABLE[number - 1];
    expect([at(1), at(16), at(61)]).toEqual([
      [':authority', ''],
      ['accept-encoding', 'gzip, deflate'],
      ['www-authenticate', ''],
    ]);
  });
});

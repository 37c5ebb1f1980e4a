// Sends a body in the ways that clients do, and says whether it arrived somewhere.

import { Agent, type OutgoingHttpHeaders, request } from 'node:http';
import { pipeline, Readable } from 'node:stream';

export const FRAMINGS = ['length', 'chunked', 'expect'] as const;
/** `expect`: a content-length, and the body only after `100 Continue`. */
export type Framing = (typeof FRAMINGS)[number];

const PIECE_BYTES = 64 * 1024;

/** Resolves with the status; 0 where the connection ended without an answer. */
export function upload(port: number, path: string, framing: Framing, bytes: number): Promise<number> {
  return new Promise((resolve) => {
    const agent = new Agent({ keepAlive: false });
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path,
      method: 'POST',
      headers: headersOf(framing, bytes),
      agent,
    });
    outgoing.once('response', (message) => {
      message.resume();
      message.once('close', () => {
        outgoing.destroy();
        resolve(message.statusCode ?? 0);
      });
    });
    outgoing.on('error', () => resolve(0));
    // An answer may come before the end of the body: what fails in sending then is the request's own error above.
    const send = () => pipeline(Readable.from(pieces(bytes)), outgoing, () => undefined);
    if (framing === 'expect') outgoing.once('continue', send);
    else send();
  });
}

function headersOf(framing: Framing, bytes: number): OutgoingHttpHeaders {
  if (framing === 'chunked') return { 'transfer-encoding': 'chunked' };
  return framing === 'expect' ? { 'content-length': bytes, expect: '100-continue' } : { 'content-length': bytes };
}

function* pieces(bytes: number): Generator<Buffer> {
  const piece = Buffer.alloc(PIECE_BYTES, 'x');
  for (let sent = 0; sent < bytes; sent += PIECE_BYTES) yield piece.subarray(0, Math.min(PIECE_BYTES, bytes - sent));
}

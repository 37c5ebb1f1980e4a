// Raw bytes to the HTTP side of a running Sluice, which has to answer the next one as if nothing had been.

import { connect } from 'node:net';
import { mutate } from './mutate.js';
import { type Below, pick } from './random.js';

const JSON_BODY = '{"state":"forced_open"}';
const REQUESTS = [
  ...[
    '/',
    '/circuits',
    '/circuits/primary',
    '/requests?limit=5&cluster=a',
    '/requests/x',
    '/policy?cluster=a',
    '/metrics',
  ],
  ...['/events', '/healthz', '/readyz', '/ui/main.js', '/ui/../../package.json', '/circuits/%2e%2e?target=%00', '/%'],
].map((path) => Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: */*\r\n\r\n`));
const PUT = Buffer.from(
  `PUT /circuits/primary HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer token\r\ncontent-type: application/json\r\ncontent-length: ${JSON_BODY.length}\r\n\r\n${JSON_BODY}`,
);
const CHUNKED = Buffer.from(
  'PUT /circuits/a HTTP/1.1\r\nhost: a\r\nauthorization: Bearer token\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
);
const ALL = [...REQUESTS, PUT, CHUNKED];
/** What is not answered by then is left. */
const PATIENCE_MS = 200;

export function adminBytes(below: Below): Buffer {
  const bytes = pick(below, ALL);
  return below(5) === 0 ? bytes : mutate(bytes, ALL, below);
}

/** Resolves when the other side has ended it, or has said something, or nothing for a while. Whatever it said is its business. */
export function throwAt(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    socket.once('data', () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.once('close', () => resolve());
  });
}

// The process behind constant-upstream.ts. Tells its parent the port.

import { createServer } from 'node:net';
import { listenSomewhere } from '../../support/ports.js';

const REST = '\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok';
const ANSWER = Buffer.from(`HTTP/1.1 200 OK${REST}`);
const FAILURE = Buffer.from(`HTTP/1.1 503 Service Unavailable${REST}`);
const failEvery = Number(process.argv[2]);

let count = 0;

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', () => socket.write(++count % failEvery === 0 ? FAILURE : ANSWER));
  // Envoys come and go while the benchmark runs.
  socket.on('error', () => socket.destroy());
});

process.once('disconnect', () => process.exit());
process.send?.(await listenSomewhere(server));

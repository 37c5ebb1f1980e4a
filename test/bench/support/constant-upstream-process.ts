// The process behind constant-upstream.ts. Tells its parent the port.

import { createServer } from 'node:net';
import { listenSomewhere } from '../../support/ports.js';

const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok');

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', () => socket.write(ANSWER));
  // Envoys come and go while the benchmark runs.
  socket.on('error', () => socket.destroy());
});

process.once('disconnect', () => process.exit());
process.send?.(await listenSomewhere(server));

// A port that neither accepts nor refuses, for connect timeouts on loopback: a listener whose process is stopped and whose
// queue of unaccepted connections is full. Linux drops what comes after that.

import { connect, type Socket } from 'node:net';
import { startChild } from './child.js';
import { eventually, pause } from './eventually.js';

const LISTEN = `
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    process.stdout.write(server.address().port + '\\n', () => process.kill(process.pid, 'SIGSTOP'));
  });`;

const ANSWER_TIME_MS = 100;
const MOST_IN_QUEUE = 16;

export interface BlackHole extends AsyncDisposable {
  readonly port: number;
}

export async function startBlackHole(): Promise<BlackHole> {
  const child = await startChild(process.execPath, ['-e', LISTEN]);
  const port = await eventually(() => {
    if (!child.stdout().endsWith('\n')) throw new Error('the listener has not printed its port');
    return Number(child.stdout());
  });
  const fillers = await fill(port);
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of fillers) socket.destroy();
      child.signal('SIGKILL');
      await child.exited();
    },
  };
}

/** Connects until a connection no longer comes about. */
async function fill(port: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < MOST_IN_QUEUE) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => socket.destroy());
    sockets.push(socket);
    await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), pause(ANSWER_TIME_MS)]);
    if (socket.connecting) return sockets;
  }
  throw new Error(
    `${MOST_IN_QUEUE} connections, and the queue of port ${port} is not full: this system has no black hole`,
  );
}

// Sends a request head as it is written here, for headers that a polite client would fold or refuse: the same name twice,
// in any case, in any order.

import { connect } from 'node:net';

type HeaderLines = readonly (readonly [name: string, value: string])[];

/** Status and headers of the answer to a GET with these header lines; the body is left out. */
export function sendRaw(port: number, path: string, headers: HeaderLines): Promise<{ status: number; head: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket.setEncoding('latin1');
    socket.once('error', reject);
    socket.on('data', (chunk: string) => {
      received += chunk;
    });
    socket.once('close', () => {
      const head = received.split('\r\n\r\n')[0] ?? '';
      resolve({ status: Number(head.split(' ')[1] ?? 0), head });
    });
    const lines = linesOf(path, headers);
    // Not `end`: to Envoy a client that has closed its side is gone.
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  });
}

/** Sends the same and is gone before anything can have been decided. */
export function sendRawAndLeave(port: number, path: string, headers: HeaderLines): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', reject);
    socket.once('close', () => resolve());
    socket.write(`${linesOf(path, headers).join('\r\n')}\r\n\r\n`, () => socket.destroy());
  });
}

function linesOf(path: string, headers: HeaderLines): string[] {
  return [
    `GET ${path} HTTP/1.1`,
    'host: test',
    'connection: close',
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
}

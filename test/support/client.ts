// The client of the tests: shows an answer as it came, also one that was cut short.

import { Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
  /** Goes away when this fires; the promise rejects if no answer had begun. */
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** false: the connection went before the body's end. */
  readonly complete: boolean;
  /** From the call to the end of the body. */
  readonly durationMs: number;
}

/** One request on a connection of its own. @throws Error when the connection ends without an answer. */
export async function send(port: number, path: string, options: RequestOptions = {}): Promise<Answer> {
  const startedAtMs = performance.now();
  const message = await open(port, path, options);
  const { body, complete } = await readAll(message);
  const { statusCode: status = 0, headers } = message;
  return { status, headers, body, complete, durationMs: performance.now() - startedAtMs };
}

/** Resolves at the answer's headers, for bodies that are read piece by piece or never end. */
export function open(port: number, path: string, options: RequestOptions = {}): Promise<IncomingMessage> {
  const { method = 'GET', headers = {}, body, signal } = options;
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    const outgoing = { host: '127.0.0.1', port, path, method, headers: copy(headers), agent };
    const request = httpRequest(signal === undefined ? outgoing : { ...outgoing, signal });
    request.once('response', resolve);
    // Stays for the lifetime of the request: a reset after the answer began shows as an incomplete body.
    request.on('error', reject);
    request.end(body);
  });
}

export interface Upgraded {
  /** 101, or what was answered instead. */
  readonly status: number;
  /** What came back over the upgraded connection. */
  readonly body: string;
}

/** Asks for a WebSocket, sends `text` raw (no frames), reads as many bytes and closes. */
export function upgrade(port: number, path: string, text: string): Promise<Upgraded> {
  return new Promise((resolve, reject) => {
    const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
    const request = httpRequest({ host: '127.0.0.1', port, path, headers });
    request.once('error', reject);
    request.once('response', (message) => {
      message.resume();
      resolve({ status: message.statusCode ?? 0, body: '' });
    });
    request.once('upgrade', (message, socket, head) => {
      let body = head.toString();
      const look = () => {
        if (body.length < text.length) return;
        socket.destroy();
        resolve({ status: message.statusCode ?? 0, body });
      };
      socket.on('error', reject);
      socket.on('data', (chunk: Buffer) => {
        body += chunk.toString();
        look();
      });
      socket.write(text);
    });
    request.end();
  });
}

function readAll(message: IncomingMessage): Promise<{ body: string; complete: boolean }> {
  return new Promise((resolve) => {
    let body = '';
    message.setEncoding('utf8');
    message.on('data', (chunk: string) => {
      body += chunk;
    });
    message.on('error', () => message.destroy());
    message.once('close', () => resolve({ body, complete: message.complete }));
  });
}

function copy(headers: NonNullable<RequestOptions['headers']>): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  );
}

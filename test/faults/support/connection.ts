// One kept connection of the load: a request at a time, and an answer or the reason why there is none.

import { connect, type Socket } from 'node:net';
import { HttpReader, type RawAnswer } from './http-reader.js';

/** No answer: in words. */
export type Missing = 'refused' | 'closed' | 'late';

const TIMEOUT_MS = 20_000;

export class Connection {
  readonly #socket: Socket;
  readonly #reader = new HttpReader();
  #waiting: ((result: RawAnswer | Missing | 'stale') => void) | null = null;
  #answers = 0;
  #connected = false;
  open = true;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.setTimeout(TIMEOUT_MS, () => this.#over('late'));
    this.#socket.once('connect', () => {
      this.#connected = true;
    });
    // `close` follows, and tells all there is to tell.
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.once('close', () => this.#over(this.#connected ? 'closed' : 'refused'));
    this.#socket.on('data', (chunk: string) => this.#read(chunk));
  }

  /**
   * `stale`: the server closed a connection that had been used before, and not a byte of an answer came. It closed it
   * as idle while the request was on its way; RFC 9110 (9.2.2) has clients ask again on a new one.
   */
  ask(path: string): Promise<RawAnswer | Missing | 'stale'> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      if (!this.open) this.#over('closed');
      else this.#socket.write(`GET ${path} HTTP/1.1\r\nhost: faults\r\n\r\n`);
    });
  }

  close(): void {
    this.open = false;
    this.#socket.destroy();
  }

  #read(chunk: string): void {
    const answer = this.#reader.read(chunk);
    if (answer === null) return;
    this.#answers += 1;
    if (answer.close) this.close();
    this.#give(answer);
  }

  #over(why: Missing): void {
    const stale = why === 'closed' && this.#answers > 0 && !this.#reader.begun;
    this.close();
    this.#give(stale ? 'stale' : why);
  }

  #give(result: RawAnswer | Missing | 'stale'): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.(result);
  }
}

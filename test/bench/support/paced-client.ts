// The process behind paced.ts: an open loop on plain sockets. Requests go out when they are due, whatever became of those
// before, and their latency counts from when they were due: a client that waits for a slow answer before it asks again hides
// the very slowness that is to be measured (coordinated omission).
//
// It spins instead of sleeping: a timer is a millisecond late, ten times what is measured. That costs one processor for
// as long as it runs, the same for everything that it measures.

import { connect, type Socket } from 'node:net';
import type { PacedOptions, PacedResult } from './paced.js';
import { quantile } from './statistics.js';

const GOOD = 'HTTP/1.1 200';
const ANSWER = 'HTTP/1.1 ';
const END_OF_HEAD = '\r\n\r\n';
/** First requests open connections and wake what sleeps: they are sent and not counted. */
const WARM_UP_MS = 300;
const PATIENCE_MS = 3_000;

class Connection {
  dueAtMs = 0;
  readonly #socket: Socket;
  #received = '';

  constructor(port: number, good200: boolean, onAnswer: (connection: Connection, good: boolean) => void) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true }).setEncoding('latin1');
    this.#socket.on('data', (chunk: string) => {
      this.#received += chunk;
      if (!isWhole(this.#received)) return;
      const good = this.#received.startsWith(good200 ? GOOD : ANSWER);
      this.#received = '';
      onAnswer(this, good);
    });
    // What was under way then has no answer, and is counted as failed when the time is over.
    this.#socket.on('error', (error) => process.stderr.write(`${error.message}\n`));
  }

  send(request: Buffer, dueAtMs: number): void {
    this.dueAtMs = dueAtMs;
    this.#socket.write(request);
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Of answers with a content-length, as all of the benchmark's upstream and of Envoy itself have it. */
function isWhole(text: string): boolean {
  const head = text.indexOf(END_OF_HEAD);
  if (head < 0) return false;
  const field = text.lastIndexOf('content-length: ', head);
  const bytes = field < 0 ? 0 : Number.parseInt(text.slice(field + 'content-length: '.length), 10);
  return text.length >= head + END_OF_HEAD.length + bytes;
}

class Run {
  readonly #options: PacedOptions;
  readonly #request: Buffer;
  readonly #free: Connection[];
  readonly #all: readonly Connection[];
  readonly #latenciesMs: number[] = [];
  #failed = 0;
  #answered = 0;

  constructor(options: PacedOptions) {
    this.#options = options;
    this.#request = Buffer.from(`GET ${options.path} HTTP/1.1\r\nhost: bench\r\naccept: */*\r\n\r\n`);
    this.#all = Array.from({ length: options.connections }, () => this.#connection());
    this.#free = [...this.#all];
  }

  async run(): Promise<PacedResult> {
    const { rate, seconds } = this.#options;
    const total = Math.round((seconds + WARM_UP_MS / 1000) * rate);
    const startedAtMs = performance.now();
    let sent = 0;
    while (sent < total) {
      const nowMs = performance.now() - startedAtMs;
      for (let dueMs = (sent * 1000) / rate; dueMs <= nowMs && sent < total; dueMs = (sent * 1000) / rate) {
        const connection = this.#free.pop();
        if (connection === undefined) break;
        connection.send(this.#request, startedAtMs + dueMs);
        sent += 1;
      }
      await nextTurn();
    }
    const deadlineMs = performance.now() + PATIENCE_MS;
    while (this.#answered < total && performance.now() < deadlineMs) await nextTurn();
    for (const connection of this.#all) connection.close();
    return this.#result(total);
  }

  #connection(): Connection {
    const { port, anyStatus = false } = this.#options;
    return new Connection(port, !anyStatus, (connection, good) => {
      this.#answered += 1;
      if (good) this.#latenciesMs.push(performance.now() - connection.dueAtMs);
      else this.#failed += 1;
      this.#free.push(connection);
    });
  }

  #result(total: number): PacedResult {
    const counted = this.#latenciesMs.slice(Math.round((WARM_UP_MS / 1000) * this.#options.rate));
    return {
      requests: total,
      failed: this.#failed + (total - this.#answered),
      p50Ms: quantile(counted, 0.5),
      p99Ms: quantile(counted, 0.99),
      maxMs: quantile(counted, 1),
    };
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

process.once('message', async (options: PacedOptions) => {
  const result = await new Run(options).run();
  process.send?.(result, () => process.disconnect());
});

// Stands between Envoy's access log and Sluice, and does to the trace what networks and restarts do: cuts it, delays it,
// sends it twice, changes its order. Messages pass as bytes.

import {
  Client,
  type ClientWritableStream,
  credentials,
  Server,
  ServerCredentials,
  type ServerReadableStream,
  status,
} from '@grpc/grpc-js';
import { METHODS } from '../../../src/server/services.js';
import { singleEntries } from './log-entries.js';

export type TraceMode = 'pass' | 'cut' | 'delay' | 'replay' | 'shuffle';

export interface TraceRelay {
  readonly port: number;
  /** From now on. `cut` also ends what is open, and refuses every new stream. */
  become(mode: TraceMode): void;
  stop(): Promise<void>;
}

const DELAY_MS = 1_500;
/** Entries that wait in `shuffle` until one of them, any of them, goes on. */
const SHUFFLED = 12;
/** Messages that `replay` still knows. */
const KEPT = 40;
const CHANNEL = {
  'grpc.use_local_subchannel_pool': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 500,
};

type Incoming = ServerReadableStream<Buffer, Buffer>;
const same = (bytes: Buffer): Buffer => bytes;

/** @param sluice its gRPC address, `unix:/path` or `host:port`. */
export async function startTraceRelay(sluice: string): Promise<TraceRelay> {
  const relay = new Relay(sluice);
  await relay.listen();
  return relay;
}

class Relay implements TraceRelay {
  port = 0;
  readonly #sluice: string;
  readonly #server = new Server();
  readonly #lines = new Set<Line>();
  #mode: TraceMode = 'pass';

  constructor(sluice: string) {
    this.#sluice = sluice;
    this.#server.register(METHODS.streamAccessLogs, (call: Incoming) => this.#open(call), same, same, 'clientStream');
  }

  async listen(): Promise<void> {
    this.port = await new Promise((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
        if (error === null) resolve(port);
        else reject(error);
      });
    });
  }

  become(mode: TraceMode): void {
    this.#mode = mode;
    for (const line of this.#lines) line.become(mode);
  }

  async stop(): Promise<void> {
    this.become('cut');
    this.#server.forceShutdown();
  }

  #open(call: Incoming): void {
    if (this.#mode === 'cut') return cut(call);
    const line = new Line(call, this.#sluice, () => this.#lines.delete(line));
    this.#lines.add(line);
    line.become(this.#mode);
  }
}

function cut(call: Incoming): void {
  call.emit('error', { code: status.UNAVAILABLE, details: 'cut' });
}

/** One stream of Envoy's, and the one to Sluice that carries it on. When one of them ends, so does the other. */
class Line {
  readonly #call: Incoming;
  readonly #client: Client;
  readonly #out: ClientWritableStream<Buffer>;
  readonly #gone: () => void;
  readonly #held: Buffer[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  #mode: TraceMode = 'pass';
  #open = true;

  constructor(call: Incoming, sluice: string, gone: () => void) {
    this.#call = call;
    this.#gone = gone;
    this.#client = new Client(sluice, credentials.createInsecure(), CHANNEL);
    this.#out = this.#client.makeClientStreamRequest(METHODS.streamAccessLogs, same, same, () => this.end());
    this.#out.on('error', () => this.end());
    call.on('data', (bytes: Buffer) => this.#message(bytes));
    for (const event of ['end', 'cancelled', 'error', 'close']) call.once(event, () => this.end());
  }

  become(mode: TraceMode): void {
    const held = this.#held.splice(0);
    for (const bytes of this.#mode === 'shuffle' ? held : []) this.#forward(bytes);
    this.#mode = mode;
    if (mode === 'cut') this.end();
  }

  end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#gone();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#out.cancel();
    this.#client.close();
    cut(this.#call);
  }

  #message(bytes: Buffer): void {
    switch (this.#mode) {
      case 'pass':
        return this.#forward(bytes);
      case 'cut':
        return this.end();
      case 'delay': {
        const timer = setTimeout(() => {
          this.#timers.delete(timer);
          this.#forward(bytes);
        }, DELAY_MS);
        this.#timers.add(timer);
        return;
      }
      case 'replay':
        return this.#replay(bytes);
      case 'shuffle':
        return singleEntries(bytes).forEach((entry) => {
          this.#shuffle(entry);
        });
      default:
        return this.#mode satisfies never;
    }
  }

  /** Twice, and with it what came long before. */
  #replay(bytes: Buffer): void {
    this.#held.push(bytes);
    const old = this.#held.length > KEPT ? this.#held.shift() : this.#held[0];
    for (const each of old === undefined ? [bytes] : [bytes, bytes, old]) this.#forward(each);
  }

  #shuffle(bytes: Buffer): void {
    this.#held.push(bytes);
    if (this.#held.length < SHUFFLED) return;
    for (const each of this.#held.splice(Math.floor(Math.random() * SHUFFLED), 1)) this.#forward(each);
  }

  #forward(bytes: Buffer): void {
    if (this.#open) this.#out.write(bytes);
  }
}

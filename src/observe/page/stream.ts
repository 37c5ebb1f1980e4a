// The connection to /events: tells what comes, and whether it still comes. The browser comes back by itself where it lost
// a connection; where it gave up, or nothing is heard for long, we do.

import type { LiveBeat, LiveDelta, LiveSnapshot } from '../live/messages.js';

export interface Listener {
  snapshot(event: LiveSnapshot): void;
  delta(event: LiveDelta): void;
  beat(event: LiveBeat): void;
  connection(state: 'connecting' | 'live' | 'lost'): void;
}

const RETRY_MS = 5000;
/** Two heartbeats and a bit. */
const SILENCE_MS = 35_000;

export class Stream {
  readonly #listener: Listener;
  #source: EventSource | null = null;
  #query = '';
  #timer = 0;

  constructor(listener: Listener) {
    this.#listener = listener;
    // A browser allows few connections to one host: pages that nobody sees must not use them up.
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.#close();
      else this.#open();
    });
  }

  /** Asks anew, for what this query names. */
  ask(query: string): void {
    this.#query = query;
    if (!document.hidden) this.#open();
  }

  #open(): void {
    this.#close();
    this.#listener.connection('connecting');
    const source = new EventSource(`events${this.#query}`);
    this.#source = source;
    const on = <T>(name: string, tell: (event: T) => void) => {
      source.addEventListener(name, (message: MessageEvent<string>) => {
        if (source !== this.#source) return;
        this.#heard();
        tell(JSON.parse(message.data));
      });
    };
    on<LiveSnapshot>('snapshot', (event) => this.#listener.snapshot(event));
    on<LiveDelta>('delta', (event) => this.#listener.delta(event));
    on<LiveBeat>('beat', (event) => this.#listener.beat(event));
    source.addEventListener('error', () => this.#failed(source));
  }

  #heard(): void {
    this.#listener.connection('live');
    this.#again(SILENCE_MS);
  }

  #failed(source: EventSource): void {
    if (source !== this.#source) return;
    this.#listener.connection('lost');
    this.#again(source.readyState === EventSource.CLOSED ? RETRY_MS : SILENCE_MS);
  }

  #again(inMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), inMs);
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }
}

// Feeds those who watch /events: a snapshot first, then what has changed, at most twice a second, and a heartbeat where
// nothing has. While nobody watches there is no timer, and the traffic pays one comparison with null.
//
// Circuits are looked at afresh for every event, since following each result would cost the traffic; an event that
// took long to make puts off the next one, so that watching never takes more than a fixed share of a core.

import type { Records, RecordsQuery } from '../records.js';
import { LIVE_REQUESTS } from '../view/model.js';
import { Changed } from './changed.js';
import { type CircuitSource, type View, viewCircuits } from './circuits.js';
import { LiveClient, type Sink } from './client.js';
import type { DroppedWatcher } from './dropped.js';
import { circuitFields, deltaFrame, RequestTexts, requestFields, snapshotFrame } from './frames.js';

export interface FeedDeps extends CircuitSource {
  readonly records: Pick<Records, 'list' | 'watch'>;
  readonly version: string;
  readonly writable: boolean;
  readonly metrics: {
    watchers(count: number): void;
    watcherDropped(reason: DroppedWatcher): void;
  };
  /** Told of what should not happen; watching goes on. */
  fault(error: unknown): void;
}

export interface FeedOptions {
  /** Default: 32. */
  readonly maxClients?: number;
  /** Between two events. Default: 500. */
  readonly everyMs?: number;
  /** Of silence before a heartbeat. Default: 15,000. */
  readonly beatMs?: number;
  /** How much longer than making an event took the rest after it is. Default: 100, so at most one percent of a core. */
  readonly restPerWork?: number;
}

const DEFAULT_MAX_CLIENTS = 32;
const DEFAULT_EVERY_MS = 500;
const DEFAULT_BEAT_MS = 15_000;
const DEFAULT_REST_PER_WORK = 100;
const NOTHING: View = { shown: new Map(), more: 0 };

export class Feed {
  readonly #deps: FeedDeps;
  readonly #maxClients: number;
  readonly #everyMs: number;
  readonly #beatMs: number;
  readonly #restPerWork: number;
  readonly #clients = new Set<LiveClient>();
  readonly #changed = new Changed();
  #view = NOTHING;
  #timer: NodeJS.Timeout | null = null;
  #working = false;

  constructor(deps: FeedDeps, options: FeedOptions = {}) {
    this.#deps = deps;
    this.#maxClients = options.maxClients ?? DEFAULT_MAX_CLIENTS;
    this.#everyMs = options.everyMs ?? DEFAULT_EVERY_MS;
    this.#beatMs = options.beatMs ?? DEFAULT_BEAT_MS;
    this.#restPerWork = options.restPerWork ?? DEFAULT_REST_PER_WORK;
  }

  /** There is room for one more; where there is none, that is counted. */
  admits(): boolean {
    if (this.#clients.size < this.#maxClients) return true;
    this.#deps.metrics.watcherDropped('full');
    return false;
  }

  /** Sends to `sink` until the returned function is called, which whoever owns the connection does at its end. */
  connect(sink: Sink, query: RecordsQuery): () => void {
    const client = new LiveClient(sink, query);
    if (this.#clients.size === 0) this.#deps.records.watch(this.#changed.add);
    this.#clients.add(client);
    this.#count();
    this.#schedule(0);
    return () => this.#leave(client);
  }

  /** Ends every stream, in order. */
  close(): void {
    for (const client of this.#clients) {
      client.end();
      this.#leave(client);
    }
  }

  #leave(client: LiveClient): void {
    if (!this.#clients.delete(client)) return;
    this.#count();
    if (this.#clients.size > 0) return;
    this.#deps.records.watch(null);
    this.#changed.take();
    this.#view = NOTHING;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #count(): void {
    this.#deps.metrics.watchers(this.#clients.size);
  }

  #schedule(inMs: number): void {
    if (this.#working) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#work(), inMs).unref();
  }

  async #work(): Promise<void> {
    this.#working = true;
    const startedAtMs = performance.now();
    try {
      await this.#tell();
    } catch (error) {
      this.#deps.fault(error);
    }
    this.#working = false;
    if (this.#clients.size === 0) return;
    const waiting = [...this.#clients].some((client) => !client.greeted);
    this.#schedule(waiting ? 0 : Math.max(this.#everyMs, (performance.now() - startedAtMs) * this.#restPerWork));
  }

  async #tell(): Promise<void> {
    // Whoever comes while the circuits are looked at has to wait for the next look: what it is told must fit together.
    const clients = [...this.#clients];
    const before = this.#view;
    const after = await viewCircuits(this.#deps);
    const changed = this.#changed.take();
    this.#view = after;
    const nowMs = this.#deps.now();
    const circuits = circuitFields(before, after);
    const texts = new RequestTexts(this.#deps.toIso);
    for (const client of clients) {
      if (!this.#clients.has(client)) continue;
      if (client.isSlow(nowMs)) this.#drop(client);
      else if (!client.greeted || changed === null) this.#greet(client, after, texts, nowMs);
      else {
        const requests = requestFields(changed, client.query, texts);
        this.#update(client, deltaFrame(this.#deps.toIso(nowMs), after.more, circuits, requests), nowMs);
      }
    }
  }

  #drop(client: LiveClient): void {
    client.drop();
    this.#deps.metrics.watcherDropped('slow');
    this.#leave(client);
  }

  #greet(client: LiveClient, view: View, texts: RequestTexts, nowMs: number): void {
    const { version, writable, records, toIso } = this.#deps;
    const held = records.list({ ...client.query, notable: true, limit: LIVE_REQUESTS });
    const requests = held.map((record) => texts.of(record));
    client.send('snapshot', snapshotFrame({ now: toIso(nowMs), version, writable }, view, requests), nowMs);
  }

  #update(client: LiveClient, delta: string | null, nowMs: number): void {
    if (delta !== null) client.send('delta', delta, nowMs);
    else if (nowMs - client.lastWriteMs >= this.#beatMs) {
      client.send('beat', JSON.stringify({ now: this.#deps.toIso(nowMs) }), nowMs);
    }
  }
}

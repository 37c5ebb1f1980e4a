// Load that does not slow down with what it loads: requests go out when they are due, up to a number of connections. So a
// Sluice that stands still meets as many requests as before, and not only those of a few clients that wait for it.

import { eventually, pause } from '../../support/eventually.js';
import { Connection, type Missing } from './connection.js';
import type { RawAnswer } from './http-reader.js';

export interface TrafficOptions {
  readonly port: number;
  /** By the number of the request, from 0. */
  readonly path: (index: number) => string;
  /** Requests; what a busy machine does not get sent in time is left out. */
  readonly perSecond: number;
  readonly connections?: number;
}

/** What stands in place of a status where there was no answer at all. */
export const NO_ANSWER = 'no answer';
const TICK_MS = 5;
/** Requests of one tick, so that a pause of this process is not followed by a burst. */
const MOST_AT_ONCE = 25;
const DEFAULT_CONNECTIONS = 500;
const BODY_LENGTH = 150;
const ANSWER_WITHIN_MS = 60_000;

export class Traffic {
  /** Answers so far. */
  answered = 0;
  /** Sent; a request that a stale connection made necessary to send again is one. */
  sent = 0;
  /** All that was not answered with 200: in words (status, Sluice's reason or what became of the connection, body), how often. */
  readonly failures = new Map<string, number>();
  readonly #options: TrafficOptions;
  readonly #startedAtMs = performance.now();
  readonly #idle: Connection[] = [];
  readonly #pacing: Promise<void>;
  readonly #underWay = new Set<number>();
  #stopping = false;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#pacing = this.#pace();
  }

  /** Answers per second since the load began. */
  get rate(): number {
    return (1000 * this.answered) / (performance.now() - this.#startedAtMs);
  }

  /** Until so many more were answered. */
  async more(count: number): Promise<void> {
    const enough = this.answered + count;
    await eventually(() => {
      if (this.answered < enough) throw new Error(`${enough - this.answered} of ${count} answers are missing`);
    }, ANSWER_WITHIN_MS);
  }

  /** Until all that was sent by now is answered; more is sent meanwhile. */
  async turnedOver(): Promise<void> {
    const next = this.sent;
    await eventually(() => {
      for (const index of this.#underWay) if (index < next) throw new Error(`request ${index} has no answer`);
    }, ANSWER_WITHIN_MS);
  }

  /** Sends no more, and resolves when the last answer is there. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#pacing;
    await eventually(() => {
      if (this.#underWay.size > 0) throw new Error(`${this.#underWay.size} requests have no answer`);
    }, ANSWER_WITHIN_MS);
    for (const connection of this.#idle.splice(0)) connection.close();
  }

  async #pace(): Promise<void> {
    const { perSecond, connections = DEFAULT_CONNECTIONS } = this.#options;
    let lastMs = performance.now();
    let due = 0;
    while (!this.#stopping) {
      await pause(TICK_MS);
      const nowMs = performance.now();
      due = Math.min(MOST_AT_ONCE, due + ((nowMs - lastMs) * perSecond) / 1000);
      lastMs = nowMs;
      for (; due >= 1 && this.#underWay.size < connections; due -= 1) void this.#send();
    }
  }

  async #send(): Promise<void> {
    const index = this.sent++;
    const path = this.#options.path(index);
    this.#underWay.add(index);
    let result = await this.#try(path);
    while (result === 'stale') result = await this.#try(path);
    this.#underWay.delete(index);
    this.answered += 1;
    if (typeof result === 'string') this.#failed(`${NO_ANSWER}: ${result}`);
    else if (result.status !== 200) this.#failed(`${result.status} ${result.reason}: ${result.body}`);
  }

  async #try(path: string): Promise<RawAnswer | Missing | 'stale'> {
    const connection = this.#takeIdle() ?? new Connection(this.#options.port);
    const result = await connection.ask(path);
    if (connection.open) this.#idle.push(connection);
    return result;
  }

  #takeIdle(): Connection | undefined {
    let connection = this.#idle.pop();
    while (connection !== undefined && !connection.open) connection = this.#idle.pop();
    return connection;
  }

  #failed(words: string): void {
    const kind = words.slice(0, BODY_LENGTH);
    this.failures.set(kind, (this.failures.get(kind) ?? 0) + 1);
  }
}

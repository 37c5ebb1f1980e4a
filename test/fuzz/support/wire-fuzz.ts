// What is sent to the target: recorded messages as they are and changed, made-up headers, in streams that end anyhow.

import type { ProcessStream } from '../../../src/server/process-stream.js';
import { decodeAccessLogs } from '../../../src/wire/access-log.js';
import { bytesOf, index } from '../../wire/support/recorded.js';
import { headerMessage } from './header-messages.js';
import { mutate } from './mutate.js';
import { type Below, pick } from './random.js';
import { ALL_ROLES, WireTarget } from './wire-target.js';

const LOGS = index.messages.filter(({ from }) => from === 'log').map(({ file }) => bytesOf(file));
const MESSAGES = index.messages.filter(({ from }) => from !== 'log').map(({ file }) => bytesOf(file));
const IDS = [...new Set(LOGS.flatMap((bytes) => decodeAccessLogs(bytes).entries.map(({ id }) => id)))].filter(Boolean);
const MOST_STREAMS = 64;
const SWEEP_EVERY = 500;
const RELOAD_EVERY = 10_000;

export class WireFuzz {
  readonly target = new WireTarget(IDS);
  readonly #below: Below;
  readonly #streams: ProcessStream[] = [];

  constructor(below: Below) {
    this.#below = below;
  }

  /** So many messages. */
  run(count: number): void {
    const { target } = this;
    for (const until = target.handled + count; target.handled < until; ) {
      this.#step();
      if (target.handled % SWEEP_EVERY === 0) target.sweep();
      if (target.handled % RELOAD_EVERY === 0) target.reload();
    }
  }

  async end(): Promise<readonly string[]> {
    for (const stream of this.#streams.splice(0)) stream.over();
    await this.target.end();
    return this.target.findings;
  }

  #step(): void {
    const below = this.#below;
    const { target } = this;
    target.pass(below(40));
    if (below(3) === 0) {
      if (!target.log(this.#changed(LOGS)) && below(10) === 0) target.logEnded();
      return;
    }
    const at = below(MOST_STREAMS);
    const stream = this.#streams[at] ?? target.open(pick(below, ALL_ROLES));
    const bytes = below(3) === 0 ? headerMessage(below) : this.#changed(MESSAGES);
    const goesOn = target.message(stream, bytes);
    if (goesOn && below(3) > 0) this.#keep(at, stream);
    else this.#over(at, stream);
  }

  /** A third as it was recorded, so that some requests get anywhere. */
  #changed(messages: readonly Buffer[]): Buffer {
    const bytes = pick(this.#below, messages);
    return this.#below(3) === 0 ? bytes : mutate(bytes, messages, this.#below);
  }

  #keep(at: number, stream: ProcessStream): void {
    if (at >= this.#streams.length) this.#streams.push(stream);
  }

  #over(at: number, stream: ProcessStream): void {
    if (at < this.#streams.length) this.#streams.splice(at, 1);
    stream.over();
  }
}

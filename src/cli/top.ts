// `sluice top`: live circuits and retries of a running sidecar, drawn over and over in a terminal, or once.

import type { ReadStream, WriteStream } from 'node:tty';
import { LiveModel } from '../observe/view/model.js';
import { frame, type TopView } from './frame.js';
import { CliError } from './http.js';
import { isBeat, isDelta, isSnapshot } from './shape.js';
import { ansi, plainText, type Size } from './spans.js';
import { Terminal } from './terminal.js';
import { type ServerEvent, watch } from './watch.js';

const REDRAW_MS = 1000;
const RETRY_MS = 1000;
const CTRL_C = '\u0003';
const UNBOUNDED: Size = { columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY };

/** The frame of this moment, as text. @throws CliError where there is no sidecar. */
export async function topOnce(address: string, size: Size = UNBOUNDED, colour = false): Promise<string> {
  const model = new LiveModel();
  for await (const event of watch(address)) {
    if (!take(model, event, Date.now())) continue;
    const lines = frame(viewOf(model, address, null, ''), size);
    return `${lines.map((line) => (colour ? ansi(line, true) : plainText(line)).trimEnd()).join('\n')}\n`;
  }
  throw new CliError('the connection to Sluice ended before it said anything');
}

/** Until `q` or Ctrl-C. @throws CliError where there is no sidecar to begin with; one that goes away is waited for. */
export async function top(address: string, input: ReadStream, output: WriteStream): Promise<void> {
  const screen = new TopScreen(address, new Terminal(output, (process.env.NO_COLOR ?? '') === ''));
  const ended = new AbortController();
  const left = leaving(input, ended);
  const timer = setInterval(() => screen.draw(), REDRAW_MS);
  try {
    await Promise.race([left, screen.follow(ended.signal)]);
  } finally {
    ended.abort();
    clearInterval(timer);
    screen.close();
    input.setRawMode(false).pause();
  }
}

function leaving(input: ReadStream, ended: AbortController): Promise<void> {
  return new Promise((resolve) => {
    const leave = () => {
      ended.abort();
      resolve();
    };
    input.setRawMode(true).resume().setEncoding('utf8');
    input.on('data', (keys) => {
      if (/[qQ]/.test(String(keys)) || String(keys).includes(CTRL_C)) leave();
    });
    input.once('end', leave);
    process.once('SIGTERM', leave);
    process.once('SIGINT', leave);
  });
}

class TopScreen {
  readonly #address: string;
  readonly #terminal: Terminal;
  readonly #model = new LiveModel();
  #lost: string | null = null;
  #open = false;

  constructor(address: string, terminal: Terminal) {
    this.#address = address;
    this.#terminal = terminal;
  }

  /** Ends by `signal` only. @throws CliError where nobody answers the first time. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#read(signal);
        this.#lost = 'connection lost; trying again';
      } catch (error) {
        if (signal.aborted) return;
        if (!this.#open || !(error instanceof CliError)) throw error;
        this.#lost = 'connection lost; trying again';
      }
      this.draw();
      await pause(RETRY_MS, signal);
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    for await (const event of watch(this.#address, signal)) {
      if (take(this.#model, event, Date.now()) && !this.#open) {
        this.#open = true;
        this.#terminal.open();
      }
      this.#lost = null;
      this.draw();
    }
  }

  draw(): void {
    if (!this.#open) return;
    const { size } = this.#terminal;
    const lines = frame(viewOf(this.#model, this.#address, this.#lost, 'q leaves'), size);
    // The terminal keeps what it is not told to change.
    const blank = Array.from({ length: size.rows - lines.length }, () => []);
    this.#terminal.draw([...lines, ...blank]);
  }

  close(): void {
    this.#open = false;
    this.#terminal.close();
  }
}

function viewOf(model: LiveModel, address: string, lost: string | null, keys: string): TopView {
  const { circuits, more, requests, version } = model;
  return { address, version, lost, circuits, more, requests, nowMs: model.serverNow(Date.now()), keys };
}

/** true: the model knows all there is. @throws CliError where the event is none of Sluice's. */
function take(model: LiveModel, { event, data }: ServerEvent, nowMs: number): boolean {
  if (!isBeat(data)) throw new CliError('what Sluice sends is another version');
  model.heard(data.now, nowMs);
  if (event === 'snapshot' && isSnapshot(data)) model.snapshot(data);
  else if (event === 'delta' && isDelta(data)) model.delta(data);
  return event === 'snapshot';
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

// The demo on a terminal: what the screen shows, brought together from snapshots and events.

import type { WriteStream } from 'node:tty';
import type { Style } from '../../src/cli/spans.js';
import { Terminal } from '../../src/cli/terminal.js';
import type { Mesh } from '../support/mesh.js';
import type { CircuitDetailView } from '../support/views.js';
import { ROLES } from './cast.js';
import type { DemoEvent, Tone } from './events.js';
import { introduction } from './plain.js';
import { commands, tries } from './scene.js';
import { counters, type EventLine, type Row, screen, type View } from './screen.js';
import type { Display } from './show.js';
import { circuitOf, type Snapshot } from './snapshot.js';
import { type Plot, PRIMARY, SENTENCE, type Stage } from './story.js';

/** As many as the tallest terminal shows. */
const EVENTS_KEPT = 200;

const STYLE: Readonly<Record<Tone, Style>> = { good: 'good', bad: 'bad', change: 'change', demo: 'bold' };

export class LiveView implements Display {
  readonly #tries: readonly string[];
  readonly #commands: readonly string[];
  readonly #startedAtMs: number;
  readonly #terminal: Terminal;
  #events: readonly EventLine[] = [];

  constructor(mesh: Mesh, startedAtMs: number, out: WriteStream = process.stdout) {
    this.#tries = tries(mesh);
    this.#commands = commands(mesh);
    this.#startedAtMs = startedAtMs;
    this.#terminal = new Terminal(out, (process.env.NO_COLOR ?? '') === '');
  }

  /** What is written before the second screen opens is there again after it. */
  start(): void {
    process.stdout.write(`${introduction(this.#commands).join('\n')}\n\n`);
    this.#terminal.open();
  }

  show(snapshot: Snapshot, events: readonly DemoEvent[], plot: Plot): void {
    const nowMs = Date.now();
    this.#events = [...this.#events, ...eventLines(events, this.#startedAtMs)].slice(-EVENTS_KEPT);
    const view: View = {
      elapsedMs: nowMs - this.#startedAtMs,
      sentence: SENTENCE[plot.stage],
      rows: rows(snapshot, plot.stage, nowMs),
      counters: counters(snapshot),
      events: this.#events,
      tries: this.#tries,
    };
    this.#terminal.draw(screen(view, this.#terminal.size));
  }

  close(): void {
    this.#terminal.close();
  }
}

export function eventLines(events: readonly DemoEvent[], startedAtMs: number): EventLine[] {
  return events.map(({ atMs, who, tone, text }) => ({ atMs: atMs - startedAtMs, who, style: STYLE[tone], text }));
}

/** A row for every role, whether or not Sluice knows its circuit yet. */
export function rows(snapshot: Pick<Snapshot, 'circuits'>, stage: Stage, nowMs: number): Row[] {
  return ROLES.map(({ name, what }) => {
    const circuit = circuitOf(snapshot, name);
    return {
      name,
      what: name === 'primary' ? PRIMARY[stage] : what,
      circuit: circuit === undefined ? null : figures(circuit, nowMs),
    };
  });
}

function figures(circuit: CircuitDetailView, nowMs: number): NonNullable<Row['circuit']> {
  const { state, requests, failures, failureRatio, retryAt } = circuit;
  const probeInMs = retryAt === null ? null : Math.max(0, Date.parse(retryAt) - nowMs);
  return { state, requests, failures, failureRatio, probeInMs };
}

// One run of the demo: looks at Sluice a few times a second, moves the story on, and hands what is new to whoever shows
// it. With --once it ends when every check holds, or when the time is up.

import { pause } from '../support/eventually.js';
import type { Mesh } from '../support/mesh.js';
import { Calm } from './calm.js';
import { allHold, findings, report } from './checks.js';
import { type DemoEvent, demoEvent, EventFeed } from './events.js';
import { LiveView } from './live.js';
import type { DemoOptions } from './options.js';
import { PlainView } from './plain.js';
import { hostsOf, perform } from './scene.js';
import { circuitOf, type Snapshot, takeSnapshot } from './snapshot.js';
import { advance, beginning, type Pace, type Plot, SENTENCE } from './story.js';
import { startTraffic } from './traffic.js';
import { Witness } from './witness.js';

/** How the events are shown. */
export interface Display {
  start(): void;
  show(snapshot: Snapshot, events: readonly DemoEvent[], plot: Plot): void;
  close(): void;
}

const LOOK_EVERY_MS = 250;
const ONCE_AT_MOST_MS = 40_000;
/** For those who watch, time to look around, and the story again and again. */
const LEISURE: Pace = { beforeFirstDeathMs: 5_000, betweenDeathsMs: 15_000 };
const ONCE: Pace = { beforeFirstDeathMs: 0, betweenDeathsMs: Number.POSITIVE_INFINITY };
/** A kind of event that was told keeps silent for so long. */
const REPEAT_EVERY_MS = 5_000;

/** The exit status; resolves when the signal comes, or with `once` when the story is over. */
export async function runShow(mesh: Mesh, options: DemoOptions, signal: AbortSignal): Promise<number> {
  const startedAtMs = Date.now();
  const live = process.stdout.isTTY && !options.once;
  const display: Display = live ? new LiveView(mesh, startedAtMs) : new PlainView(mesh, startedAtMs);
  const witness = options.once ? new Witness(hostsOf(mesh)) : null;
  const traffic = startTraffic(mesh.envoy.port, (path, answer) => witness?.answered(path, answer));
  try {
    display.start();
    return await new Show(mesh, display, witness, options.once ? ONCE : LEISURE).run(signal);
  } finally {
    await traffic.stop();
    display.close();
  }
}

class Show {
  readonly #mesh: Mesh;
  readonly #display: Display;
  readonly #witness: Witness | null;
  readonly #pace: Pace;
  readonly #feed = new EventFeed();
  readonly #calm = new Calm(REPEAT_EVERY_MS);
  #plot: Plot = beginning(performance.now());

  constructor(mesh: Mesh, display: Display, witness: Witness | null, pace: Pace) {
    this.#mesh = mesh;
    this.#display = display;
    this.#witness = witness;
    this.#pace = pace;
  }

  async run(signal: AbortSignal): Promise<number> {
    const endsAtMs = performance.now() + ONCE_AT_MOST_MS;
    while (!signal.aborted) {
      const snapshot = await this.#look();
      const told = this.#feed.take(snapshot);
      const events = [...told, ...(await this.#moveOn(snapshot))];
      this.#display.show(snapshot, this.#calm.filter(events), this.#plot);
      const status = this.#verdict(snapshot, performance.now() >= endsAtMs);
      if (status !== null) return status;
      await pause(LOOK_EVERY_MS);
    }
    return 0;
  }

  async #look(): Promise<Snapshot> {
    const { sluice } = this.#mesh;
    return takeSnapshot(sluice).catch((cause: unknown) => {
      const words = `${sluice.stderr()}\n${JSON.stringify(sluice.logs().at(-1))}`.trim();
      throw new Error(`Sluice at ${sluice.http} does not answer any more. It said last:\n${words}`, { cause });
    });
  }

  async #moveOn(snapshot: Snapshot): Promise<DemoEvent[]> {
    const primary = circuitOf(snapshot, 'primary');
    if (primary === undefined) return [];
    const before = this.#plot;
    const { plot, turn } = advance(before, primary, performance.now(), this.#pace);
    this.#plot = plot;
    await perform(turn, this.#mesh);
    if (turn !== null && this.#witness === null) this.#forget();
    return plot.stage === before.stage ? [] : [demoEvent(Date.now(), SENTENCE[plot.stage])];
  }

  /** What the upstreams remember is evidence for the checks, and a leak without them. */
  #forget(): void {
    for (const hosts of Object.values(this.#mesh.upstreams)) if ('forget' in hosts) hosts.forget();
  }

  /** null: go on. */
  #verdict(snapshot: Snapshot, late: boolean): number | null {
    if (this.#witness === null) return null;
    const found = findings(this.#witness.evidence(snapshot));
    const held = allHold(found);
    if (!held && !late) return null;
    process.stdout.write(`\nWhat Sluice, the clients and the upstreams agree on:\n  ${report(found).join('\n  ')}\n`);
    if (!held) process.stdout.write('\nNot all of it happened in the time there was.\n');
    return held ? 0 : 1;
  }
}

// The demo without a terminal, and with --once: a line for each event.

import type { Mesh } from '../support/mesh.js';
import { ROLES } from './cast.js';
import type { DemoEvent } from './events.js';
import { commands } from './scene.js';
import type { Display } from './show.js';
import type { Snapshot } from './snapshot.js';

export class PlainView implements Display {
  readonly #mesh: Mesh;
  readonly #startedAtMs: number;

  constructor(mesh: Mesh, startedAtMs: number) {
    this.#mesh = mesh;
    this.#startedAtMs = startedAtMs;
  }

  start(): void {
    process.stdout.write(`${introduction(commands(this.#mesh)).join('\n')}\n\n`);
  }

  show(_snapshot: Snapshot, events: readonly DemoEvent[]): void {
    for (const event of events) process.stdout.write(`${plainLine(event, this.#startedAtMs)}\n`);
  }

  close(): void {}
}

/** Who plays, and what to try. */
export function introduction(commands: readonly string[]): string[] {
  return [
    'Steady traffic through Envoy and Sluice to',
    ...ROLES.map(({ name, what }) => `  ${name.padEnd(10)} ${what}`),
    'Try by hand, meanwhile:',
    ...commands.map((command) => `  ${command}`),
  ];
}

/** `  12.3s  pool       text`: seconds since the start. */
export function plainLine({ atMs, who, text }: DemoEvent, startedAtMs: number): string {
  const since = Math.max(0, (atMs - startedAtMs) / 1000).toFixed(1);
  return `${since.padStart(6)}s  ${who.padEnd(10)} ${text}`;
}

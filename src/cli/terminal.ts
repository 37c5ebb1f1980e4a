// Draws lines in place on a terminal's second screen, and gives the first one back as it was. Only lines that changed
// are written: a command that is being selected with the mouse stays selected.

import type { WriteStream } from 'node:tty';
import { ansi, type Line, type Size } from './spans.js';

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[2J';
const LEAVE = '\u001b[?25h\u001b[?1049l';

const FALLBACK_SIZE: Size = { columns: 80, rows: 24 };

export class Terminal {
  readonly #out: WriteStream;
  readonly #colour: boolean;
  readonly #leave = () => this.close();
  readonly #forget = () => {
    this.#shown = [];
  };
  #shown: string[] = [];
  #open = false;

  constructor(out: WriteStream, colour: boolean) {
    this.#out = out;
    this.#colour = colour;
  }

  get size(): Size {
    const { columns, rows } = this.#out;
    return columns > 0 && rows > 0 ? { columns, rows } : FALLBACK_SIZE;
  }

  open(): void {
    this.#open = true;
    this.#out.write(ENTER);
    this.#out.on('resize', this.#forget);
    // However the process ends, the terminal is usable afterwards.
    process.once('exit', this.#leave);
  }

  draw(lines: readonly Line[]): void {
    const clear = this.#shown.length === 0 ? '\u001b[2J' : '';
    const next = lines.map((line) => ansi(line, this.#colour));
    const changes = next.map((text, index) =>
      text === this.#shown[index] ? '' : `\u001b[${index + 1};1H${text}\u001b[0m\u001b[K`,
    );
    this.#shown = next;
    const output = clear + changes.join('');
    if (output !== '') this.#out.write(output);
  }

  /** Harmless when done twice. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#out.off('resize', this.#forget);
    process.off('exit', this.#leave);
    this.#out.write(LEAVE);
  }
}

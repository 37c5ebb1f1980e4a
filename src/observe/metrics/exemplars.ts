// The request that a counter or a bucket last heard of, so that one can go from a figure on a graph to the history of a
// request behind it. In columns, which may be those of many clusters: keeping one writes into two arrays and allocates nothing.

import { Rows } from './rows.js';

export interface Exemplar {
  /** Of a request, as in /requests. */
  readonly id: string;
  /** In the unit of the metric; 1 for a counter. */
  readonly value: number;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** Of a cell: value and time. */
const NUMBERS = 2;

/** The latest exemplar of each cell. */
export class Exemplars {
  private readonly ids: (string | null)[] = [];
  private readonly numbers = new Rows();

  /** The first of so many new cells. */
  reserve(cells: number): number {
    const start = this.ids.length;
    for (let cell = 0; cell < cells; cell++) this.ids.push(null);
    this.numbers.reserve(cells * NUMBERS);
    return start;
  }

  keep(cell: number, id: string, value: number, atMs: number): void {
    this.ids[cell] = id;
    this.numbers.set(cell * NUMBERS, value);
    this.numbers.set(cell * NUMBERS + 1, atMs);
  }

  /** null: none was kept for it. */
  of(cell: number): Exemplar | null {
    const id = this.ids[cell] ?? null;
    return id === null
      ? null
      : { id, value: this.numbers.at(cell * NUMBERS), atMs: this.numbers.at(cell * NUMBERS + 1) };
  }
}

// The request that a counter or a bucket last heard of, so that one can go from a figure on a graph to the history of a
// request behind it. In columns: keeping one writes into three arrays and allocates nothing.

export interface Exemplar {
  /** Of a request, as in /requests. */
  readonly id: string;
  /** In the unit of the metric; 1 for a counter. */
  readonly value: number;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** The latest exemplar of each of `size` cells. */
export class Exemplars {
  private readonly ids: (string | null)[];
  private readonly values: Float64Array;
  private readonly timesMs: Float64Array;

  constructor(size: number) {
    this.ids = new Array<string | null>(size).fill(null);
    this.values = new Float64Array(size);
    this.timesMs = new Float64Array(size);
  }

  keep(cell: number, id: string, value: number, atMs: number): void {
    this.ids[cell] = id;
    this.values[cell] = value;
    this.timesMs[cell] = atMs;
  }

  /** null: none was kept for it. */
  of(cell: number): Exemplar | null {
    const id = this.ids[cell] ?? null;
    return id === null ? null : { id, value: this.values[cell] ?? 0, atMs: this.timesMs[cell] ?? 0 };
  }
}

// Counters for every combination of a metric's closed labels, as plain numbers in one flat array. prom-client takes
// about 700 ns to find a counter by its labels, an index 21 ns: so the traffic counts here, and the scrape reads.

import { Exemplars } from './exemplars.js';
import type { Sample } from './exposed.js';
import { label } from './text.js';

type Words = readonly string[];

/** `counted`: only those above 0. */
export type Which = 'all' | 'counted';

/** The combinations of up to three closed label sets, numbered. Made once per metric, shared by all clusters. */
export class Grid<A extends string, B extends string = never, C extends string = never> {
  /** Labels of each cell as the scrape writes them, by its number. */
  readonly labels: readonly string[];
  private readonly a: Readonly<Record<string, number>>;
  private readonly b: Readonly<Record<string, number>>;
  private readonly c: Readonly<Record<string, number>>;
  /** The words that were asked for last, and their cell: most requests end alike. */
  private lastA: A | undefined;
  private lastB: B | undefined;
  private lastC: C | undefined;
  private last = NaN;

  constructor(
    a: readonly [string, readonly A[]],
    b?: readonly [string, readonly B[]],
    c?: readonly [string, readonly C[]],
  ) {
    const cWords: Words = c?.[1] ?? [''];
    const bWords: Words = b?.[1] ?? [''];
    this.c = offsets(cWords, 1);
    this.b = offsets(bWords, cWords.length);
    this.a = offsets(a[1], cWords.length * bWords.length);
    this.labels = combine([a, b, c].filter((dimension) => dimension !== undefined));
  }

  /** Number of a cell; NaN for a word that is not of the set. A label set that the grid does not have is left out. */
  cell(a: A, b?: B, c?: C): number {
    if (a === this.lastA && b === this.lastB && c === this.lastC) return this.last;
    this.lastA = a;
    this.lastB = b;
    this.lastC = c;
    this.last = (this.a[a] ?? NaN) + (this.b[b ?? ''] ?? NaN) + (this.c[c ?? ''] ?? NaN);
    return this.last;
  }
}

/** The counts of one grid for one cluster. Holds no memory before the first count. */
export class Cells<A extends string, B extends string = never, C extends string = never> {
  private counts: Float64Array | null = null;
  private exemplars: Exemplars | null = null;
  private readonly grid: Grid<A, B, C>;

  constructor(grid: Grid<A, B, C>) {
    this.grid = grid;
  }

  add(a: A, b?: B, c?: C): void {
    this.count(this.grid.cell(a, b, c));
  }

  /** The same, for a request that the count may be explained by. */
  addOf(id: string, atMs: number, a: A, b?: B, c?: C): void {
    const cell = this.grid.cell(a, b, c);
    this.count(cell);
    this.exemplars ??= this.newExemplars();
    this.exemplars.keep(cell, id, 1, atMs);
  }

  samples(before: string, which: Which): Generator<Sample> {
    return samplesOf(this.grid, before, which, (cell) => this.counts?.[cell] ?? 0, this.exemplars);
  }

  private newExemplars(): Exemplars {
    const exemplars = new Exemplars();
    exemplars.reserve(this.grid.labels.length);
    return exemplars;
  }

  private count(cell: number): void {
    this.counts ??= new Float64Array(this.grid.labels.length);
    this.counts[cell] = (this.counts[cell] ?? 0) + 1;
  }
}

/**
 * One per cell, in the order of the labels.
 * @param before labels to put before those of the grid, with a comma at the end; '' for none.
 */
export function* samplesOf(
  { labels }: { readonly labels: readonly string[] },
  before: string,
  which: Which,
  countOf: (cell: number) => number,
  exemplars: Exemplars | null = null,
): Generator<Sample> {
  for (const [cell, text] of labels.entries()) {
    const value = countOf(cell);
    if (which === 'counted' && value === 0) continue;
    yield { labels: before + text, value, exemplar: exemplars?.of(cell) ?? null };
  }
}

function offsets(words: Words, stride: number): Readonly<Record<string, number>> {
  return Object.fromEntries(words.map((word, index) => [word, index * stride]));
}

function combine(dimensions: readonly (readonly [string, Words])[]): readonly string[] {
  return dimensions
    .map(([name, words]) => words.map((word) => label(name, word)))
    .reduce((rows, texts) => rows.flatMap((row) => texts.map((text) => `${row},${text}`)));
}

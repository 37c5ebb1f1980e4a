// Where things lie in a message: five numbers for each. Hundreds of messages share one array of numbers, because an array
// of its own for every message, growing as headers are found, would be most of what reading a message allocates.
// An array that is full is left to those that point into it, and goes with the last of them.

const SHARED_NUMBERS = 16_384;
/** Numbers of an entry. */
export const STEP = 5;

let shared = new Int32Array(SHARED_NUMBERS);
/** Of the shared array, so many numbers are taken. */
let taken = 0;

/** Entries are read by the number at which they begin: from `first`, by `STEP`, up to `end`. */
export abstract class Places {
  protected numbers = shared;
  protected first = taken;
  protected end = taken;

  protected add(a: number, b: number, c: number, d: number, e: number): void {
    // Somebody else has added since, or there is no room.
    if (this.end !== taken || this.numbers !== shared || taken + STEP > shared.length) this.move();
    const { numbers, end } = this;
    numbers[end] = a;
    numbers[end + 1] = b;
    numbers[end + 2] = c;
    numbers[end + 3] = d;
    numbers[end + 4] = e;
    this.end = end + STEP;
    taken = this.end;
  }

  /** To where there is room behind the entries so far: as much as they take, so that a long list moves seldom. */
  private move(): void {
    const { numbers, first, end } = this;
    const count = end - first;
    if (taken + 2 * count + STEP > shared.length) {
      shared = new Int32Array(Math.max(SHARED_NUMBERS, 4 * count));
      taken = 0;
    }
    shared.set(numbers.subarray(first, end), taken);
    this.numbers = shared;
    this.first = taken;
    this.end = taken + count;
    taken = this.end;
  }
}

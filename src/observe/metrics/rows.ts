// The numbers of many clusters in one array, a row each. As objects of their own they lay all over memory: with requests to a
// thousand clusters in turn, fetching them took longer than counting.

export class Rows {
  private numbers = new Float64Array(0);
  private used = 0;

  /** Where a new row of that width starts; its numbers are 0. It is there for good. */
  reserve(width: number): number {
    const start = this.used;
    this.used += width;
    if (this.used > this.numbers.length) this.grow();
    return start;
  }

  at(index: number): number {
    return this.numbers[index] ?? 0;
  }

  /** A copy. */
  slice(from: number, to: number): Float64Array {
    return this.numbers.slice(from, to);
  }

  set(index: number, value: number): void {
    this.numbers[index] = value;
  }

  increase(index: number, by: number): void {
    this.numbers[index] = (this.numbers[index] ?? 0) + by;
  }

  private grow(): void {
    const larger = new Float64Array(Math.max(this.used, 2 * this.numbers.length));
    larger.set(this.numbers);
    this.numbers = larger;
  }
}

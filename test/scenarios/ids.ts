// Every id of the acceptance list, so that a row that is missing fails a test instead of being missed. `core`: it can be
// told without Envoy. `envoy`: it has to hold through a real one.

export interface Row {
  readonly id: string;
  readonly core: boolean;
  readonly envoy: boolean;
}

function family(letter: string, numbers: readonly number[], throughEnvoy: readonly number[]): Row[] {
  return numbers.map((number) => ({ id: `${letter}${number}`, core: true, envoy: throughEnvoy.includes(number) }));
}

/** What the sidecar's memory does under a body of 20 MB cannot be seen without one. */
const ENVOY_ONLY: ReadonlySet<string> = new Set(['R11']);

export const ROWS: readonly Row[] = [
  ...family('N', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17], [1, 2, 3, 4, 6, 9]),
  ...family('R', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14], [1, 2, 3, 5, 7, 8, 9, 10, 11, 13]),
  ...family('I', [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 13, 15, 16, 17, 18], [4, 5, 13, 15, 16]),
  ...family('S', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13], [7, 8, 13]),
].map((row) => ({ ...row, core: !ENVOY_ONLY.has(row.id) }));

// What is wrong with a policy file, where, and how to fix it: one shape for every stage of reading it, so that a
// person sees all mistakes in one list instead of one per attempt.

/** Keys and indexes from the root of the file; empty: the file as a whole. */
export type Path = readonly (string | number)[];

export interface PolicyProblem {
  readonly file: string;
  /** From 1; null where the file could not be read at all. */
  readonly line: number | null;
  readonly column: number | null;
  /** As in `clusters.primary.circuit.failureRatio`; '' for the file as a whole. */
  readonly path: string;
  /** What is wrong, a semicolon, how to fix it. */
  readonly message: string;
}

/** A problem before its place in the text is known. `atKey`: the key is the culprit, not its value. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  readonly atKey?: boolean;
}

/** `FILE:LINE:COL path: what is wrong; how to fix`. */
export function formatProblem(problem: PolicyProblem): string {
  const place = problem.line === null ? problem.file : `${problem.file}:${problem.line}:${problem.column ?? 1}`;
  return problem.path === '' ? `${place}: ${problem.message}` : `${place} ${problem.path}: ${problem.message}`;
}

/** Dots between plain names; anything that would read badly there goes in brackets and quotes. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) text += formatPart(part, text === '');
  return text;
}

/** A value as an error message shows it: short, on one line, whatever it is. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a mapping';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/** The one sentence for a value that is not what it should be. `want` completes "give ...". */
export function complaint(value: unknown, want: string): string {
  if (value === undefined) return `is missing; give ${want}`;
  if (value === null) return `has no value; give ${want}, or remove the key`;
  return `is ${show(value)}; give ${want}`;
}

function formatPart(part: string | number, first: boolean): string {
  if (typeof part === 'number') return `[${part}]`;
  const shown = part.length > 120 ? `${part.slice(0, 120)}...` : part;
  if (!/^[A-Za-z0-9_-]+$/.test(shown)) return `[${JSON.stringify(shown)}]`;
  return first ? shown : `.${shown}`;
}

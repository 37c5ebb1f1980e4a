// Turns "unknown key" into "did you mean": most configuration mistakes are one slip of a finger, and the nearest
// known word is then the whole answer.

/** The known word nearest to `word`, or null where none is near enough to be what was meant. */
export function nearest(word: string, known: readonly string[]): string | null {
  const folded = fold(word);
  let best: string | null = null;
  let bestDistance = Math.min(3, Math.ceil(folded.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(folded, fold(candidate), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `max_retries`, `max-retries` and `maxRetries` are the same word to a person. */
function fold(word: string): string {
  return word.slice(0, 64).toLowerCase().replace(/[-_]/g, '');
}

/** Levenshtein distance by rows; `limit` where it would be that or more. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) row = nextRow(row, a[i - 1] ?? '', i, b);
  return Math.min(row[b.length] ?? limit, limit);
}

function nextRow(previous: readonly number[], letter: string, start: number, b: string): number[] {
  const next = [start];
  for (let j = 1; j <= b.length; j++) {
    const substituted = (previous[j - 1] ?? 0) + (b[j - 1] === letter ? 0 : 1);
    const inserted = (next[j - 1] ?? 0) + 1;
    const deleted = (previous[j] ?? 0) + 1;
    next.push(Math.min(substituted, inserted, deleted));
  }
  return next;
}

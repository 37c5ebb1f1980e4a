// Durations as people write them. The file keeps the text (`60s`), the core counts milliseconds; this is the only
// place that knows both. A bare number is refused because nobody can tell whether `timeout: 5` meant ms or seconds.

/** What a duration may look like; used by the JSON Schema as well, hence its own constant. */
export const DURATION_PATTERN = /^(?:0|\d+(?:\.\d+)?(?:ms|s|m|h))$/;

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
type Unit = keyof typeof UNITS_MS;

/** Longest first, so that printing picks the largest unit that divides. */
const UNITS: readonly Unit[] = ['h', 'm', 's', 'ms'];

export type DurationResult =
  | { readonly ok: true; readonly ms: number }
  /** `problem` says what is wrong and how to fix it; it names the value, not the place. */
  | { readonly ok: false; readonly problem: string };

/** Reads `500ms`, `1.5s`, `5m`, `1h`, `0s` or `0` (text or number). Never throws. */
export function parseDuration(input: unknown): DurationResult {
  if (input === 0) return { ok: true, ms: 0 };
  if (typeof input === 'number') return { ok: false, problem: withoutUnit(String(input)) };
  if (typeof input !== 'string')
    return { ok: false, problem: 'is neither text nor a number; write a duration such as 500ms, 60s or 5m' };
  if (!DURATION_PATTERN.test(input)) return { ok: false, problem: malformed(input) };
  const unit = unitOf(input);
  if (unit === null) return { ok: true, ms: 0 };
  return wholeMs(input, Number(input.slice(0, -unit.length)) * UNITS_MS[unit]);
}

/**
 * Milliseconds of a duration that was validated before.
 * @throws RangeError for anything else: a caller that gets here with bad text skipped the validation.
 */
export function durationMs(text: string | number): number {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new RangeError(`a duration ${parsed.problem}`);
  return parsed.ms;
}

/** The shortest exact notation: 90000 becomes `90s`, 60000 `1m`, 0 `0s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  const unit = UNITS.find((candidate) => ms % UNITS_MS[candidate] === 0) ?? 'ms';
  return `${ms / UNITS_MS[unit]}${unit}`;
}

function unitOf(text: string): Unit | null {
  if (text.endsWith('ms')) return 'ms';
  return UNITS.find((unit) => text.endsWith(unit)) ?? null;
}

/** Tolerates the last bits of a product such as 1.1 * 1000; refuses what timers and Envoy's headers cannot hold. */
function wholeMs(text: string, exact: number): DurationResult {
  const ms = Math.round(exact);
  if (!Number.isSafeInteger(ms)) return { ok: false, problem: `is "${shorten(text)}", too long to count; write less` };
  if (Math.abs(exact - ms) < 1e-6) return { ok: true, ms };
  return { ok: false, problem: `is "${shorten(text)}", finer than a millisecond; write a whole number of ms` };
}

function withoutUnit(number: string): string {
  return `is ${number}, a number without a unit; add one: ${number}ms, ${number}s, ${number}m or ${number}h`;
}

function malformed(text: string): string {
  if (/^\d+(\.\d+)?$/.test(text)) return withoutUnit(shorten(text));
  if (/^-/.test(text)) return `is "${shorten(text)}", below zero; write 0s or more`;
  return `is "${shorten(text)}", which is no duration; write one number and a unit: ms, s, m or h, such as 500ms or 1.5s`;
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}

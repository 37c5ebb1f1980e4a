// OpenMetrics 1.0 text, read strictly: what the specification says MUST be so, and of what it says SHOULD be so the
// writing of bounds. https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md

export interface OpenExemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Seconds since the epoch. */
  readonly timestamp: number | null;
}

export interface OpenSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly exemplar: OpenExemplar | null;
}

export interface OpenFamily {
  readonly name: string;
  type: string | null;
  help: string | null;
  unit: string | null;
  readonly samples: OpenSample[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const META = new RegExp(`^# (TYPE|HELP|UNIT) (${NAME}) (.*)$`);
const NUMBER = '[+-]?(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][+-]?\\d+)?|[+-]?Inf|NaN';
const LABELS = '(?:\\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\.)*",?)*)\\})';
const SAMPLE = new RegExp(`^(${NAME})${LABELS}? (${NUMBER})(?: # ${LABELS} (${NUMBER})(?: (${NUMBER}))?)?$`);
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?!$)|$)/y;

/** Sample names that a type allows, behind the family's name. */
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total', '_created'],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count', '_created'],
  summary: ['', '_sum', '_count', '_created'],
};
const MAX_EXEMPLAR_CHARACTERS = 128;

/** @throws Error that quotes the first line that is not valid. */
export function parseOpenMetrics(text: string): OpenFamily[] {
  if (!text.endsWith('\n# EOF\n')) throw new Error('does not end with # EOF');
  const reader = new Reader();
  for (const line of text.slice(0, -'# EOF\n'.length).split('\n').slice(0, -1)) reader.line(line);
  return reader.end();
}

class Reader {
  readonly #families = new Map<string, OpenFamily>();
  readonly #series = new Set<string>();
  #current: OpenFamily | null = null;

  line(line: string): void {
    const meta = META.exec(line);
    if (meta !== null) return this.#meta(meta[1] ?? '', meta[2] ?? '', meta[3] ?? '', line);
    const match = SAMPLE.exec(line);
    if (match === null) throw new Error(`neither metadata nor a sample: ${line}`);
    this.#sample(match, line);
  }

  end(): OpenFamily[] {
    const families = [...this.#families.values()];
    for (const family of families) {
      if (family.type === 'histogram') checkHistogram(family);
      clashes(family, this.#families);
    }
    return families;
  }

  #meta(keyword: string, name: string, text: string, line: string): void {
    if (this.#current?.name !== name) {
      if (this.#families.has(name)) throw new Error(`the family comes twice, or is interrupted: ${line}`);
      this.#current = { name, type: null, help: null, unit: null, samples: [] };
      this.#families.set(name, this.#current);
    }
    const family = this.#current;
    if (family.samples.length > 0) throw new Error(`metadata after samples: ${line}`);
    if (keyword === 'TYPE') family.type = once(family.type, knownType(text, line), line);
    else if (keyword === 'HELP') family.help = once(family.help, unescaped(text, line), line);
    else family.unit = once(family.unit, unitOf(name, text, line), line);
  }

  #sample(match: RegExpExecArray, line: string): void {
    const [, name = '', labelText = '', value = '', exemplarLabels, exemplarValue = '', timestamp] = match;
    const family = this.#current;
    const allowed = SUFFIXES[family?.type ?? ''] ?? [];
    const suffix = allowed.find((candidate) => family !== null && name === family.name + candidate);
    if (family === null || suffix === undefined) throw new Error(`not a sample of the family before it: ${line}`);
    const labels = parseLabels(labelText, line);
    const series = `${name} ${JSON.stringify(Object.entries(labels).sort())}`;
    if (this.#series.has(series)) throw new Error(`the series comes twice: ${line}`);
    this.#series.add(series);
    if (suffix !== '' && family.type === 'counter' && !(toNumber(value) >= 0)) throw new Error(`below 0: ${line}`);
    const exemplar =
      exemplarLabels === undefined ? null : parseExemplar(exemplarLabels, exemplarValue, timestamp, suffix, line);
    family.samples.push({ name, labels, value: toNumber(value), exemplar });
  }
}

function once<T>(before: T | null, now: T, line: string): T {
  if (before !== null) throw new Error(`twice: ${line}`);
  return now;
}

function knownType(text: string, line: string): string {
  if (!(text in SUFFIXES)) throw new Error(`not a type that is known here: ${line}`);
  return text;
}

function unitOf(name: string, unit: string, line: string): string {
  if (unit === '' || !name.endsWith(`_${unit}`)) throw new Error(`the unit is not the end of the name: ${line}`);
  return unit;
}

function unescaped(text: string, line: string): string {
  if (/(?<!\\)(?:\\\\)*"/.test(text) || /(?<!\\)(?:\\\\)*\\[^\\"n]/.test(text))
    throw new Error(`badly escaped: ${line}`);
  return text.replaceAll(/\\(.)/g, (_match, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

function parseLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name = '', value = ''] = LABEL.exec(text) ?? [];
    if (name === '' || name in labels) throw new Error(`not labels, or one of them twice: ${line}`);
    labels[name] = unescaped(value, line);
  }
  return labels;
}

function parseExemplar(
  text: string,
  value: string,
  time: string | undefined,
  suffix: string,
  line: string,
): OpenExemplar {
  if (suffix !== '_bucket' && suffix !== '_total') throw new Error(`an exemplar where none may be: ${line}`);
  const labels = parseLabels(text, line);
  const length = Object.entries(labels).reduce((sum, [name, word]) => sum + [...name].length + [...word].length, 0);
  if (length > MAX_EXEMPLAR_CHARACTERS) throw new Error(`an exemplar of more than 128 characters: ${line}`);
  return { labels, value: toNumber(value), timestamp: time === undefined ? null : toNumber(time) };
}

function toNumber(text: string): number {
  return text.endsWith('Inf') ? Number(text.replace('Inf', 'Infinity')) : Number(text);
}

/** Buckets rise, are cumulative, end in +Inf, which is the count, and hold their exemplars. */
function checkHistogram({ name, samples }: OpenFamily): void {
  const bySeries = new Map<string, OpenSample[]>();
  for (const sample of samples) {
    const { le: _le, ...rest } = sample.labels;
    const key = JSON.stringify(rest);
    bySeries.set(key, [...(bySeries.get(key) ?? []), sample]);
  }
  for (const series of bySeries.values()) {
    const buckets = series.filter((sample) => sample.name.endsWith('_bucket'));
    const count = series.find((sample) => sample.name.endsWith('_count'))?.value;
    if (buckets.at(-1)?.labels.le !== '+Inf' || buckets.at(-1)?.value !== count)
      throw new Error(`${name}: +Inf is not the count`);
    let bound = Number.NEGATIVE_INFINITY;
    let seen = 0;
    for (const { labels, value, exemplar } of buckets) {
      const le = canonicalBound(labels.le ?? '', name);
      if (le <= bound || value < seen) throw new Error(`${name}: buckets that do not rise`);
      if (exemplar !== null && !(exemplar.value <= le && exemplar.value > bound))
        throw new Error(`${name}: a foreign exemplar`);
      bound = le;
      seen = value;
    }
  }
}

/** As Go's %g, with `.0` where there is neither point nor exponent. */
function canonicalBound(le: string, name: string): number {
  const canonical = /^(?:\+Inf|\d+\.\d+|\d(?:\.\d+)?e[+-]\d\d+)$/.test(le) && !/^0\.0000/.test(le);
  if (!canonical) throw new Error(`${name}: the bound ${le} is not written as others would write it`);
  return toNumber(le);
}

/** No family may be named like a sample of another. */
function clashes(family: OpenFamily, all: ReadonlyMap<string, OpenFamily>): void {
  for (const suffix of SUFFIXES[family.type ?? ''] ?? []) {
    if (suffix !== '' && all.has(family.name + suffix)) throw new Error(`two families share ${family.name}${suffix}`);
  }
}

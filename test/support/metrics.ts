// Prometheus text, read back: enough to ask for one sample by name and labels.

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Metrics {
  readonly samples: readonly Sample[];
  /** Sum of the samples of that name which carry at least these labels; 0 where there is none. */
  metric(name: string, labels?: Readonly<Record<string, string>>): number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** @throws Error on a line that is not of the format: the page itself is under test. */
export function parseMetrics(text: string): Metrics {
  const samples = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(parseSample);
  return {
    samples,
    metric: (name, labels = {}) =>
      samples
        .filter((sample) => sample.name === name && Object.entries(labels).every(([k, v]) => sample.labels[k] === v))
        .reduce((sum, sample) => sum + sample.value, 0),
  };
}

function parseSample(line: string): Sample {
  const [, name, labels = '', value] = LINE.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`not a sample: ${JSON.stringify(line)}`);
  const pairs = [...labels.matchAll(LABEL)].map(([, key = '', text = '']): [string, string] => [key, unquote(text)]);
  return { name, labels: Object.fromEntries(pairs), value: Number(value.replace('Inf', 'Infinity')) };
}

function unquote(text: string): string {
  return text.replaceAll(/\\(.)/g, (_match, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

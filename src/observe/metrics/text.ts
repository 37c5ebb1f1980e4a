// The two text formats, line by line. They differ where OpenMetrics is stricter: a counter's family has no `_total`,
// units are told, quotes in help are escaped, bounds are written as Go does, and only there are exemplars.

import type { Exemplar } from './exemplars.js';
import type { Sample } from './exposed.js';
import type { ScrapeFormat } from './format.js';

export interface FamilyHead {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly help: string;
}

/** Units that our names, and those of Node's process metrics, may end in. */
const UNITS = ['seconds', 'bytes'] as const;
const MS_PER_SECOND = 1000;

export function headText({ name, type, help }: FamilyHead, format: ScrapeFormat): string {
  const plain = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  if (format === 'text') return `# HELP ${name} ${plain}\n# TYPE ${name} ${type}\n`;
  const family = type === 'counter' ? withoutTotal(name) : name;
  const unit = UNITS.find((candidate) => family.endsWith(`_${candidate}`));
  const unitLine = unit === undefined ? '' : `# UNIT ${family} ${unit}\n`;
  return `# HELP ${family} ${plain.replaceAll('"', '\\"')}\n# TYPE ${family} ${type}\n${unitLine}`;
}

export function sampleText({ name }: FamilyHead, sample: Sample, format: ScrapeFormat): string {
  const series = sample.suffix === undefined ? name : name + sample.suffix;
  const text = labelsOf(sample, format);
  const line = text === '' ? `${series} ${numberText(sample.value)}` : `${series}{${text}} ${numberText(sample.value)}`;
  const { exemplar } = sample;
  return format === 'openmetrics' && exemplar ? `${line}${exemplarText(exemplar)}\n` : `${line}\n`;
}

/** One label, escaped as the formats want it. Line breaks do not occur: label values are printable. */
export function label(name: string, value: string): string {
  return `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

export function labels(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => label(name, value))
    .join(',');
}

function withoutTotal(name: string): string {
  return name.endsWith('_total') ? name.slice(0, -'_total'.length) : name;
}

function labelsOf({ labels: own, le }: Sample, format: ScrapeFormat): string {
  if (le === undefined) return own;
  const bound = `le="${format === 'text' ? numberText(le) : canonical(le)}"`;
  return own === '' ? bound : `${own},${bound}`;
}

function exemplarText({ id, value, atMs }: Exemplar): string {
  return ` # {${label('request_id', id)}} ${numberText(value)} ${(atMs / MS_PER_SECOND).toFixed(3)}`;
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

/** As Go writes a float with %g: bounds are labels, and a label must be the same text whoever wrote it. */
function canonical(bound: number): string {
  if (bound === Number.POSITIVE_INFINITY) return '+Inf';
  const exponent = bound === 0 ? 0 : Math.floor(Math.log10(bound));
  if (exponent >= -4 && exponent < 6) return Number.isInteger(bound) ? `${bound}.0` : String(bound);
  const [digits = '', power = ''] = bound.toExponential().split('e');
  return `${digits}e${power.slice(0, 1)}${power.slice(1).padStart(2, '0')}`;
}

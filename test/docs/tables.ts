// Makes the README's tables from the code that they describe, so that they cannot drift from it.

import { z } from 'zod';
import { LOG_EVENTS } from '../../src/observe/logger.js';
import { METRICS, type MetricEntry } from '../../src/observe/metrics/catalogue.js';
import * as words from '../../src/observe/view/words.js';
import { policyJsonSchema } from '../../src/policy/json-schema.js';

/** The text between `<!-- name -->` and `<!-- /name -->` in the README, by name. */
export function tables(): ReadonlyMap<string, string> {
  return new Map([
    ['options', optionRows()],
    ['reasons', reasonTables()],
    ['metrics', metricRows()],
    ['logs', logRows()],
  ]);
}

/** The README with every table made anew. @throws Error for a table without its place. */
export function withTables(readme: string): string {
  let text = readme;
  for (const [name, table] of tables()) {
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [from, to] = [text.indexOf(open), text.indexOf(close)];
    if (from < 0 || to < from) throw new Error(`README.md has no ${open} ... ${close}`);
    text = `${text.slice(0, from + open.length)}\n${table}\n${text.slice(to)}`;
  }
  return text;
}

const Node = z.looseObject({
  default: z.unknown().optional(),
  description: z.string().optional(),
  get properties() {
    return z.record(z.string(), Node).optional();
  },
});
type Node = z.infer<typeof Node>;

function optionRows(): string {
  const root = Node.parse(policyJsonSchema());
  const section = (name: string): Node => {
    const found = root.properties?.[name];
    if (found === undefined) throw new Error(`the policy has no section ${name}`);
    return found;
  };
  const rows = [...options(section('ceilings'), 'ceilings'), ...options(section('defaults'), '')];
  return table(['Option', 'Default', 'What it does'], rows);
}

function options(node: Node, path: string): string[][] {
  if (node.properties !== undefined) {
    return Object.entries(node.properties).flatMap(([name, child]) =>
      options(child, path === '' ? name : `${path}.${name}`),
    );
  }
  const byDefault = node.default === undefined ? 'none' : `\`${notation(node.default)}\``;
  return [[`\`${path}\``, byDefault, node.description ?? '']];
}

/** As one would write it in YAML. */
function notation(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map(notation).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const parts = Object.entries(value).map(([name, part]) => `${name}: ${notation(part)}`);
  return `{ ${parts.join(', ')} }`;
}

function reasonTables(): string {
  const families: readonly [title: string, Readonly<Record<string, string>>][] = [
    ['**Why Sluice answered** (`reason`)', words.ANSWERS],
    ['**Why there was no (further) retry** (`notRetried`)', words.REFUSALS],
    ['**What ended an attempt** (`error`), and so why a retry was granted', words.ERRORS],
    ['**How far an attempt got** (`stage`)', words.STAGE_WORDS],
    ['**What an attempt says** (`outcome`)', words.OUTCOME_WORDS],
    ['**Why a circuit changed** (`reason`)', words.TRANSITIONS],
    ['**What admission decided** (`decision`)', words.DECISION_WORDS],
    ['**How a request ended** (`result`)', words.RESULT_WORDS],
  ];
  const parts = families.map(([title, meanings]) => {
    const rows = Object.entries(meanings).map(([word, meaning]) => [`\`${word}\``, meaning]);
    return `${title}\n\n${table(['Word', 'Meaning'], rows)}`;
  });
  return parts.join('\n\n');
}

function metricRows(): string {
  const rows = Object.entries<MetricEntry>(METRICS).map(([name, { type, labels, byTarget, help }]) => {
    const words = labels.map((label) => (byTarget && label === 'cluster' ? '`cluster` (`target`)' : `\`${label}\``));
    return [`\`${name}\``, type, words.join(' '), help];
  });
  return table(['Name', 'Type', 'Labels', 'Meaning'], rows);
}

function logRows(): string {
  const rows = Object.entries(LOG_EVENTS).map(([event, { level, when }]) => [`\`${event}\``, level, when]);
  return table(['Event', 'Level', 'When'], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

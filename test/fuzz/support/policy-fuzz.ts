// Policy files as people and half-finished writes leave them: each gives a policy or problems, never an exception.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePolicy } from '../../../src/policy/load.js';
import { shippedPolicies, shippedText } from '../../support/policies.js';
import { mutate } from './mutate.js';
import { type Below, pick } from './random.js';

const GOOD = join(import.meta.dirname, '../../policy/good');
const TEXTS = [
  ...shippedPolicies().map(shippedText),
  ...readdirSync(GOOD).map((file) => readFileSync(join(GOOD, file), 'utf8')),
].filter((text) => text.trim() !== '');
const WORDS = [
  ...[
    '&a',
    '*a',
    '<<: *a',
    '{',
    '}',
    '[',
    ']',
    '- ',
    ': ',
    '? ',
    '!!js/function ',
    '!!binary ',
    '---',
    '...',
    '|',
    '>',
    '#',
  ],
  ...[
    '\t',
    '""',
    "'",
    '1e999',
    '-1',
    '0',
    '.nan',
    '~',
    'null',
    '__proto__: 1',
    'constructor: {}',
    '99999999999s',
    '5m',
    '%',
  ],
  ...['*', '**', 'a*b*c*', 'defaults:', 'clusters:', 'fallback: [a, a]', '\u0000', '\ufeff', '\u2028'],
];

export function policyText(below: Below): string {
  const lines = pick(below, TEXTS).split('\n');
  for (let changes = 1 + below(4); changes > 0; changes -= 1) changeLine(lines, below);
  const text = lines.join('\n');
  return below(4) === 0 ? mutate(Buffer.from(text), [Buffer.from(text)], below).toString() : text;
}

function changeLine(lines: string[], below: Below): void {
  const at = below(lines.length);
  const line = lines[at] ?? '';
  const column = below(line.length + 1);
  switch (below(5)) {
    case 0:
      lines.splice(at, 1);
      return;
    case 1:
      lines.splice(below(lines.length), 0, line);
      return;
    case 2:
      lines[at] = line.slice(0, column) + pick(below, WORDS) + line.slice(column);
      return;
    case 3:
      lines[at] = ' '.repeat(below(8)) + line.trimStart();
      return;
    default:
      lines[at] = line.slice(0, column) + line.slice(column + below(6));
  }
}

/** What is wrong with how it was taken; null: nothing. */
export function tryPolicy(text: string): string | null {
  try {
    const parsed = parsePolicy(text, 'fuzz.yaml');
    if (!parsed.ok) return parsed.problems.length > 0 ? null : `refused without a problem: ${JSON.stringify(text)}`;
    // What is in force has to be shown, and asked for names that nobody foresaw.
    JSON.stringify(parsed.policy.toJSON());
    for (const name of ['primary', '', '__proto__', 'a*b']) parsed.policy.forTarget(name, name, name);
    return null;
  } catch (error) {
    return `${error instanceof Error ? error.stack : error}: ${JSON.stringify(text)}`;
  }
}

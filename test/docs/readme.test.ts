import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../src/policy/load.js';
import { tables, withTables } from './tables.js';

const ROOT = new URL('../../', import.meta.url);
const README = readFileSync(new URL('README.md', ROOT), 'utf8');

/** The fenced blocks of one language. */
function blocks(text: string, language: string): string[] {
  const parts = text.split('```');
  return parts
    .filter((part, i) => i % 2 === 1 && part.startsWith(`${language}\n`))
    .map((part) => part.slice(language.length + 1));
}

describe('the README', () => {
  it('has the tables that the code makes (npm run docs writes them)', () => {
    expect(README).toBe(withTables(README));
    expect([...tables().values()].every((table) => table.split('\n').length > 4)).toBe(true);
  });

  it('links only to files that exist', () => {
    const targets = [...README.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1] ?? '');
    expect(targets.length).toBeGreaterThan(3);
    for (const target of targets) expect(existsSync(new URL(target, ROOT)), target).toBe(true);
  });

  it('shows policies that load without a warning', () => {
    const policies = blocks(README, 'yaml').filter((block) => block.includes('defaults:'));
    expect(policies.length).toBeGreaterThan(0);
    for (const text of policies) expect(parsePolicy(text, 'README.md')).toMatchObject({ ok: true, warnings: [] });
  });

  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
    const named = [...README.matchAll(/npm run ([a-z:]+)/g)].map((match) => match[1] ?? '');
    expect(named.length).toBeGreaterThan(1);
    for (const name of named) expect(Object.keys(scripts)).toContain(name);
  });
});

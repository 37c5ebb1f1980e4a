// The command line as people and pipelines use it: the built program, its exit codes and what it prints where.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startChild } from '../support/child.js';
import { MAIN_JS } from '../support/sluice.js';

// Each test starts a process, and the machine may be busy with others.
vi.setConfig({ testTimeout: 30_000 });

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-cli-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function run(...args: readonly string[]) {
  const { SLUICE_POLICY: _policy, ...env } = process.env;
  const child = await startChild(process.execPath, [MAIN_JS, ...args], env);
  const code = await child.exited();
  return { code, stdout: child.stdout(), stderr: child.stderr() };
}

async function file(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

describe('sluice check', () => {
  it('says ok to a good file, on standard output, and ends with 0', async () => {
    const path = await file('good.yaml', 'defaults: { retry: { maxRetries: 1 } }\n');
    expect(await run('check', path)).toEqual({ code: 0, stdout: `${path}: ok\n`, stderr: '' });
  });

  it('prints every error of a bad one with its place and path, and ends with 1', async () => {
    const path = await file(
      'bad.yaml',
      'defaults:\n  retry: { maxRetries: many }\n  circuit: { failureRatio: 7 }\nx: 1\n',
    );
    const { code, stdout, stderr } = await run('check', path);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[3]).toBe(`${path}: 3 errors`);
    expect(stderr).toContain(`${path}:2:24 defaults.retry.maxRetries`);
    expect(stderr).toContain(`${path}:3:28 defaults.circuit.failureRatio`);
    expect(stderr).toContain(`${path}:4:1 x`);
  });

  it('warns of what goes past a ceiling, names both numbers, and still ends with 0', async () => {
    const path = await file('ceiling.yaml', 'ceilings: { maxRetries: 2 }\ndefaults: { retry: { maxRetries: 5 } }\n');
    const { code, stdout } = await run('check', path);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^warning: .*\b5\b.*\b2\b/);
  });

  it('ends with 1 for a file that is not there, and names it', async () => {
    const path = join(directory, 'missing.yaml');
    const { code, stderr } = await run('check', path);
    expect(code).toBe(1);
    expect(stderr).toContain(path);
  });

  it('ends with 2 where no file is named', async () => {
    expect((await run('check')).code).toBe(2);
  });
});

describe('sluice', () => {
  it.each([
    [['--help'], ['serve', 'check', 'Examples:']],
    [
      ['serve', '--help'],
      ['--policy', 'SLUICE_POLICY', 'SLUICE_ADMIN_TOKEN', 'SIGTERM', 'Exit status', '127.0.0.1:9002'],
    ],
    [
      ['check', '--help'],
      ['FILE:LINE:COLUMN', 'Exit status'],
    ],
  ])('%j is on standard output, with status 0', async (args, words) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const word of words) expect(stdout).toContain(word);
  });

  it.each([
    ['an unknown command', ['flow']],
    ['an unknown option', ['serve', '--polisy', 'x']],
    ['a serve without a policy', ['serve']],
    ['a drain time that is none', ['serve', '--policy', 'x', '--drain', 'soon']],
    ['a log level that is none', ['serve', '--policy', 'x', '--log-level', 'loud']],
  ])('ends with 2 and says why after %s', async (_what, args) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: /m);
  });

  it('does not start with a policy that has errors', async () => {
    const path = await file('no-start.yaml', 'defaults: { retry: { maxRetries: many } }\n');
    const { code, stderr } = await run('serve', '--policy', path, '--grpc', '127.0.0.1:0', '--http', '127.0.0.1:0');
    expect(code).toBe(1);
    expect(stderr).toContain('maxRetries');
  });

  it('does not start on an address that cannot be, and names it', async () => {
    const path = await file('address.yaml', '{}\n');
    const { code, stderr } = await run('serve', '--policy', path, '--grpc', 'nowhere', '--http', '127.0.0.1:0');
    expect(code).toBe(1);
    expect(stderr).toContain('nowhere');
  });
});

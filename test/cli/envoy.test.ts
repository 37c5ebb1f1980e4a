// `sluice envoy` as people and pipelines use it: what goes where, exit status, and what it says about files and usage.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sluiceEnvoy } from '../envoy/wired/command.js';
import { bootstrapText, fixtureFile } from '../envoy/wired/fixtures.js';
import { bootstrapOf } from '../wiring/support.js';

// Each test starts a process or two, and the machine may be busy with others.
vi.setConfig({ testTimeout: 60_000 });

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-envoy-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

const POLICY = fixtureFile('edge.policy.yaml');
const EDGE = fixtureFile('edge.yaml');

describe('sluice envoy', () => {
  it('prints the bootstrap on standard output, and what it did on standard error', async () => {
    const { code, stdout, stderr } = await sluiceEnvoy(['--policy', POLICY, EDGE]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^# The shop's edge/);
    expect(stdout).toContain('# Kept by the platform team; ask before you touch the timeouts.');
    expect(stderr).toMatch(new RegExp(`^${EDGE.replaceAll('.', '\\.')}: \\d+ places wired\n$`));
  });

  it('writes a file instead, which may be the bootstrap itself, and says when there is nothing to do', async () => {
    const path = await file('own.json', JSON.stringify(bootstrapOf({}), null, 2));
    const first = await sluiceEnvoy(['--policy', POLICY, '-o', path, path]);
    expect([first.code, first.stdout]).toEqual([0, '']);
    const text = await readFile(path, 'utf8');
    expect(JSON.parse(text)).toHaveProperty('layered_runtime');
    const second = await sluiceEnvoy(['--policy', POLICY, '-o', path, path]);
    expect(second.stderr).toMatch(/: Sluice is there already; nothing to do\n$/);
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it('reads standard input, and stays JSON or YAML', async () => {
    const json = await sluiceEnvoy(
      ['--policy', POLICY, '-'],
      bootstrapText({ name: 'model-gateway', extension: 'json' }),
    );
    expect(() => JSON.parse(json.stdout)).not.toThrow();
    expect(json.stderr).toMatch(/^changed: .*routes\[2\].route.retry_policy retries by itself/m);
    expect(json.stderr).toMatch(/^standard input: \d+ places wired$/m);
    const yaml = await sluiceEnvoy(['--policy', POLICY, '-'], bootstrapText({ name: 'monolith', extension: 'yaml' }));
    expect(yaml.stdout).toMatch(/^# Grown since 2018/);
  });

  it('takes address, names and version', async () => {
    const args = [
      '--policy',
      POLICY,
      '--sluice',
      'unix:/run/s.sock',
      '--sluice-cluster',
      'sidecar',
      '--envoy-version',
      '1.39.3',
    ];
    const { stdout } = await sluiceEnvoy([...args, '--listener', 'ed*', '--stat-prefix', 'edge', EDGE]);
    expect(stdout).toContain('pipe: { path: /run/s.sock }');
    expect(stdout).toContain('- name: sidecar');
    expect(stdout).not.toContain('priority_groups');
  });

  it('takes the policy from SLUICE_POLICY as well, and ends with 1 where it has errors', async () => {
    const bad = await file('bad.yaml', 'defaults: { retry: { maxRetries: many } }\n');
    const { code, stdout, stderr } = await sluiceEnvoy(['--policy', bad, EDGE]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`${bad}:1:34 defaults.retry.maxRetries`);
  });
});

describe('sluice envoy --check', () => {
  it('names every finding with its place, on standard output, and ends with 1', async () => {
    const { code, stdout, stderr } = await sluiceEnvoy(['--check', '--policy', POLICY, EDGE]);
    expect([code, stderr]).toEqual([1, '']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.at(-1)).toMatch(/: \d+ findings$/);
    const place = new RegExp(
      `^${EDGE.replaceAll('.', '\\.')}:\\d+:\\d+ (error|warning|note) [a-z_.]+ \\S+ .+: .+; .+$`,
    );
    for (const line of lines.slice(0, -1)) expect(line).toMatch(place);
    expect(stdout).toContain(':26:27 error admission.missing static_resources.listeners[0]');
  });

  it('ends with 0 for what it wired itself, with a policy and without', async () => {
    const { stdout } = await sluiceEnvoy(['--policy', POLICY, EDGE]);
    for (const policy of [['--policy', POLICY], []]) {
      const checked = await sluiceEnvoy(['--check', ...policy, '-'], stdout);
      expect(checked).toEqual({ code: 0, stdout: 'standard input: ok\n', stderr: '' });
    }
  });

  it('gives the same as JSON, for programs', async () => {
    const { code, stdout } = await sluiceEnvoy(['--check', '--json', '--policy', POLICY, EDGE]);
    expect(code).toBe(1);
    const { file: name, faults, findings } = JSON.parse(stdout) as { file: string; faults: number; findings: object[] };
    expect([name, faults > 5, findings.length >= faults]).toEqual([EDGE, true, true]);
    expect(Object.keys(findings[0] ?? {})).toEqual([
      'code',
      'level',
      'path',
      'line',
      'column',
      'wrong',
      'causes',
      'fix',
      'wirable',
    ]);
  });

  it('leaves out what is meant to be so', async () => {
    const { stdout: wired } = await sluiceEnvoy(['--policy', POLICY, EDGE]);
    const direct = wired.replace('ext_proc_graceful_grpc_close: true', 'ext_proc_graceful_grpc_close: false');
    const strict = await sluiceEnvoy(['--check', '--policy', POLICY, '-'], direct);
    expect([strict.code, strict.stdout]).toEqual([1, expect.stringContaining('warning runtime.graceful_close')]);
    const ignored = await sluiceEnvoy(
      ['--check', '--ignore', 'runtime.graceful_close', '--policy', POLICY, '-'],
      direct,
    );
    expect([ignored.code, ignored.stdout]).toEqual([0, 'standard input: ok\n']);
  });
});

describe('what cannot be done', () => {
  it.each([
    ['a file that is not there', ['missing.yaml'], /missing.yaml: cannot be read: ENOENT/],
    ['a policy in the place of a bootstrap', [POLICY], /is no Envoy bootstrap/],
  ])('ends with 1: %s', async (_what, args, message) => {
    for (const mode of [[], ['--check']]) {
      const { code, stdout, stderr } = await sluiceEnvoy([...mode, '--policy', POLICY, ...args]);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(message);
    }
  });

  it.each([
    ['no bootstrap', ['--policy', 'x']],
    ['no policy to wire by', ['x']],
    ['a version from before all this', ['--policy', 'x', '--envoy-version', '1.20', 'y']],
    ['an address that is none', ['--policy', POLICY, '--sluice', 'nowhere', EDGE]],
    ['an output for a check', ['--check', '-o', 'x', EDGE]],
    ['JSON findings without a check', ['--json', '--policy', POLICY, EDGE]],
  ])('ends with 2: %s', async (_what, args) => {
    const { code, stdout, stderr } = await sluiceEnvoy(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: /m);
  });

  it('says in its help what goes where', async () => {
    const { code, stdout } = await sluiceEnvoy(['--help']);
    expect(code).toBe(0);
    for (const word of ['admission', 'judge', 'RDS', '--envoy-version', 'Examples:', 'Exit status'])
      expect(stdout).toContain(word);
  });
});

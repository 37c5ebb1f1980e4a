import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadPolicy, parsePolicy } from '../../src/policy/load.js';
import { formatProblem } from '../../src/policy/problems.js';
import { MAX_POLICY_BYTES } from '../../src/policy/read.js';
import { fixtures, load, policyOf, problemsOf } from './support.js';

describe('the text of a policy', () => {
  it.each(['', '\n', '# nothing\n', '{}', '---\n', 'null\n', '\uFEFF{}'])(
    '%j is valid and means the defaults',
    (text) => {
      expect(policyOf(text).toJSON()).toEqual(policyOf('').toJSON());
    },
  );

  it('has the defaults of the design', () => {
    const design = fixtures('good').find(({ name }) => name === 'design-example.yaml');
    const [written, empty] = [policyOf(design?.text ?? ''), policyOf('')];
    expect(written.forCluster('any')).toEqual(empty.forCluster('any'));
  });

  it('reports every mistake at once, in the order of the text', () => {
    const problems = problemsOf('routes:\n  a: { circuit: {} }\ndefaults:\n  circuit: { mode: on, failureRatio: 7 }\n');
    expect(problems.map((line) => line.split(' ')[1])).toEqual([
      'routes.a.circuit:',
      'defaults.circuit.mode:',
      'defaults.circuit.failureRatio:',
    ]);
  });

  it('reports a mistake of two fields although a third field is wrong as well', () => {
    const problems = problemsOf('defaults:\n  circuit: { failureRatio: 7, open: { base: 9s, max: 8s } }\n');
    expect(problems).toHaveLength(2);
    expect(problems[1]).toMatch(/open\.base: is 9s, above circuit\.open\.max \(8s, from defaults\)/);
  });

  it('concludes nothing from a field that is wrong itself', () => {
    const problems = problemsOf(
      'defaults:\n  circuit: { open: { base: 2x, max: 1s } }\nclusters:\n  a: { circuit: { open: { max: 2s } } }\n',
    );
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/open\.base: is "2x"/);
  });

  it('concludes nothing from a whole group that is wrong either', () => {
    const problems = problemsOf('defaults:\n  circuit: 5\nclusters:\n  a: { circuit: { open: { max: 2s } } }\n');
    expect(problems).toEqual(['2:12 defaults.circuit: is 5; give a mapping, such as {}']);
  });

  it('reports one mistake once, although two rules refuse it', () => {
    expect(problemsOf(`clusters: { a: { fallback: ["*${'x'.repeat(600)}"] } }`)).toHaveLength(1);
  });

  it('reports an inherited disorder once, where it is written', () => {
    const problems = problemsOf(
      'defaults:\n  circuit: { open: { base: 9s, max: 8s } }\nclusters:\n  a: { circuit: { failureRatio: 0.5 } }\n',
    );
    expect(problems).toHaveLength(1);
  });

  it('reports nothing about a pattern whose list of fallbacks names a cluster that it matches', () => {
    expect(problemsOf('clusters:\n  "pay*": { fallback: [pay-b] }\n')).toEqual([]);
  });

  it('keeps names as they are written, whatever YAML would make of them', () => {
    const policy = policyOf('clusters:\n  1.0: { circuit: { mode: shadow } }\n  0x10: { circuit: { mode: "off" } }\n');
    expect(policy.forCluster('1.0').circuit.mode).toBe('shadow');
    expect(policy.forCluster('0x10').circuit.mode).toBe('off');
    expect(policy.forCluster('16').circuit.mode).toBe('enforce');
  });

  it('takes the words of the policy for words, not for booleans', () => {
    expect(policyOf('defaults: { circuit: { mode: off } }').forCluster('a').circuit.mode).toBe('off');
    expect(policyOf('defaults: { retry: { on: [reset] } }').forCluster('a').retry.on).toEqual(['reset']);
  });

  it('warns of negative maxRetries and takes them as none', () => {
    const { policy, warnings } = load('defaults:\n  retry: { maxRetries: -2 }\n');
    expect(policy.forCluster('a').retry.maxRetries).toBe(0);
    expect(warnings).toEqual([
      'policy.yaml:2:24 defaults.retry.maxRetries: -2 is below 0; taken as 0, which switches retries off',
    ]);
  });

  it('takes anchors and aliases', () => {
    const anchors = fixtures('good').find(({ name }) => name === 'anchors.yaml');
    const policy = policyOf(anchors?.text ?? '');
    expect(policy.forCluster('a').retry.maxRetries).toBe(2);
    expect(policy.forCluster('b').circuit.failureRatio).toBe(0.5);
    expect(policy.forCluster('constructor').circuit.failureRatio).toBe(0.25);
  });

  it('means by an alias the nearest anchor before it', () => {
    const text =
      'clusters:\n  a: &x { circuit: { failureRatio: 0.1 } }\n  b: *x\n  c: &x { circuit: { failureRatio: 0.2 } }\n  d: *x\n';
    const policy = policyOf(text);
    expect(['b', 'd'].map((cluster) => policy.forCluster(cluster).circuit.failureRatio)).toEqual([0.1, 0.2]);
  });

  it('points at the value of an alias where it is used', () => {
    expect(problemsOf('clusters:\n  a: { fallback: &f [b, b] }\n  c: { fallback: *f }\n')).toEqual([
      '2:25 clusters.a.fallback[1]: "b" is in the list twice; keep one',
      '2:25 clusters.c.fallback[1]: "b" is in the list twice; keep one',
    ]);
  });

  it('leaves the prototypes of objects alone', () => {
    problemsOf('defaults:\n  __proto__: { polluted: true }\n  constructor: { prototype: { polluted: true } }\n');
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    expect('polluted' in {}).toBe(false);
  });

  it.each(['constructor', 'toString', 'hasOwnProperty', 'prototype'])('takes %s as the name of a cluster', (name) => {
    const policy = policyOf(`clusters:\n  ${name}: { circuit: { mode: shadow } }\n`);
    expect(policy.forCluster(name).circuit.mode).toBe('shadow');
    expect(policy.forCluster('valueOf').circuit.mode).toBe('enforce');
  });

  it('is refused past a size, before it is parsed', () => {
    const problems = problemsOf(`# ${'x'.repeat(MAX_POLICY_BYTES)}`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/larger than 1048576 bytes .*; use patterns/);
  });

  it.each([
    ['flow lists', '['.repeat(3_000)],
    ['block mappings', Array.from({ length: 600 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['block lists', '- '.repeat(3_000)],
  ])('nested deeply in %s is a problem, not a crash', (_kind, text) => {
    expect(problemsOf(text).length).toBeGreaterThan(0);
  });

  it('is refused where it has too many patterns to compare', { timeout: 30_000 }, () => {
    const lines = Array.from({ length: 1_001 }, (_, index) => `  "p${index}-*": {}`);
    expect(problemsOf(`clusters:\n${lines.join('\n')}\n`)).toEqual([
      '1:1 clusters: has 1001 patterns, more than 1000; replace some by wider patterns',
    ]);
  });

  it('loads a thousand clusters', { timeout: 30_000 }, () => {
    const lines = Array.from({ length: 1_000 }, (_, index) => `  c${index}: { retry: { maxRetries: 2 } }`);
    expect(policyOf(`clusters:\n${lines.join('\n')}\n`).forCluster('c999').retry.maxRetries).toBe(2);
  });

  it('gives an answer to any text whatever, and never throws', { timeout: 30_000 }, () => {
    const piece = fc.constantFrom(
      'a: ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&x ',
      '*x',
      '\n',
      '  ',
      ':',
      '"',
      '!!set ',
      '? ',
      '%',
      '|',
    );
    const text = fc
      .array(fc.oneof(piece, fc.string({ maxLength: 4 })), { maxLength: 30 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (candidate) => typeof parsePolicy(candidate, 'F').ok === 'boolean'),
      { numRuns: 1_000 },
    );
  });

  it('gives an answer to any value in any field', { timeout: 30_000 }, () => {
    const policy = (value: unknown) => JSON.stringify({ defaults: value, clusters: { a: value }, routes: value });
    const field = fc.constantFrom(
      'circuit',
      'retry',
      'open',
      'base',
      'backoff',
      'byStatus',
      'fallback',
      'key',
      'targets',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'xsmall' },
        fc.jsonValue({ maxDepth: 1 }),
        fc.dictionary(field, tie('tree'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => typeof parsePolicy(policy(value), 'F').ok === 'boolean'),
      { numRuns: 150 },
    );
  });
});

describe('a policy file', () => {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-policy-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  async function linesFor(path: string): Promise<string[]> {
    const result = await loadPolicy(path);
    return result.ok ? [] : result.problems.map(formatProblem);
  }

  it('is read from disk', async () => {
    const path = join(directory, 'policy.yaml');
    await writeFile(path, 'defaults: { retry: { maxRetries: 2 } }\n');
    const result = await loadPolicy(path);
    expect(result.ok && result.policy.forCluster('a').retry.maxRetries).toBe(2);
  });

  it('names itself in every problem', async () => {
    const path = join(directory, 'policy.yaml');
    await writeFile(path, 'colour: blue\n');
    expect(await linesFor(path)).toEqual([
      `${path}:1:1 colour: is not a known key; known here: ceilings, defaults, clusters, routes`,
    ]);
  });

  it('that does not exist is a problem', async () => {
    const path = join(directory, 'nothing.yaml');
    expect(await linesFor(path)).toEqual([`${path}: does not exist; check the path`]);
  });

  it('that is a directory is a problem', async () => {
    expect(await linesFor(directory)).toEqual([`${directory}: is not a regular file; name the policy file itself`]);
  });

  it('that is a named pipe is a problem, and not waited for', async () => {
    const path = join(directory, 'pipe');
    execFileSync('mkfifo', [path]);
    expect(await linesFor(path)).toEqual([`${path}: is not a regular file; name the policy file itself`]);
  });

  it('that is too large is a problem', async () => {
    const path = join(directory, 'policy.yaml');
    await writeFile(path, Buffer.alloc(MAX_POLICY_BYTES + 1, '#'));
    expect((await linesFor(path))[0]).toMatch(/larger than 1048576 bytes/);
  });

  it('of exactly the largest size is read', async () => {
    const path = join(directory, 'policy.yaml');
    await writeFile(path, Buffer.alloc(MAX_POLICY_BYTES, '#'));
    expect(await linesFor(path)).toEqual([]);
  });

  it('that is not UTF-8 is a problem', async () => {
    const path = join(directory, 'policy.yaml');
    await writeFile(path, Buffer.from([0x23, 0xff, 0xfe, 0x0a]));
    expect(await linesFor(path)).toEqual([`${path}: is not UTF-8 text; save it as UTF-8`]);
  });

  it('with a path that no system takes is a problem', async () => {
    expect((await linesFor('bad\0path'))[0]).toMatch(/cannot be read \(.*\); check the path/);
  });
});

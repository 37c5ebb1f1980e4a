import { describe, expect, it } from 'vitest';
import { complaint, formatPath, formatProblem, show } from '../../src/policy/problems.js';

describe('a problem as a line of text', () => {
  it('is FILE:LINE:COL path: message', () => {
    const problem = { file: 'p.yaml', line: 3, column: 12, path: 'defaults.retry', message: 'is 1; give 2' };
    expect(formatProblem(problem)).toBe('p.yaml:3:12 defaults.retry: is 1; give 2');
  });

  it('has no path where the whole text is meant', () => {
    const problem = { file: 'p.yaml', line: 3, column: 1, path: '', message: 'not valid YAML' };
    expect(formatProblem(problem)).toBe('p.yaml:3:1: not valid YAML');
  });

  it('has no line where nothing could be read', () => {
    const problem = { file: 'p.yaml', line: null, column: null, path: '', message: 'does not exist' };
    expect(formatProblem(problem)).toBe('p.yaml: does not exist');
  });
});

describe('a path', () => {
  it.each([
    [[], ''],
    [['defaults', 'retry', 'on', 2], 'defaults.retry.on[2]'],
    [['clusters', 'a.b|c*', 'fallback', 0], 'clusters["a.b|c*"].fallback[0]'],
    [['clusters', ''], 'clusters[""]'],
    [['clusters', 'two\nlines'], 'clusters["two\\nlines"]'],
    [['clusters', 'api-v1_x'], 'clusters.api-v1_x'],
  ])('%j reads %s', (path, text) => {
    expect(formatPath(path)).toBe(text);
  });

  it('shows only the beginning of an endless name', () => {
    expect(formatPath(['clusters', 'x'.repeat(5_000)]).length).toBeLessThan(200);
  });
});

describe('a value in a message', () => {
  it.each([
    ['text', '"text"'],
    ['two\nlines', '"two\\nlines"'],
    [5, '5'],
    [true, 'true'],
    [[1], 'a list'],
    [{ a: 1 }, 'a mapping'],
  ])('%j is shown as %s', (value, text) => {
    expect(show(value)).toBe(text);
  });

  it('is cut when it is long', () => {
    expect(show('x'.repeat(1_000)).length).toBeLessThan(70);
  });

  it('that is missing, empty or wrong is told apart', () => {
    expect(complaint(undefined, 'a number')).toBe('is missing; give a number');
    expect(complaint(null, 'a number')).toBe('has no value; give a number, or remove the key');
    expect(complaint('x', 'a number')).toBe('is "x"; give a number');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByTarget } from '../../src/core/by-target.js';

interface Value {
  readonly name: string;
}

function filled(...pairs: readonly (readonly [cluster: string, target: string | null])[]): ByTarget<Value> {
  const map = new ByTarget<Value>();
  for (const [cluster, target] of pairs) map.set(cluster, target, { name: `${cluster}/${target}` });
  return map;
}

const names = (values: Iterable<Value>) => Array.from(values, ({ name }) => name);

describe('a value per cluster and target', () => {
  it('is found by exactly the two that it was set for', () => {
    const map = filled(['a', null], ['a', 'x'], ['b', 'x']);
    expect(map.get('a', null)?.name).toBe('a/null');
    expect(map.get('a', 'x')?.name).toBe('a/x');
    expect(map.get('b', 'x')?.name).toBe('b/x');
    expect([map.get('b', null), map.get('a', 'y'), map.get('x', null)]).toEqual([undefined, undefined, undefined]);
  });

  it('is not taken for one whose names run together the same way', () => {
    const map = filled(['a/b', 'c'], ['a', null]);
    expect(map.get('a', 'b/c')).toBeUndefined();
    expect(map.get('a', 'null')).toBeUndefined();
    expect(map.get('__proto__', 'constructor')).toBeUndefined();
  });

  it('is replaced by the next, and counted once', () => {
    const map = filled(['a', 'x']);
    map.set('a', 'x', { name: 'new' });
    expect([map.size, map.get('a', 'x')?.name]).toEqual([1, 'new']);
  });

  it('is gone when it was deleted, once', () => {
    const map = filled(['a', null], ['a', 'x'], ['a', 'y']);
    map.delete('a', 'x');
    map.delete('a', 'x');
    map.delete('a', null);
    map.delete('b', 'x');
    expect([map.size, map.targetCount('a'), names(map.values())]).toEqual([1, 1, ['a/y']]);
  });

  it('is listed after those of the clusters themselves, and among the targets of its own cluster only', () => {
    const map = filled(['a', 'x'], ['a', null], ['b', 'z'], ['a', 'y'], ['b', null]);
    expect(names(map.values())).toEqual(['a/null', 'b/null', 'a/x', 'a/y', 'b/z']);
    expect(names(map.ofTargets('a'))).toEqual(['a/x', 'a/y']);
    expect(names(map.ofTargets('none'))).toEqual([]);
    expect([map.targetCount('a'), map.targetCount('none')]).toEqual([2, 0]);
  });

  it('may be deleted while all are visited', () => {
    const map = filled(['a', null], ['a', 'x'], ['a', 'y'], ['b', 'x']);
    const visited: string[] = [];
    for (const { name } of map.values()) {
      visited.push(name);
      const [cluster = '', target = ''] = name.split('/');
      map.delete(cluster, target === 'null' ? null : target);
    }
    expect(visited).toHaveLength(4);
    expect([map.size, names(map.values())]).toEqual([0, []]);
  });

  it('agrees with one map under a joined key, whatever is set and deleted', () => {
    const name = fc.constantFrom('a', 'b', '', 'constructor');
    const step = fc.record({ cluster: name, target: fc.option(name), keep: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const map = new ByTarget<Value>();
        const plain = new Map<string, Value>();
        for (const { cluster, target, keep } of steps) {
          const key = JSON.stringify([cluster, target]);
          if (keep) {
            map.set(cluster, target, { name: key });
            plain.set(key, { name: key });
          } else {
            map.delete(cluster, target);
            plain.delete(key);
          }
          expect(map.get(cluster, target)).toEqual(plain.get(key));
          expect(names(map.values()).sort()).toEqual([...plain.keys()].sort());
          expect(map.size).toBe(plain.size);
        }
      }),
    );
  });
});

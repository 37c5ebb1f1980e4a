// The patches of deploy/envoy-gateway are tested by what applies them here: so this has to be right.

import { describe, expect, it } from 'vitest';
import { applyOperation } from './patch.js';

const document = () => ({
  chain: {
    filters: [
      { name: 'a/b', config: { x: 1 } },
      { name: 'c', config: { x: 1 } },
    ],
  },
  hosts: [{ name: 'one' }, { name: 'two', list: [1] }],
});

function applied(operation: Parameters<typeof applyOperation>[1]) {
  const result = document();
  applyOperation(result, operation);
  return result;
}

describe('an operation', () => {
  it('applies at a pointer', () => {
    expect(applied({ op: 'add', path: '/hosts/0', value: { name: 'new' } }).hosts.map(({ name }) => name)).toEqual([
      ...['new', 'one', 'two'],
    ]);
    expect(applied({ op: 'remove', path: '/chain' })).toEqual({ hosts: document().hosts });
  });

  it('applies wherever a JSONPath leads, with the pointer behind it', () => {
    const { hosts } = applied({ op: 'add', jsonPath: '$.hosts[*]', path: '/on', value: true });
    expect(hosts).toEqual([
      { name: 'one', on: true },
      { name: 'two', list: [1], on: true },
    ]);
  });

  it('finds by a value at any depth, slashes and all', () => {
    const jsonPath = "$..filters[?(@.name == 'a/b')]";
    expect(applied({ op: 'replace', jsonPath, path: '/config', value: { y: 2 } }).chain.filters).toEqual([
      { name: 'a/b', config: { y: 2 } },
      { name: 'c', config: { x: 1 } },
    ]);
  });

  it('adds to the end of a list', () => {
    const jsonPath = "$.hosts[?(@.name == 'two')]";
    expect(applied({ op: 'add', jsonPath, path: '/list/-', value: 2 }).hosts[1]).toEqual({ name: 'two', list: [1, 2] });
  });

  it('that gives the same value to several gives each its own', () => {
    const result = applied({ op: 'add', jsonPath: '$.hosts[*]', path: '/map', value: { deep: {} } });
    const [one, two] = result.hosts.map((host) => (host as { map?: object }).map);
    expect(one).toEqual(two);
    expect(one).not.toBe(two);
  });

  it('that finds no place, or nothing to replace, is an error that names it', () => {
    expect(() => applied({ op: 'add', jsonPath: '$.nowhere[*]', path: '/x', value: 1 })).toThrow(
      'nothing is at $.nowhere[*]',
    );
    expect(() => applied({ op: 'replace', path: '/chain/none', value: 1 })).toThrow('replace /chain/none');
  });
});

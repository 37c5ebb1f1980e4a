import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);

/**
 * Makes objects that live long in a place of the code, and then as many there that are gone at once. Prints by how many MiB
 * the old generation grew with the second half. In a process of its own: what V8 has learned of a place it does not forget.
 */
const HELD_THEN_NOT = `
  import { oldSpaceGrowth } from './test/support/heap.ts';
  import { keepYoungObjectsYoung } from './src/heap.ts';
  keepYoungObjectsYoung();
  const make = (n) => ({ n, list: [n, n + 1], more: { n, list: [n] } });
  const held = [];
  for (let n = 0; n < 300_000; n++) held.push(make(n));
  held.length = 0;
  const growth = oldSpaceGrowth(function* () {
    for (let n = 0; n < 600_000; n++) {
      held[0] = make(n);
      if (n % 1_000 === 0) yield;
    }
  });
  console.log(JSON.stringify({ last: held[0].n, mib: growth / 2 ** 20 }));
`;

/**
 * Answers requests until the code for them is compiled, has full collections find that no request is under way, and answers
 * some more. V8 itself says which code it throws away, and why.
 */
const BUSY_THEN_IDLE = `
  const { wholeRequest } = require('./test/bench/core/whole.ts');
  const answerMany = wholeRequest();
  console.log('busy');
  for (let n = 0; n < 4; n++) answerMany();
  console.log('idle');
  for (let n = 0; n < 4; n++) gc();
  answerMany();
`;

it('what was compiled for requests stays while there are none', async () => {
  const node = ['--expose-gc', '--trace-opt', '--trace-deopt', '--require', 'tsx/cjs', '--input-type=commonjs'];
  const { stdout } = await run(process.execPath, [...node, '--eval', BUSY_THEN_IDLE], { maxBuffer: 2 ** 26 });
  const [busy = '', idle = ''] = (stdout.split('\nbusy\n')[1] ?? '').split('\nidle\n');
  const compiled = new Set([...busy.matchAll(/completed optimizing \S+ <JSFunction (\S+)/g)].map(([, name]) => name));
  expect(compiled.size).toBeGreaterThan(20);
  const weak = idle.split('\n').filter((line) => line.includes('reason: weak objects'));
  const thrownAway = weak.map((line) => /SharedFunctionInfo ([^>\s]+)/.exec(line)?.[1]);
  const ours = thrownAway.filter((name) => compiled.has(name));
  // Others may have functions of the same names. Where no handler stays it is more than twenty.
  expect(ours.length, ours.join(', ')).toBeLessThan(5);
}, 60_000);

it('objects that are gone at once stay young, though those made before in the same place lived long', async () => {
  // The compiler at run time decides when it has the time; this way it has.
  const node = ['--max-semi-space-size=1', '--no-concurrent-recompilation', '--import', 'tsx', '--input-type=module'];
  const { stdout } = await run(process.execPath, [...node, '--eval', HELD_THEN_NOT]);
  const { last, mib } = JSON.parse(stdout) as { last: number; mib: number };
  expect(last).toBe(599_999);
  // Where V8 is left alone: 5 to 120, and in one run of ten less than 1.
  expect(mib).toBeLessThan(2);
}, 60_000);

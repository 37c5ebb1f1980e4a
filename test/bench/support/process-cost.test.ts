import { describe, expect, it } from 'vitest';
import { cpuSeconds, cpuTicks, residentMiB, residentOf } from './process-cost.js';

const STAT = '42 (node) S 1 42 42 0 -1 4194560 9 0 0 0 120 34 0 0 20 0 11 0 100 1000 2000 18446744073709551615';

describe('what a process costs', () => {
  it('is user and system time together', () => {
    expect(cpuTicks(STAT)).toBe(154);
  });

  it('is found behind a name with spaces and brackets', () => {
    expect(cpuTicks(STAT.replace('(node)', '(a ) b (c) 7)'))).toBe(154);
  });

  it('is not made up from another text', () => {
    expect(() => cpuTicks('42 (node) S 1')).toThrow('not as expected');
    expect(() => residentOf('Name:\tnode\n')).toThrow('no VmRSS');
  });

  it('counts resident memory in MiB', () => {
    expect(residentOf('Name:\tnode\nVmHWM:\t  999 kB\nVmRSS:\t  102400 kB\nRssAnon:\t 1 kB\n')).toBe(100);
  });

  it('grows while this process works, and includes what it holds', () => {
    const before = cpuSeconds(process.pid);
    while (cpuSeconds(process.pid) - before < 0.02) Math.sqrt(Math.random());
    expect(residentMiB(process.pid)).toBeGreaterThan(10);
  });
});

import { describe, expect, it } from 'vitest';
import { pausesTable, summarise } from './pauses.js';

describe('pauses', () => {
  it('are counted per minute, with their longest and their share of the time', () => {
    const pausesMs = [...Array.from({ length: 99 }, () => 1), 21];
    expect(summarise({ seconds: 30, pausesMs }, '')).toEqual({
      flags: '',
      perMinute: 200,
      p99Ms: 1,
      maxMs: 21,
      share: 0.004,
    });
  });

  it('that never came are an error, as then nothing was measured', () => {
    expect(() => summarise({ seconds: 30, pausesMs: [] }, '')).toThrow('no values');
  });

  it('have a row for each heap', () => {
    const figures = { requestP99Ms: 3, requestsPerSecond: 15_000, residentMiB: 90 };
    const rows = ['', '--max-semi-space-size=32'].map((flags) => ({
      ...summarise({ seconds: 60, pausesMs: [1.5] }, flags),
      ...figures,
    }));
    const text = pausesTable(rows).join('\n');
    expect(text).toContain("| Node's default | 1 | 1.50 ms | 1.50 ms | 0.00 % | 15000 | 3.00 ms | 90 MiB |");
    expect(text).toContain('| `--max-semi-space-size=32` |');
  });
});

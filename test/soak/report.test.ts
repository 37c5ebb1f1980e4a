import { describe, expect, it } from 'vitest';
import { Memory } from './memory.js';
import { plot, verdicts } from './report.js';

const MIB = 1024 * 1024;

function memory(heapMib: readonly number[]): Memory {
  const taken = new Memory();
  heapMib.forEach((mib, index) => {
    taken.heap.push({ atS: index * 10, bytes: mib * MIB });
    taken.resident.push({ atS: index * 10, bytes: 100 * MIB });
  });
  return taken;
}

describe('the verdict on the memory', () => {
  it('is flat where only the warm-up rises, and says from what and by how much', () => {
    const [heap, resident] = verdicts(memory([10, 20, 30, 30, 31, 30, 31, 30, 30]));
    expect(heap).toMatchObject({
      ok: true,
      text: expect.stringMatching(/^heap: from 30\.\d MiB, .* in 50 s after warm-up: flat$/),
    });
    expect(resident?.ok).toBe(true);
  });

  it('is growth where it rises on and on', () => {
    const [heap] = verdicts(memory([10, 20, 30, 40, 50, 60, 70, 80, 90]));
    expect(heap).toMatchObject({ ok: false, text: expect.stringContaining('it grows') });
  });

  it('is none, and not good, for too few samples', () => {
    expect(verdicts(memory([1, 2])).map(({ ok }) => ok)).toEqual([false, false]);
  });
});

it('the plot is an SVG with both lines', () => {
  const svg = plot(memory([10, 11, 12]));
  expect(svg.startsWith('<svg')).toBe(true);
  expect(svg).toContain('resident');
  expect(svg).toContain('heap, after collection');
});

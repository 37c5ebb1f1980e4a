import { describe, expect, it } from 'vitest';
import { afterWarmUp, isFlat, trendOf } from './trend.js';

const at = (bytes: number, index: number) => ({ atS: index * 10, bytes });

describe('a trend', () => {
  it('is that of the line through the samples', () => {
    expect(trendOf([100, 110, 120, 130].map(at))).toEqual({ firstBytes: 100, riseBytes: 30 });
    expect(trendOf([130, 120, 110].map(at))).toEqual({ firstBytes: 130, riseBytes: -20 });
  });

  it('is not misled by a zigzag', () => {
    const trend = trendOf([100, 140, 100, 140, 100].map(at));
    expect(trend?.riseBytes).toBeCloseTo(0);
  });

  it('is not told from fewer than three samples, and is flat where all are of one time', () => {
    expect(trendOf([100, 200].map(at))).toBeNull();
    expect(trendOf([1, 2, 3].map((bytes) => ({ atS: 0, bytes })))?.riseBytes).toBe(0);
  });

  it('leaves out what was taken while it warmed up', () => {
    expect(afterWarmUp([1, 2, 3, 4, 5, 6].map(at)).map(({ bytes }) => bytes)).toEqual([3, 4, 5, 6]);
  });

  it('is flat within a share of its start, or within what is free', () => {
    const trend = { firstBytes: 1_000, riseBytes: 101 };
    expect([isFlat(trend, 0.1, 0), isFlat(trend, 0.2, 0), isFlat(trend, 0.1, 101)]).toEqual([false, true, true]);
    expect(isFlat({ firstBytes: 1_000, riseBytes: -500 }, 0, 0)).toBe(true);
  });
});

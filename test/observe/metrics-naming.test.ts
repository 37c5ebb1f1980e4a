// The rules of `promtool check metrics`, as far as names, types, help and labels go, applied to a real scrape.

import { describe, expect, it } from 'vitest';
import { Metrics } from '../../src/observe/metrics.js';
import { anAttempt, aRecord, type Family, scrape } from './support.js';

/** Parts of a name that stand for a unit other than the base one, or for an abbreviated one. */
const BAD_UNITS = new Set(
  'ms us ns sec secs s msec usec milliseconds microseconds nanoseconds minutes hours days kb mb gb kilobytes megabytes bits percent'.split(
    ' ',
  ),
);
const HISTOGRAM_SUFFIXES = ['_bucket', '_count', '_sum'];

function problems({ name, type, help, samples }: Family): string[] {
  const parts = name.split('_');
  const isHistogram = type === 'histogram' || type === 'summary';
  const labels = samples.flatMap((sample) => Object.keys(sample.labels));
  const checks: readonly (readonly [boolean, string])[] = [
    [help.trim() === '', 'no help text'],
    [type === 'counter' && !name.endsWith('_total'), 'counter without _total'],
    [type !== 'counter' && name.endsWith('_total'), '_total on something that is no counter'],
    [!isHistogram && HISTOGRAM_SUFFIXES.some((suffix) => name.endsWith(suffix)), 'a suffix of histograms'],
    [parts.some((part) => BAD_UNITS.has(part)), 'not a base unit, or an abbreviated one'],
    [parts.includes(type), 'the type in the name'],
    [!/^[a-z][a-z0-9_]*$/.test(name), 'not snake case'],
    [labels.some((label) => !/^[a-z][a-z0-9_]*$/.test(label)), 'a label that is not snake case'],
    [labels.some((label) => label === name || (label === 'le' && !isHistogram)), 'a reserved label'],
    [type === 'histogram' && !name.includes('_seconds'), 'a duration without its unit'],
  ];
  return checks.filter(([bad]) => bad).map(([, words]) => `${name}: ${words}`);
}

describe('names', () => {
  it('follow the rules of Prometheus, those of the Node process as well', async () => {
    const metrics = new Metrics({ version: '1.2.3' });
    metrics.decided(aRecord());
    metrics.attemptSettled(aRecord(), anAttempt());
    const families = await scrape(metrics);
    expect(families.length).toBeGreaterThan(30);
    expect(families.flatMap(problems)).toEqual([]);
  });

  it('of our own metrics begin with sluice_', async () => {
    const families = await scrape(new Metrics({ version: '1.2.3', processMetrics: false }));
    expect(families.filter(({ name }) => !name.startsWith('sluice_'))).toEqual([]);
  });

  it.each([
    [{ name: 'requests', type: 'counter' }, 'counter without _total'],
    [{ name: 'handles_total', type: 'gauge' }, '_total on something that is no counter'],
    [{ name: 'took_ms', type: 'gauge' }, 'not a base unit, or an abbreviated one'],
    [{ name: 'a_gauge', type: 'gauge' }, 'the type in the name'],
    [{ name: 'x_count', type: 'gauge' }, 'a suffix of histograms'],
    [{ name: 'camelCase', type: 'gauge' }, 'not snake case'],
  ])('that break a rule would be seen: %o', (family, problem) => {
    expect(problems({ help: 'Help.', samples: [], ...family })).toEqual([`${family.name}: ${problem}`]);
  });
});

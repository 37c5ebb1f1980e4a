// Measures how far retries go past their budget where nothing can stop them: the figures of the README's paragraph about
// running without gate and judge. Run: npx tsx test/bench/budget.ts (after npm run build).

import { median } from './support/statistics.js';
import { CLIENTS, runStorm, type Storm } from './support/storm.js';

const REPEATS = 3;
const REQUESTS_PER_CLIENT = 60;
const FAILURES = ['answered', 'reset', 'refused'] as const;

function storms(): Storm[] {
  return FAILURES.flatMap((failure): Storm[] => [
    ...(failure === 'answered' ? [{ name: 'judge', failure, guard: 'judge' } as const] : []),
    { name: 'gate', failure, guard: 'gate' },
    { name: 'neither', failure, guard: 'none' },
  ]);
}

const measured = storms().map((storm) => ({ storm, perRequest: [] as number[], allowed: [] as number[] }));
for (let repeat = 0; repeat < REPEATS; repeat += 1) {
  for (const { storm, perRequest, allowed } of measured) {
    const result = await runStorm(storm, REQUESTS_PER_CLIENT);
    perRequest.push(result.attempts / result.requests);
    allowed.push(result.allowed / result.requests);
  }
}

console.log(`${CLIENTS} clients, ${CLIENTS * REQUESTS_PER_CLIENT} requests, medians of ${REPEATS}\n`);
console.log('| The upstream | asked | attempts per request | the budget allows |\n| --- | --- | --- | --- |');
for (const { storm, perRequest, allowed } of measured) {
  const figures = [median(perRequest), median(allowed)].map((figure) => figure.toFixed(2));
  console.log(`| ${storm.failure} | ${storm.name} | ${figures.join(' | ')} |`);
}

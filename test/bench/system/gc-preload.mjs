// Loaded into Sluice's process by the benchmark alone (`--import`): how long garbage collection stopped it. SIGUSR2 starts
// anew, so that warming up is no part of it; at its end the process writes what it saw to the file that the benchmark named.

import { writeFileSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';

let pausesMs = [];
let startedAtMs = performance.now();

function keep(entries) {
  for (const { duration } of entries) pausesMs.push(duration);
}

const observer = new PerformanceObserver((list) => keep(list.getEntries()));
observer.observe({ entryTypes: ['gc'] });

process.on('SIGUSR2', () => {
  observer.takeRecords();
  pausesMs = [];
  startedAtMs = performance.now();
});
process.on('exit', () => {
  keep(observer.takeRecords());
  const seconds = (performance.now() - startedAtMs) / 1000;
  writeFileSync(process.env.SLUICE_BENCH_GC ?? '/dev/null', JSON.stringify({ seconds, pausesMs }));
});

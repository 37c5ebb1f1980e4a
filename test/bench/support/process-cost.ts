// What a process costs, as Linux counts it: the only view that is the same for Envoy and for Node, and that includes what the
// kernel does for them.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** 100 on every Linux that Node runs on, but cheap to ask. */
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Processor seconds of the process so far, its threads and the kernel's work for it included; in steps of 10 ms. */
export function cpuSeconds(pid: number): number {
  return cpuTicks(readFileSync(`/proc/${pid}/stat`, 'utf8')) / TICKS_PER_SECOND;
}

/** `utime` and `stime` of a line of /proc/PID/stat. The name in it may hold spaces and brackets: count after the last one. */
export function cpuTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  if (!Number.isFinite(ticks)) throw new Error(`/proc/PID/stat is not as expected: ${JSON.stringify(stat)}`);
  return ticks;
}

/** Resident memory of the process now. */
export function residentMiB(pid: number): number {
  return residentOf(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

export function residentOf(status: string): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kib === undefined) throw new Error(`/proc/PID/status has no VmRSS: ${JSON.stringify(status)}`);
  return Number(kib) / 1024;
}

// What the figures were measured on: without that they mean nothing.

import { cpus, totalmem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly envoy: string;
  readonly date: string;
}

export function describeMachine(envoy: string): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
    envoy,
    date: new Date().toISOString().slice(0, 10),
  };
}

export function machineLine({ cpu, cores, memoryGiB, system, node, envoy, date }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node}, Envoy ${envoy}, ${date}`;
}

// A real Prometheus for the dashboard's picture: its queries are only as good as what a Prometheus answers to them.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from './cache.js';
import { type Child, startChild } from './child.js';
import { eventually } from './eventually.js';
import { somePort } from './ports.js';

const run = promisify(execFile);

/**
 * Path of a Prometheus. In this order: `PROMETHEUS_BIN`; one on the PATH; the cached one; the program out of Debian's package,
 * which is unpacked into the cache and not installed: no service starts, and nobody has to be root.
 * @throws Error that names what is missing and what to do.
 */
export async function prometheusBinary(): Promise<string> {
  const { PROMETHEUS_BIN: named = '', PATH = '' } = process.env;
  if (named !== '') {
    if (existsSync(named)) return named;
    throw new Error(`PROMETHEUS_BIN is ${JSON.stringify(named)}, and there is no such file`);
  }
  const directories = PATH.split(delimiter).filter((directory) => directory !== '');
  const found = directories.map((directory) => join(directory, 'prometheus')).find((file) => existsSync(file));
  if (found !== undefined) return found;
  const cached = join(cacheDirectory(), 'prometheus');
  if (!existsSync(cached)) await unpack(cached);
  return cached;
}

async function unpack(target: string): Promise<void> {
  await mkdir(join(target, '..'), { recursive: true });
  // Beside its target, as the last step has to be a rename.
  const work = await mkdtemp(`${target}-`);
  try {
    await run('apt-get', ['download', 'prometheus'], { cwd: work });
    const [archive] = await readdir(work);
    if (archive === undefined) throw new Error('apt-get downloaded nothing');
    await run('dpkg-deb', ['--extract', archive, 'files'], { cwd: work });
    await rename(join(work, 'files', 'usr', 'bin', 'prometheus'), target);
  } catch (cause) {
    throw new Error(
      "Prometheus could not be got from Debian's package `prometheus` (apt-get update first): put a prometheus on the PATH, or set PROMETHEUS_BIN to one",
      { cause },
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

export interface Scrape {
  readonly job: string;
  /** `host:port`. */
  readonly target: string;
  readonly path: string;
}

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since 1970, and the value. */
  readonly points: readonly (readonly [atSeconds: number, value: number])[];
}

export interface Prometheus {
  /** @throws Error with Prometheus' own words. */
  range(expr: string, fromSeconds: number, toSeconds: number, stepSeconds: number): Promise<readonly Series[]>;
  /** One point each. @throws Error with Prometheus' own words. */
  instant(expr: string, atSeconds: number): Promise<readonly Series[]>;
  stop(): Promise<void>;
}

/** Scrapes every second. @throws Error with its own words when it does not come up. */
export async function startPrometheus(scrapes: readonly Scrape[]): Promise<Prometheus> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-prometheus-'));
  const config = join(directory, 'prometheus.yml');
  await writeFile(config, configuration(scrapes));
  const address = `127.0.0.1:${await somePort()}`;
  const child = await startChild(await prometheusBinary(), [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=${address}`,
    '--log.level=warn',
  ]);
  const stop = async () => {
    await child.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await untilReady(child, address);
  } catch (error) {
    await stop();
    throw error;
  }
  const ask = (path: string, parameters: Readonly<Record<string, string | number>>) => query(address, path, parameters);
  return {
    range: (expr, start, end, step) => ask('query_range', { query: expr, start, end, step }),
    instant: (expr, time) => ask('query', { query: expr, time }),
    stop,
  };
}

/** JSON is YAML. */
function configuration(scrapes: readonly Scrape[]): string {
  return JSON.stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: scrapes.map(({ job, target, path }) => ({
      job_name: job,
      metrics_path: path,
      static_configs: [{ targets: [target] }],
    })),
  });
}

async function untilReady(child: Child, address: string): Promise<void> {
  await eventually(async () => {
    const { ok } = await fetch(`http://${address}/-/ready`);
    if (!ok) throw new Error('not ready');
  }, 20_000).catch((cause: unknown) => {
    throw new Error(`Prometheus did not come up. It said:\n${child.stderr()}`, { cause });
  });
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly resultType: string;
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly values?: readonly (readonly [number, string])[];
      readonly value?: readonly [number, string];
    }[];
  };
}

async function query(
  address: string,
  path: string,
  parameters: Readonly<Record<string, string | number>>,
): Promise<Series[]> {
  const body = new URLSearchParams(
    Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const response = await fetch(`http://${address}/api/v1/${path}`, { method: 'POST', body });
  const { status, error, data } = (await response.json()) as Answer;
  if (status !== 'success' || data === undefined) throw new Error(`Prometheus: ${error}, of ${parameters.query}`);
  return data.result.map(({ metric, values, value }) => ({
    labels: metric,
    points: (values ?? (value === undefined ? [] : [value])).map(([at, text]) => [at, numberOf(text)] as const),
  }));
}

function numberOf(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
}

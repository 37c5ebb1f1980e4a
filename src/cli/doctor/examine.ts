// Asks Envoy and Sluice, twice: what they have counted since they started, and what they count while one looks on.

import { type Asked, CliError, getJson, getText, open } from '../http.js';
import { between, figures, readMetrics, readStatistics } from './figures.js';
import type { Counted, Examined } from './finding.js';
import { readWiring, type Wiring } from './wiring.js';

export interface Patient {
  /** Address of Sluice's HTTP interface. */
  readonly http: string;
  /** Address of Envoy's admin interface. */
  readonly envoy: string;
}

const ENVOY: Asked = { name: "Envoy's admin interface", check: 'does Envoy run, and is --envoy its admin address?' };
const FLAG = 'envoy.reloadable_features.ext_proc_graceful_grpc_close';
/** Clusters whose policy is asked for, those with the most requests first. */
const MOST_CLUSTERS = 100;

interface Snapshot {
  readonly envoy: ReadonlyMap<string, number>;
  readonly sluice: ReadonlyMap<string, number>;
}

/** @param meanwhile is waited for between the two looks. @throws CliError where either does not answer. */
export async function examine(patient: Patient, meanwhile: () => Promise<void>): Promise<Examined> {
  const before = await snapshot(patient);
  await meanwhile();
  const after = await snapshot(patient);
  const envoy = counted(before.envoy, after.envoy);
  const wiring = readWiring(await getJson(patient.envoy, '/config_dump', ENVOY));
  return {
    wiring,
    envoy,
    sluice: counted(before.sluice, after.sluice),
    ...(await server(patient)),
    graceful: await isGraceful(patient),
    ready: await isReady(patient),
    judged: await judged(patient, envoy, wiring),
  };
}

async function snapshot({ http, envoy }: Patient): Promise<Snapshot> {
  return {
    envoy: readStatistics(await getText(envoy, '/stats', ENVOY)),
    sluice: readMetrics(await getText(http, '/metrics')),
  };
}

function counted(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Counted {
  return { now: figures(between(before, after)), ever: figures(after) };
}

/** Envoy gives its version as `commit/1.40.0/Clean/RELEASE/BoringSSL`. */
async function server({ envoy }: Patient): Promise<Pick<Examined, 'version' | 'state'>> {
  const { version, state } = fields(await getJson(envoy, '/server_info', ENVOY));
  if (typeof version !== 'string' || typeof state !== 'string') {
    throw new CliError(`what answers at ${envoy} is not ${ENVOY.name}: /server_info has no version`);
  }
  return { version: version.split('/')[1] ?? version, state };
}

async function isGraceful({ envoy }: Patient): Promise<boolean> {
  const entries = fields(fields(await getJson(envoy, '/runtime', ENVOY)).entries);
  return fields(entries[FLAG]).final_value === 'true';
}

async function isReady({ http }: Patient): Promise<boolean> {
  const response = await open(http, '/readyz');
  response.resume();
  return response.statusCode === 200;
}

async function judged({ http }: Patient, { ever }: Counted, wiring: Wiring): Promise<Examined['judged']> {
  const names = ever
    .each(/^cluster\.(.+)\.upstream_rq_total$/)
    .map(([name]) => name)
    .filter((name) => !wiring.clusters.includes(name))
    .slice(0, MOST_CLUSTERS);
  const asked: { cluster: string; judge: boolean }[] = [];
  for (const cluster of names) {
    const { policy } = fields(await getJson(http, `/policy?cluster=${encodeURIComponent(cluster)}`));
    asked.push({ cluster, judge: fields(fields(fields(policy).retry).judge).value === true });
  }
  return asked;
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

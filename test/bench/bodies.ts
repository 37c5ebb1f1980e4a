// Which settings of Envoy keep a request with a body retriable after its connection failed, and for which bodies: the figures
// of the README. Run: npx tsx test/bench/bodies.ts (after npm run build); takes about two minutes.
//
// Every request goes to a cluster that cannot be connected to and whose fallback works: 200 means that it was retried with
// its body whole.

import { startBlackHole } from '../support/black-hole.js';
import { at, connectionManager, type JsonObject, object, virtualHost } from '../support/bootstrap.js';
import { type Mesh, startMesh } from '../support/mesh.js';
import { addUpstream, hosts } from '../support/routes.js';
import { median } from './support/statistics.js';
import { FRAMINGS, type Framing, upload } from './support/upload.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const SIZES = [KIB, 32 * KIB, 64 * KIB, 100 * KIB, MIB, 20 * MIB];
const FAILURES = ['refused', 'timeout'] as const;
const TIMES = 5;

interface Setting {
  /** `request_body_buffer_limit` of the virtual host. */
  readonly keepBytes: number;
  /** `per_connection_buffer_limit_bytes` of the listener; null: Envoy's default, 1 MiB. */
  readonly readBytes: number | null;
  /** `proxy_100_continue` of the connection manager: the upstream says when the body may come, and not Envoy. */
  readonly proxyContinue: boolean;
}

const SETTINGS: readonly Setting[] = [
  { keepBytes: 0, readBytes: null, proxyContinue: false },
  { keepBytes: 64 * KIB, readBytes: null, proxyContinue: false },
  { keepBytes: 64 * KIB, readBytes: 16 * KIB, proxyContinue: false },
  { keepBytes: 64 * KIB, readBytes: null, proxyContinue: true },
  { keepBytes: 0, readBytes: null, proxyContinue: true },
  { keepBytes: MIB, readBytes: null, proxyContinue: false },
];

const POLICY = {
  defaults: { circuit: { mode: 'off' }, retry: { maxRetries: 2, budget: { ratio: 1, minPerSecond: 1000 } } },
  clusters: { refusing: { fallback: ['secondary'] }, hole: { fallback: ['secondary'] } },
};

function patch(bootstrap: JsonObject, { keepBytes, readBytes, proxyContinue }: Setting, holePort: number): void {
  addUpstream(bootstrap, 'hole', hosts('hole', holePort));
  virtualHost(bootstrap).request_body_buffer_limit = keepBytes;
  connectionManager(bootstrap).proxy_100_continue = proxyContinue;
  const listener = object(at(bootstrap, 'static_resources', 'listeners', 0));
  if (readBytes !== null) listener.per_connection_buffer_limit_bytes = readBytes;
}

/** Share of the uploads that were retried whole. */
async function retriedShare(mesh: Mesh, failure: (typeof FAILURES)[number], framing: Framing, bytes: number) {
  const path = failure === 'refused' ? '/refusing/x' : '/hole/x';
  let good = 0;
  for (let time = 0; time < TIMES; time += 1) {
    mesh.upstreams.secondary.forget();
    const status = await upload(mesh.envoy.port, path, framing, bytes);
    const [received] = mesh.upstreams.secondary.requests;
    if (status === 200 && received?.bodyBytes === bytes) good += 1;
  }
  return good / TIMES;
}

/** Milliseconds that 20 MiB take where nothing fails. */
async function uploadMs(mesh: Mesh): Promise<number> {
  const times: number[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    const startedAtMs = performance.now();
    await upload(mesh.envoy.port, '/primary/x', 'length', 20 * MIB);
    times.push(performance.now() - startedAtMs);
  }
  return median(times);
}

function nameOf(bytes: number | null): string {
  if (bytes === null) return 'default';
  if (bytes === 0) return '0';
  return bytes < MIB ? `${bytes / KIB} KiB` : `${bytes / MIB} MiB`;
}

await using hole = await startBlackHole();
const columns = SIZES.map(nameOf);
console.log(`| keeps | reads | 100 by | connect | body | ${columns.join(' | ')} | 20 MiB served |`);
console.log(`| --- | --- | --- | --- | --- | ${columns.map(() => '---').join(' | ')} | --- |`);
for (const setting of SETTINGS) {
  await using mesh = await startMesh({
    policy: POLICY,
    envoy: { patch: (bootstrap) => patch(bootstrap, setting, hole.port) },
  });
  const by = setting.proxyContinue ? 'upstream' : 'Envoy';
  const servedMs = Math.round(await uploadMs(mesh));
  for (const failure of FAILURES) {
    for (const framing of FRAMINGS) {
      const shares: string[] = [];
      for (const bytes of SIZES) shares.push(`${100 * (await retriedShare(mesh, failure, framing, bytes))} %`);
      const what = [nameOf(setting.keepBytes), nameOf(setting.readBytes), by, failure, framing];
      console.log(`| ${[...what, ...shares].join(' | ')} | ${servedMs} ms |`);
    }
  }
}

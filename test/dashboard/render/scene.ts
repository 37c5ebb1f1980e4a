// What happens while the dashboard's picture is made: a few minutes in which everything that it shows happens at least once.

import { join } from 'node:path';
import { type Behaviour, cut, reset, respond } from '../../support/behaviour.js';
import { makeAuthority } from '../../support/certificates.js';
import { send } from '../../support/client.js';
import { pause } from '../../support/eventually.js';
import type { Mesh, MeshOptions } from '../../support/mesh.js';
import { securedEnvoy, tlsArguments, writeTlsFiles } from '../../support/mtls.js';

const POLICY = {
  defaults: {
    circuit: {
      window: { requests: 60, duration: '10s' },
      minimumRequests: 8,
      failureRatio: 0.5,
      open: { base: '4s', max: '16s', jitter: 0 },
      ramp: '3s',
    },
    retry: { maxRetries: 1, budget: { ratio: 0.1, minPerSecond: 1, window: '10s' } },
  },
  clusters: {
    primary: { fallback: ['secondary'] },
    flaky: {
      circuit: { failureRatio: 0.95 },
      retry: { judge: true, statuses: [503], backoff: { base: '10ms', max: '40ms' } },
    },
    slow: { circuit: { failureRatio: 1, slow: { after: '100ms', ratio: 0.5 } } },
    provider: { circuit: { mode: 'shadow', failureRatio: 0.3 } },
    pool: { key: { header: 'x-model', max: 4 }, retry: { budget: { ratio: 0.5 } }, circuit: { failureRatio: 0.9 } },
  },
};

/** What the policy is before, and after, somebody breaks the file. */
const BROKEN = { defaults: { circuit: { failureRatio: 'a half' } } };

/** `directory`: for files of the mesh. */
export function meshIn(directory: string): MeshOptions {
  const authority = makeAuthority();
  return {
    policy: POLICY,
    upstreams: {
      primary: { behaviour: respond(200, { delayMs: 8 }) },
      secondary: { behaviour: respond(200, { delayMs: 12 }) },
      slow: { behaviour: slowAtTimes() },
      flaky: { behaviour: flaky() },
      provider: { behaviour: respond(200, { delayMs: 30 }) },
      poolA: { behaviour: respond(200, { delayMs: 25 }) },
      poolB: { behaviour: respond(200, { delayMs: 35 }) },
    },
    sluice: { args: ['--state', join(directory, 'state.json'), ...tlsArguments(writeTlsFiles(directory, authority))] },
    // With Envoy's own patience: that Sluice is left out when it stands still is one of the things to show.
    envoy: { impatient: true, patch: securedEnvoy(directory, authority, authority.issue('envoy')) },
  };
}

/** Requests by route, `everyMs` apart; those with `quitMs` have a client that does not wait longer. */
const STREAMS = [
  { path: '/primary/', everyMs: 50 },
  { path: '/secondary/', everyMs: 100 },
  { path: '/flaky/', everyMs: 80 },
  { path: '/flaky/', everyMs: 1_000, method: 'POST' },
  { path: '/slow/', everyMs: 150 },
  { path: '/slow/', everyMs: 900, quitMs: 20 },
  { path: '/provider/', everyMs: 150 },
  { path: '/pool/', everyMs: 120, model: 'small' },
  { path: '/pool/', everyMs: 250, model: 'large' },
  { path: '/refusing/', everyMs: 1_000 },
] as const;

/** From second to second: what is done to the mesh. The last thing is still on when the picture is taken. */
const EVENTS: readonly { readonly atSeconds: number; readonly act: (mesh: Mesh) => Promise<void> | void }[] = [
  { atSeconds: 30, act: ({ upstreams }) => upstreams.primary.refuse() },
  { atSeconds: 55, act: ({ upstreams }) => upstreams.primary.accept() },
  { atSeconds: 62, act: ({ upstreams }) => upstreams.poolB.refuse() },
  { atSeconds: 72, act: ({ upstreams }) => upstreams.poolB.accept() },
  { atSeconds: 75, act: ({ upstreams }) => upstreams.flaky.behave(respond(503)) },
  { atSeconds: 90, act: ({ upstreams }) => upstreams.flaky.behave(flaky()) },
  { atSeconds: 94, act: ({ upstreams }) => upstreams.provider.behave(respond(500)) },
  { atSeconds: 98, act: ({ upstreams }) => upstreams.provider.behave(respond(200, { delayMs: 30 })) },
  { atSeconds: 100, act: ({ upstreams }) => upstreams.secondary.behave(cutAtTimes()) },
  { atSeconds: 108, act: ({ upstreams }) => upstreams.secondary.behave(respond(200, { delayMs: 12 })) },
  { atSeconds: 110, act: freeze },
  { atSeconds: 120, act: ({ sluice }) => sluice.writePolicy(BROKEN) },
  { atSeconds: 135, act: ({ sluice }) => sluice.writePolicy(POLICY) },
  { atSeconds: 150, act: ({ upstreams }) => upstreams.primary.refuse() },
];

export const SCENE_SECONDS = 165;

/** Resolves when it is over; the mesh stays as it is then. */
export async function play(mesh: Mesh): Promise<void> {
  const streams = STREAMS.map((stream) => startStream(mesh.envoy.port, stream));
  const startedAtMs = performance.now();
  const until = (seconds: number) => pause(startedAtMs + seconds * 1000 - performance.now());
  for (const { atSeconds, act } of EVENTS) {
    await until(atSeconds);
    await act(mesh);
  }
  await until(SCENE_SECONDS);
  for (const stop of streams) stop();
}

/** Sluice stands still for longer than Envoy waits: requests pass without it. */
async function freeze({ sluice }: Mesh): Promise<void> {
  sluice.signal('SIGSTOP');
  await pause(1_200);
  sluice.signal('SIGCONT');
}

interface Stream {
  readonly path: string;
  readonly everyMs: number;
  readonly method?: string;
  readonly quitMs?: number;
  readonly model?: string;
}

/** Gives what ends it. */
function startStream(port: number, { path, everyMs, method = 'GET', quitMs, model }: Stream): () => void {
  let index = 0;
  const timer = setInterval(() => {
    const signal = AbortSignal.timeout(quitMs ?? 10_000);
    const headers = model === undefined ? {} : { 'x-model': model };
    const body = method === 'GET' ? {} : { body: 'charge the card' };
    // What becomes of a request is what the dashboard is to show.
    send(port, `${path}${++index}`, { method, headers, signal, ...body }).catch(() => undefined);
  }, everyMs);
  return () => clearInterval(timer);
}

function flaky(): (request: { readonly method: string; readonly attempt: number }) => Behaviour {
  let first = 0;
  return ({ method, attempt }) => {
    if (method === 'POST') return reset;
    if (attempt <= 1) first += 1;
    return attempt <= 1 && first % 8 === 0 ? respond(503) : respond(200, { delayMs: 15 });
  };
}

function slowAtTimes(): (request: unknown, index: number) => Behaviour {
  return (_request, index) => respond(200, { delayMs: index % 160 > 125 ? 180 : 40 });
}

function cutAtTimes(): (request: unknown, index: number) => Behaviour {
  return (_request, index) => (index % 10 === 9 ? cut(10, 100) : respond(200, { delayMs: 12 }));
}

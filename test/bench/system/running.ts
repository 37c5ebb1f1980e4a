// An arm that is up. While another one is measured it is stopped in its tracks, so that nothing it does by itself disturbs.

import { SLUICE_PORT } from '../../support/bootstrap.js';
import type { Child } from '../../support/child.js';
import { type Envoy, startEnvoy } from '../../support/envoy.js';
import { eventually } from '../../support/eventually.js';
import { portOf, somePort } from '../../support/ports.js';
import { type Sluice, startSluice } from '../../support/sluice.js';
import { startPeer } from '../peers/peer.js';
import { type Arm, policyOf } from './arms.js';
import { rewire } from './wiring.js';

/** What Envoy asks. */
export type Server = Pick<Child, 'pid' | 'signal' | 'stderr'>;

export interface RunningArm {
  readonly arm: Arm;
  readonly envoy: Envoy;
  readonly sluice: Sluice | null;
  /** Sluice, or who is there in its place. */
  readonly server: Server | null;
  /** Decisions for which Envoy failed open, so far. */
  lostDecisions(): Promise<number>;
  /** That Sluice counted, so far: by decision at admission, or by attempt in the trace. Of a peer: streams that Envoy opened. */
  seenByServer(): Promise<number>;
  /** Resolves once it stands still, with nothing under way. @throws Error where that does not come. */
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

/** As in deploy/Dockerfile. */
export const IMAGE_ENV = { NODE_OPTIONS: '--max-semi-space-size=4' };

export interface ArmOptions {
  /** Of Sluice's process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Sluice logs nothing. Default: false. */
  readonly silent?: boolean;
}

/** @throws Error with the words of what does not come up. */
export async function startArm(arm: Arm, upstreamPort: number, options: ArmOptions = {}): Promise<RunningArm> {
  const asked = await startServer(arm, options);
  try {
    const envoy = await startEnvoy({
      ports: asked.port === null ? {} : { [SLUICE_PORT]: asked.port },
      // A decision that comes too late is lost here as it is for users.
      impatient: true,
      patch: (bootstrap) => rewire(bootstrap, arm.wiring, upstreamPort),
    });
    return running(arm, envoy, asked);
  } catch (error) {
    await asked.stop();
    throw error;
  }
}

interface Asked {
  readonly port: number | null;
  readonly server: Server | null;
  readonly sluice: Sluice | null;
  stop(): Promise<unknown>;
}

async function startServer(arm: Arm, options: ArmOptions): Promise<Asked> {
  if (arm.peer !== undefined) {
    const { child, port } = await startPeer(arm.peer);
    return { port, server: child, sluice: null, stop: () => child.stop() };
  }
  const sluice = await startSluiceOf(arm, options);
  if (sluice === null) return { port: null, server: null, sluice, stop: async () => undefined };
  const port = portOf(sluice.grpc);
  return { port, server: sluice, sluice, stop: () => sluice.stop() };
}

async function startSluiceOf(arm: Arm, { env, silent = false }: ArmOptions): Promise<Sluice | null> {
  if (arm.transport === null) return null;
  const environment = { ...IMAGE_ENV, ...env };
  const common = { policy: policyOf(arm), args: ['--transport', arm.transport] };
  if (!silent) return startSluice({ ...common, env: environment });
  // One that does not say where it listens has to be told.
  const [grpc, http] = [`127.0.0.1:${await somePort()}`, `127.0.0.1:${await somePort()}`];
  return startSluice({
    ...common,
    env: { ...environment, SLUICE_LOG_LEVEL: 'silent' },
    stdout: '/dev/null',
    grpc,
    http,
  });
}

/** Envoy gives up on a stream that the server does not close after a second. */
const SETTLE_MS = 5_000;

/**
 * The load ends with requests under way. Stopped there, with the judge, Envoy 1.40 can end with a segmentation fault when it
 * goes on: the time of all its streams has run out meanwhile, and their answers are there as well.
 */
async function nothingUnderWay({ name, wiring }: Arm, envoy: Envoy): Promise<void> {
  const streams = await envoy.counter('cluster.sluice.upstream_rq_active');
  // Both logs share one stream, which stays.
  const lasting = wiring.parts.has('trace') ? 1 : 0;
  if (streams > lasting) throw new Error(`${name}: ${streams - lasting} streams are still under way`);
}

function running(arm: Arm, envoy: Envoy, { server, sluice, stop }: Asked): RunningArm {
  let paused = false;
  const setPaused = (wanted: boolean) => {
    if (wanted === paused) return;
    paused = wanted;
    const name = paused ? 'SIGSTOP' : 'SIGCONT';
    process.kill(envoy.pid, name);
    server?.signal(name);
  };
  return {
    arm,
    envoy,
    sluice,
    server,
    pause: async () => {
      if (server !== null) await eventually(() => nothingUnderWay(arm, envoy), SETTLE_MS);
      setPaused(true);
    },
    resume: () => setPaused(false),
    lostDecisions: async () =>
      [...(await envoy.stats(''))]
        .filter(([name]) => name.endsWith('failure_mode_allowed'))
        .reduce((sum, [, count]) => sum + count, 0),
    seenByServer: async () => {
      if (server === null) return 0;
      if (sluice === null) return envoy.counter('http.ingress.ext_proc.streams_started');
      const metrics = await sluice.metrics();
      return arm.wiring.parts.has('admission')
        ? metrics.metric('sluice_requests_total')
        : metrics.metric('sluice_trace_entries_total', { type: 'attempt' });
    },
    stop: async () => {
      setPaused(false);
      await envoy.stop();
      await stop();
    },
  };
}

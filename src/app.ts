// Wires the parts of a running sidecar: core, handlers, gRPC, metrics, records, logs, admin and policy file. The only
// place that knows all of them; it decides nothing.

import { setTimeout as sleep } from 'node:timers/promises';
import type { App, AppOptions } from './app-options.js';
import { after, monotonicNow, toIso } from './clock.js';
import { CircuitRegistry } from './core/circuit/registry.js';
import { Engine } from './core/engine.js';
import type { Observer } from './core/observer.js';
import type { Role } from './core/reasons.js';
import { AdmissionHandler } from './handlers/admission.js';
import { AttemptHandler } from './handlers/attempt.js';
import type { HandlerDeps } from './handlers/deps.js';
import { keepYoungObjectsYoung } from './heap.js';
import { randomIds } from './ids.js';
import { LivePolicy } from './live-policy.js';
import { type AdminDeps, createAdmin } from './observe/admin.js';
import type { Disturbance } from './observe/disturbances.js';
import type { FaultReason } from './observe/faults.js';
import { Logger } from './observe/logger.js';
import { Metrics } from './observe/metrics.js';
import { createObserver } from './observe/observer.js';
import { Records } from './observe/records.js';
import { stateObserver } from './observe/state.js';
import { tlsObserver } from './observe/tls.js';
import { type HealthServer, startHealthServer } from './server/health-server.js';
import type { FaultPlace, TransportHooks } from './server/hooks.js';
import { openTlsSource, type TlsSource } from './server/tls/source.js';
import { TRANSPORTS } from './server/transports.js';
import type { StateKeeper } from './state/keeper.js';
import { VERSION } from './version.js';
import { watchClocks } from './watch-clocks.js';

const SWEEP_EVERY_MS = 1000;

/** @throws Error where an address cannot be listened on; nothing is left open then. */
export async function startApp(options: AppOptions): Promise<App> {
  keepYoungObjectsYoung();
  // Loaded only where it is wanted: what reads its file takes a tenth of all memory.
  const keeper = options.state === null ? null : (await import('./state/keeper.js')).StateKeeper;
  const sidecar = new Sidecar(options, keeper);
  try {
    return await sidecar.start();
  } catch (error) {
    sidecar.dispose();
    throw error;
  }
}

class Sidecar {
  readonly #options: AppOptions;
  readonly #metrics = new Metrics({ version: VERSION });
  readonly #logger: Logger;
  readonly #records: Records;
  readonly #circuits: CircuitRegistry;
  readonly #engine: Engine;
  readonly #policy: LivePolicy;
  readonly #openStreams: Record<Role, number> = { admission: 0, gate: 0, judge: 0 };
  readonly #disposers: (() => void)[] = [];
  readonly #state: StateKeeper | null;
  #ready = false;

  constructor(options: AppOptions, keeper: typeof StateKeeper | null) {
    this.#options = options;
    this.#logger = new Logger({
      level: options.logLevel,
      now: monotonicNow,
      toIso,
      onDropped: (lines) => this.#metrics.logLinesDropped(lines),
    });
    this.#policy = this.#newPolicy(options);
    this.#records = new Records({ onDropped: () => this.#metrics.dropped('record') });
    const observer = createObserver({ metrics: this.#metrics, records: this.#records, logger: this.#logger });
    this.#circuits = this.#newCircuits(observer);
    this.#engine = new Engine({
      policy: this.#policy.current,
      circuits: this.#circuits,
      observer,
      random: Math.random,
      newId: randomIds(),
    });
    this.#state = keeper === null ? null : this.#newState(keeper);
  }

  async start(): Promise<App> {
    this.#connectGauges();
    this.#policy.warn(this.#options.warnings);
    await this.#state?.load();
    const grpc = await this.#startGrpc();
    this.#disposers.push(() => void grpc.drain(0));
    const health = await this.#startHealth();
    const admin = this.#newAdmin();
    const http = await admin.listen(this.#options.http);
    this.#keepGoing();
    this.#outliveFaults();
    this.#ready = true;
    this.#logger.started({
      ...{ version: VERSION, grpc: grpc.address, http },
      ...(health === null ? {} : { health: health.address }),
      policy: this.#options.policyFile,
    });
    return {
      grpc: grpc.address,
      http,
      stop: async (signal, { delayMs, graceMs }) => {
        this.#ready = false;
        grpc.notServing();
        health?.drain();
        this.#logger.stopping(signal);
        // Whoever asks whether we are ready has time to hear it, and to go elsewhere.
        if (delayMs > 0) await sleep(delayMs);
        await grpc.drain(graceMs);
        await this.#state?.close();
        await admin.close();
        await health?.close();
        this.dispose();
        this.#logger.stopped();
        await this.#logger.close();
      },
    };
  }

  dispose(): void {
    for (const dispose of this.#disposers.splice(0)) dispose();
  }

  #newPolicy({ policy, policyFile, policyText }: AppOptions): LivePolicy {
    return new LivePolicy({
      ...{ policy, policyFile, policyText },
      metrics: this.#metrics,
      logger: this.#logger,
      apply: (next, now) => this.#engine.usePolicy(next, now),
      fault: (error) => this.#fault('reload', error),
    });
  }

  #newCircuits(observer: Observer): CircuitRegistry {
    return new CircuitRegistry({
      policyFor: (cluster, target) => this.#policy.current.forTarget(cluster, target).circuit,
      onTransition: (transition) => {
        observer.transition(transition);
        this.#state?.changed();
      },
      onDropped: () => observer.dropped('cluster'),
      random: Math.random,
    });
  }

  #newState(keeper: typeof StateKeeper): StateKeeper | null {
    const { state } = this.#options;
    if (state === null) return null;
    return new keeper(state, {
      remember: (limits, now) => this.#engine.remember(limits, now),
      recall: (memories, origin, now) => this.#engine.recall(memories, origin, now),
      circuits: () => this.#circuits.size,
      now: monotonicNow,
      told: stateObserver({ file: state.file, metrics: this.#metrics, logger: this.#logger, now: monotonicNow }),
    });
  }

  async #openTls(): Promise<{ readonly tls?: TlsSource }> {
    const { tls: files } = this.#options;
    if (files === null) return {};
    const watchers = { files, metrics: this.#metrics, logger: this.#logger, wallNow: Date.now };
    const tls = await openTlsSource(files, tlsObserver(watchers));
    this.#disposers.push(() => tls.close());
    return { tls };
  }

  async #startGrpc() {
    const deps: HandlerDeps = { engine: this.#engine, now: monotonicNow, wallNow: Date.now, after };
    return TRANSPORTS[this.#options.transport]({
      address: this.#options.grpc,
      socketMode: this.#options.socketMode,
      ...(await this.#openTls()),
      openStream: (role, send) =>
        role === 'admission' ? new AdmissionHandler(deps, send) : new AttemptHandler(deps, send),
      traced: (entry) => this.#engine.traced(entry, monotonicNow()),
      serving: () => this.#ready,
      hooks: this.#hooks(),
    });
  }

  async #startHealth(): Promise<HealthServer | null> {
    const { health: address, socketMode } = this.#options;
    if (address === null) return null;
    const health = await startHealthServer({ address, socketMode, serving: () => this.#ready, hooks: this.#hooks() });
    this.#disposers.push(() => void health.close());
    return health;
  }

  #hooks(): TransportHooks {
    return {
      streamOpened: (role) => {
        this.#openStreams[role]++;
      },
      streamClosed: (role) => {
        this.#openStreams[role]--;
      },
      decided: (role, seconds) => this.#metrics.decisionTook(role, seconds * 1000),
      logEnded: () => this.#logEnded(),
      socketRestored: () => this.#disturbed('socket_removed'),
      traceArrived: (endedAtMs) => this.#metrics.traceArrived(endedAtMs),
      refused: (what) => this.#metrics.refused(`grpc_${what}`),
      fault: (place, error) => this.#fault(faultReason(place), error),
    };
  }

  #logEnded(): void {
    this.#engine.traceEnded(monotonicNow());
    // While draining, that is our own doing.
    if (this.#ready) this.#disturbed('trace_ended');
  }

  #disturbed(reason: Disturbance): void {
    this.#metrics.disturbed(reason);
    this.#logger.disturbed(reason);
  }

  #fault(reason: FaultReason, error: unknown): void {
    this.#metrics.fault(reason);
    this.#logger.fault(reason, error);
  }

  /** What nothing caught is told like any other fault: ending would forget every circuit, and Envoy would have nobody. */
  #outliveFaults(): void {
    const report = (error: unknown): void => this.#fault('process', error);
    process.on('uncaughtException', report).on('unhandledRejection', report);
    this.#disposers.push(() => process.off('uncaughtException', report).off('unhandledRejection', report));
  }

  #newAdmin() {
    const engine = this.#engine;
    const circuits = this.#circuits;
    const deps: AdminDeps = {
      circuits: {
        get: (cluster, target, now) => circuits.snapshot(cluster, target, now),
        targets: (cluster, now) => circuits.targets(cluster, now),
        force: (cluster, target, state, now) => circuits.force(cluster, target, state, now),
        budgetRemaining: (cluster, target, now) => engine.budgetRemaining(cluster, now, target),
        each: () => circuits.circuits(),
      },
      records: this.#records,
      metrics: this.#metrics,
      policy: {
        inForce: () => this.#policy.current.toJSON(),
        explain: (cluster, route, target) => this.#policy.current.explain(cluster, route, target),
      },
      ready: () => this.#ready,
      now: monotonicNow,
      toIso,
      version: VERSION,
      token: this.#options.adminToken,
      logger: this.#logger,
    };
    return createAdmin(deps, { socketMode: this.#options.socketMode, hosts: this.#options.httpHosts });
  }

  #connectGauges(): void {
    this.#metrics.readFrom({
      circuits: () => this.#circuits.all(monotonicNow()),
      budgetRemaining: (cluster, target) => this.#engine.budgetRemaining(cluster, monotonicNow(), target),
      streams: (role) => this.#openStreams[role],
      sessions: () => this.#engine.openSessions,
      records: () => this.#records.size,
    });
  }

  /** What goes on beside the traffic. */
  #keepGoing(): void {
    this.#state?.start();
    const sweep = setInterval(() => this.#engine.sweep(monotonicNow()), SWEEP_EVERY_MS).unref();
    this.#disposers.push(() => clearInterval(sweep));
    this.#disposers.push(watchClocks((reason) => this.#disturbed(reason)));
    this.#policy.follow();
    this.#disposers.push(() => this.#policy.close());
  }
}

function faultReason(place: FaultPlace): FaultReason {
  if (place === 'socket') return 'socket';
  return place.startsWith('access_log') ? 'trace' : 'decision';
}

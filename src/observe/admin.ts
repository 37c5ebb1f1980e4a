// The HTTP side for people and for Prometheus. It shows everything, changes only what a token allows, and whatever
// is sent to it, or fails inside it, stays in it: traffic never waits for it and the process never ends by it.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CircuitSnapshot } from '../core/circuit/state.js';
import { DEFAULT_SOCKET_MODE } from '../server/socket-mode.js';
import { WriteAccess } from './admin/access.js';
import { json, send } from './admin/answer.js';
import { ENDPOINTS } from './admin/endpoints.js';
import { errorAnswer, HttpError } from './admin/errors.js';
import { eventRoutes } from './admin/events.js';
import { checkHost } from './admin/host.js';
import type { ForcedState } from './admin/input.js';
import { limit } from './admin/limits.js';
import { pageRoutes } from './admin/page.js';
import { find, type Route, visitOf } from './admin/route.js';
import { dataRoutes } from './admin/routes.js';
import { closeServer, listen, newServer } from './admin/server.js';
import type { Watched } from './live/circuits.js';
import { Feed, type FeedDeps, type FeedOptions } from './live/feed.js';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';
import type { Records } from './records.js';
import { type PortRefusal, refusalOfStatus } from './refusals.js';

export type { ForcedState } from './admin/input.js';

export interface AdminDeps {
  readonly circuits: {
    /** null: no such circuit. `target` null, here and below: the cluster's own. */
    get(cluster: string, target: string | null, nowMs: number): CircuitSnapshot | null;
    /** Those of the cluster's targets. */
    targets(cluster: string, nowMs: number): readonly CircuitSnapshot[];
    /** false: no such circuit. */
    force(cluster: string, target: string | null, state: ForcedState, nowMs: number): boolean;
    /** null: no budget. */
    budgetRemaining(cluster: string, target: string | null, nowMs: number): number | null;
    /** The circuits themselves, one after the other, for those who take their time over them. */
    each(): Iterable<Watched>;
  };
  readonly records: Pick<Records, 'list' | 'get' | 'watch'>;
  readonly metrics: Pick<Metrics, 'scrape' | 'contentType' | 'fault' | 'refused' | 'watchers' | 'watcherDropped'>;
  readonly policy: {
    inForce(): unknown;
    explain(cluster: string, route: string | undefined, target: string | undefined): unknown;
  };
  /** false while starting and draining. */
  ready(): boolean;
  /** Monotonic milliseconds. */
  now(): number;
  toIso(monotonicMs: number): string;
  /** Of Sluice, for whoever looks. */
  readonly version: string;
  /** Without one, nothing can be changed. */
  readonly token: string | undefined;
  readonly logger: Pick<Logger, 'fault' | 'circuitSet' | 'adminRefused'>;
}

export interface AdminOptions {
  /** For a client to send a whole request. Default: 10,000. */
  readonly requestTimeoutMs?: number;
  /** For answers under way when `close` is called. Default: 1000. */
  readonly closeGraceMs?: number;
  /** Names, in lower case, under which it may be asked for beside those that nobody can own: see host.ts. Default: none. */
  readonly hosts?: readonly string[];
  /** Of a Unix socket's file, created with it. Default: `DEFAULT_SOCKET_MODE`. */
  readonly socketMode?: number;
  /** Of GET /events. */
  readonly feed?: FeedOptions;
}

export interface Admin {
  /** `host:port` or `unix:/path`; gives the same with the port that was taken. */
  listen(address: string): Promise<string>;
  close(): Promise<void>;
}

const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;
const DEFAULT_CLOSE_GRACE_MS = 1000;
/** Whoever asks these has no page to protect, and may ask by any name. */
const HEALTH: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

export function createAdmin(deps: AdminDeps, options: AdminOptions = {}): Admin {
  const fault = (error: unknown) => {
    deps.metrics.fault('admin');
    deps.logger.fault('admin', error);
  };
  const feed = newFeed(deps, fault, options.feed);
  const access = new WriteAccess(deps.token, deps.now, (refusal) => deps.logger.adminRefused(refusal));
  const refused = (reason: PortRefusal | null) => {
    if (reason !== null) deps.metrics.refused(reason);
  };
  const routes = [...dataRoutes(deps, access), ...pageRoutes(), ...eventRoutes(feed)];
  const hosts = new Set(options.hosts ?? []);
  const server = newServer(options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS, (request, response) => {
    void respond(request, response, routes, hosts).catch((error: unknown) => {
      if (error instanceof HttpError) refused(refusalOfStatus(error.status));
      else fault(error);
      sendError(response, error);
    });
  });
  limit(server, refused);
  return {
    listen: (address) => listen(server, address, options.socketMode ?? DEFAULT_SOCKET_MODE, fault),
    close: () => {
      feed.close();
      return closeServer(server, options.closeGraceMs ?? DEFAULT_CLOSE_GRACE_MS);
    },
  };
}

/** @throws HttpError and whatever goes wrong in here: the answer is not sent by then, or not all of it. */
async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  routes: readonly Route[],
  hosts: ReadonlySet<string>,
): Promise<void> {
  response.setHeader('x-content-type-options', 'nosniff').setHeader('cache-control', 'no-store');
  if (!HEALTH.has(request.url ?? '')) checkHost(request.headers.host, hosts);
  const answer = await find(routes, visitOf(request))?.();
  await send(response, answer ?? nothingThere());
}

function nothingThere() {
  const endpoints = ENDPOINTS.map(({ method, path }) => `${method} ${path}`);
  return json({ error: `not found; there is ${endpoints.join(', ')}`, endpoints }, 404);
}

function sendError(response: ServerResponse, error: unknown): void {
  // Half an answer is not made whole by an error: its reader has to see that something is missing.
  if (response.headersSent || response.destroyed) response.destroy();
  else void send(response, errorAnswer(error));
}

function newFeed(deps: AdminDeps, fault: (error: unknown) => void, options: FeedOptions | undefined): Feed {
  const { circuits, records, metrics, now, toIso, token, version } = deps;
  const sources: FeedDeps = {
    circuits: () => circuits.each(),
    budgetRemaining: (cluster, target, nowMs) => circuits.budgetRemaining(cluster, target, nowMs),
    records,
    metrics,
    now,
    toIso,
    version,
    writable: token !== undefined && token !== '',
    fault,
  };
  return new Feed(sources, options);
}

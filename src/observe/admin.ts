// The HTTP side for people and for Prometheus. It shows everything, changes only what a token allows, and whatever
// is sent to it, or fails inside it, stays in it: traffic never waits for it and the process never ends by it.

import { lookup } from 'node:dns/promises';
import type { ServerResponse } from 'node:http';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import type { CircuitSnapshot } from '../core/circuit/state.js';
import { type Address, formatAddress, listenOptions, parseAddress } from '../server/address.js';
import { DEFAULT_SOCKET_MODE, listenOn } from '../server/socket-mode.js';
import { WriteAccess } from './admin/access.js';
import { ENDPOINTS } from './admin/endpoints.js';
import { clientFault, HttpError } from './admin/errors.js';
import { addEvents } from './admin/events.js';
import { checkHost } from './admin/host.js';
import type { ForcedState } from './admin/input.js';
import { limit } from './admin/limits.js';
import { addPage } from './admin/page.js';
import { addRoutes } from './admin/routes.js';
import type { Watched } from './live/circuits.js';
import { Feed, type FeedDeps, type FeedOptions } from './live/feed.js';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';
import { printable } from './printable.js';
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
const KEEP_ALIVE_MS = 30_000;
const MAX_BODY_BYTES = 4096;
/** Of a cluster's name in a path, after decoding. */
const MAX_PARAM_LENGTH = 4096;
/** Whoever asks these has no page to protect, and may ask by any name. */
const HEALTH: ReadonlySet<string> = new Set(['/healthz', '/readyz']);
const JSON_TYPE = 'application/json; charset=utf-8';
const SECURE_HEADERS = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' };

export function createAdmin(deps: AdminDeps, options: AdminOptions = {}): Admin {
  const refused = (reason: PortRefusal | null) => {
    if (reason !== null) deps.metrics.refused(reason);
  };
  const app = newServer(options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS, refused);
  const fault = (error: unknown) => {
    deps.metrics.fault('admin');
    deps.logger.fault('admin', error);
  };
  addErrors(app, fault, refused);
  const hosts = new Set(options.hosts ?? []);
  app.addHook('onRequest', async (request, reply) => {
    secure(reply);
    if (!HEALTH.has(request.url)) checkHost(request.headers.host, hosts);
  });
  addRoutes(app, deps, new WriteAccess(deps.token, deps.now, (refusal) => deps.logger.adminRefused(refusal)));
  addPage(app);
  addEvents(app, newFeed(deps, fault, options.feed), SECURE_HEADERS);
  return {
    listen: (address) => listen(app, address, options.socketMode ?? DEFAULT_SOCKET_MODE, fault),
    close: () => close(app, options.closeGraceMs ?? DEFAULT_CLOSE_GRACE_MS),
  };
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

type Refused = (reason: PortRefusal | null) => void;

function newServer(requestTimeoutMs: number, refused: Refused): FastifyInstance {
  const app = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // Node looks for late requests only this often; its default is 30 s.
    http: { connectionsCheckingInterval: Math.min(1000, requestTimeoutMs) },
    frameworkErrors: (error, _request, reply) => {
      refused(refusalOfStatus(error.statusCode ?? 400));
      answerRaw(reply.hijack().raw, error);
    },
  });
  limit(app.server, refused);
  // The body is read as text whatever its type is called: `curl -d` names it a form.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, async (_request: unknown, body: string | Buffer) => body);
  app.setReplySerializer((payload) => JSON.stringify(payload, plain));
  return app;
}

function addErrors(app: FastifyInstance, fault: (error: unknown) => void, refused: Refused): void {
  app.setErrorHandler<FastifyError>((error, _request, reply) => {
    const answer = clientFault(error);
    if (answer === null) fault(error);
    else refused(refusalOfStatus(answer.status));
    if (answer?.status === 401) reply.header('www-authenticate', 'Bearer');
    if (error instanceof HttpError && error.retryAfterSeconds !== null)
      reply.header('retry-after', error.retryAfterSeconds);
    reply.code(answer?.status ?? 500).type(JSON_TYPE);
    return reply.send(answer?.body ?? { error: 'internal error; see the log' });
  });
  app.setNotFoundHandler((_request, reply) => {
    const endpoints = ENDPOINTS.map(({ method, path }) => `${method} ${path}`);
    return reply.code(404).send({ error: `not found; there is ${endpoints.join(', ')}`, endpoints });
  });
}

/** For a URL that is none: no route, no hook and no serializer of ours is reached. */
function answerRaw(response: ServerResponse, error: FastifyError): void {
  response.writeHead(error.statusCode ?? 400, { 'content-type': JSON_TYPE, ...SECURE_HEADERS });
  response.end(JSON.stringify({ error: printable(error.message) }));
}

function secure(reply: FastifyReply): void {
  reply.headers(SECURE_HEADERS);
}

/** The policy holds sets and maps, which JSON alone would show as empty. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Set) return [...value];
  if (value instanceof Map) return Object.fromEntries(value);
  return value;
}

async function listen(
  app: FastifyInstance,
  address: string,
  socketMode: number,
  fault: (error: unknown) => void,
): Promise<string> {
  const wanted = await oneAddress(parseAddress(address));
  await listenOn(wanted, socketMode, () => app.listen(listenOptions(wanted)));
  // Before this, an error of the server is the failure of `listen`.
  app.server.on('error', fault);
  const bound = app.server.address();
  if (bound === null || typeof bound === 'string') return formatAddress(wanted);
  return formatAddress({ kind: 'tcp', host: bound.address, port: bound.port });
}

/** On `localhost` Fastify would listen at every address of it, and hold only the first of them to our limits. */
async function oneAddress(wanted: Address): Promise<Address> {
  if (wanted.kind === 'unix' || wanted.host !== 'localhost') return wanted;
  return { ...wanted, host: (await lookup(wanted.host)).address };
}

/** Idle connections end at once, answers under way get their time, then everything ends. */
async function close(app: FastifyInstance, graceMs: number): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), graceMs).unref();
  await app.close();
  clearTimeout(timer);
}

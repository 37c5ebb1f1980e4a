// One handler per endpoint. Each reads its input, asks its owner and gives the answer; errors are thrown.

import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { AdminDeps } from '../admin.js';
import { wantedFormat } from '../metrics/format.js';
import { printable } from '../printable.js';
import { requestJson } from '../records/json.js';
import type { WriteAccess } from './access.js';
import { allCircuits, circuitDetailJson } from './circuits.js';
import { HttpError } from './errors.js';
import { readCircuitQuery, readPolicyQuery, readRequestsQuery, readStateBody } from './input.js';

export function addRoutes(app: FastifyInstance, deps: AdminDeps, access: WriteAccess): void {
  addPlainRoutes(app, deps);
  addCircuitRoutes(app, deps, access);
  addRecordRoutes(app, deps);
  app.get('/policy', async (request) => {
    const query = readPolicyQuery(request.query);
    return query === null ? deps.policy.inForce() : deps.policy.explain(query.cluster, query.route, query.target);
  });
}

function addPlainRoutes(app: FastifyInstance, deps: AdminDeps): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => readiness(deps.ready(), reply));
  app.get('/metrics', async (request, reply) => {
    const format = wantedFormat(request.headers.accept);
    reply.type(deps.metrics.contentType(format)).header('vary', 'accept');
    return deps.metrics.scrape(format);
  });
}

function readiness(ready: boolean, reply: FastifyReply) {
  if (ready) return { status: 'ready' };
  reply.code(503);
  return { error: 'not ready: starting or draining' };
}

function addCircuitRoutes(app: FastifyInstance, deps: AdminDeps, access: WriteAccess): void {
  const { circuits, now, toIso } = deps;
  const detail = (cluster: string, target: string | null) => {
    const circuit = circuits.get(cluster, target, now());
    if (circuit === null) throw unknownCircuit(cluster, target);
    const others = target === null ? circuits.targets(cluster, now()) : [];
    return circuitDetailJson(circuit, circuits.budgetRemaining(cluster, target, now()), others, toIso);
  };
  app.get('/circuits', async (_request, reply) => {
    reply.type('application/json; charset=utf-8');
    return Readable.from(allCircuits(circuits.each(), now, toIso));
  });
  app.get<{ Params: { cluster: string } }>('/circuits/:cluster', async ({ params: { cluster }, query }) =>
    detail(cluster, readCircuitQuery(query)),
  );
  app.put<{ Params: { cluster: string } }>(
    '/circuits/:cluster',
    // Before the body is read: whoever may not write need not be listened to.
    { onRequest: async (request) => access.check(request.headers, request.ip ?? '') },
    async ({ params: { cluster }, query, body }) => {
      const target = readCircuitQuery(query);
      const state = readStateBody(body);
      if (!circuits.force(cluster, target, state, now())) throw unknownCircuit(cluster, target);
      deps.logger.circuitSet(cluster, target, state);
      return detail(cluster, target);
    },
  );
}

function addRecordRoutes(app: FastifyInstance, deps: AdminDeps): void {
  app.get('/requests', async (request) => {
    const records = deps.records.list(readRequestsQuery(request.query));
    return { requests: records.map((record) => requestJson(record, deps.toIso)) };
  });
  app.get<{ Params: { id: string } }>('/requests/:id', async ({ params: { id } }) => {
    const record = deps.records.get(id);
    if (record === undefined) {
      throw new HttpError(404, `no request ${printable(id)} is held: it never was, or it fell out; see /requests`);
    }
    return requestJson(record, deps.toIso);
  });
}

function unknownCircuit(cluster: string, target: string | null): HttpError {
  const where = `cluster ${printable(cluster)}${target === null ? '' : `, target ${printable(target)}`}`;
  return new HttpError(404, `no circuit for ${where}: see /circuits for those there are`);
}

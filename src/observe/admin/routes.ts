// One handler per endpoint. Each reads its input, asks its owner and gives the answer; errors are thrown.

import type { FastifyInstance, FastifyReply } from 'fastify';
import type { CircuitSnapshot } from '../../core/circuit/state.js';
import type { AdminDeps } from '../admin.js';
import { printable } from '../printable.js';
import { requestJson } from '../records/json.js';
import type { WriteAccess } from './access.js';
import { circuitDetailJson, circuitJson } from './circuits.js';
import { indexPage, PAGE_POLICY } from './endpoints.js';
import { HttpError } from './errors.js';
import { readPolicyQuery, readRequestsQuery, readStateBody } from './input.js';

export function addRoutes(app: FastifyInstance, deps: AdminDeps, access: WriteAccess): void {
  addPlainRoutes(app, deps);
  addCircuitRoutes(app, deps, access);
  addRecordRoutes(app, deps);
  app.get('/policy', async (request) => {
    const query = readPolicyQuery(request.query);
    return query === null ? deps.policy.inForce() : deps.policy.explain(query.cluster, query.route);
  });
}

function addPlainRoutes(app: FastifyInstance, deps: AdminDeps): void {
  app.get('/', async (_request, reply) => {
    reply.header('content-security-policy', PAGE_POLICY).type('text/html; charset=utf-8');
    return indexPage();
  });
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => readiness(deps.ready(), reply));
  app.get('/metrics', async (_request, reply) => {
    reply.type(deps.metrics.contentType);
    return deps.metrics.scrape();
  });
}

function readiness(ready: boolean, reply: FastifyReply) {
  if (ready) return { status: 'ready' };
  reply.code(503);
  return { error: 'not ready: starting or draining' };
}

function addCircuitRoutes(app: FastifyInstance, deps: AdminDeps, access: WriteAccess): void {
  const detail = (circuit: CircuitSnapshot | null, name: string) => {
    if (circuit === null) throw unknownCluster(name);
    const { cluster } = circuit;
    return circuitDetailJson(circuit, deps.circuits.budgetRemaining(cluster, deps.now()), deps.toIso);
  };
  app.get('/circuits', async () => ({
    circuits: deps.circuits.all(deps.now()).map((circuit) => circuitJson(circuit, deps.toIso)),
  }));
  app.get<{ Params: { cluster: string } }>('/circuits/:cluster', async ({ params: { cluster } }) =>
    detail(deps.circuits.get(cluster, deps.now()), cluster),
  );
  app.put<{ Params: { cluster: string } }>(
    '/circuits/:cluster',
    // Before the body is read: whoever may not write need not be listened to.
    { onRequest: async (request) => access.check(request.headers) },
    async ({ params: { cluster }, body }) => {
      const state = readStateBody(body);
      if (!deps.circuits.force(cluster, state, deps.now())) throw unknownCluster(cluster);
      deps.logger.circuitSet(cluster, state);
      return detail(deps.circuits.get(cluster, deps.now()), cluster);
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

function unknownCluster(name: string): HttpError {
  return new HttpError(404, `no circuit for cluster ${printable(name)}: see /circuits for those there are`);
}

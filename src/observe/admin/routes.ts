// One handler per endpoint. Each reads its input, asks its owner and gives the answer; errors are thrown.

import type { AdminDeps } from '../admin.js';
import { wantedFormat } from '../metrics/format.js';
import { printable } from '../printable.js';
import { requestJson } from '../records/json.js';
import type { WriteAccess } from './access.js';
import { type Answer, JSON_TYPE, json } from './answer.js';
import { readBody } from './body.js';
import { allCircuits, circuitDetailJson } from './circuits.js';
import { HttpError } from './errors.js';
import { readCircuitQuery, readPolicyQuery, readRequestsQuery, readStateBody } from './input.js';
import { get, type Route, route } from './route.js';

export function dataRoutes(deps: AdminDeps, access: WriteAccess): Route[] {
  return [...plainRoutes(deps), ...circuitRoutes(deps, access), ...recordRoutes(deps), policyRoute(deps)];
}

function plainRoutes({ ready, metrics }: AdminDeps): Route[] {
  return [
    get('/healthz', () => json({ status: 'ok' })),
    get('/readyz', () =>
      ready() ? json({ status: 'ready' }) : json({ error: 'not ready: starting or draining' }, 503),
    ),
    get('/metrics', async ({ request }): Promise<Answer> => {
      const format = wantedFormat(request.headers.accept);
      const [type, bytes] = [metrics.contentType(format), await metrics.scrape(format)];
      return { headers: { vary: 'accept' }, content: { kind: 'whole', type, bytes } };
    }),
  ];
}

function circuitRoutes(deps: AdminDeps, access: WriteAccess): Route[] {
  const { circuits, now, toIso } = deps;
  const detail = (cluster: string, target: string | null) => {
    const circuit = circuits.get(cluster, target, now());
    if (circuit === null) throw unknownCircuit(cluster, target);
    const others = target === null ? circuits.targets(cluster, now()) : [];
    return json(circuitDetailJson(circuit, circuits.budgetRemaining(cluster, target, now()), others, toIso));
  };
  return [
    get('/circuits', () => ({
      content: { kind: 'pieces', type: JSON_TYPE, pieces: allCircuits(circuits.each(), now, toIso) },
    })),
    get<{ cluster: string }>('/circuits/:cluster', ({ params: { cluster }, query }) =>
      detail(cluster, readCircuitQuery(query)),
    ),
    route<{ cluster: string }>(['PUT'], '/circuits/:cluster', async ({ params: { cluster }, query, request }) => {
      // Before the body is read: whoever may not write need not be listened to.
      access.check(request.headers, request.socket.remoteAddress ?? '');
      const target = readCircuitQuery(query);
      const state = readStateBody(await readBody(request));
      if (!circuits.force(cluster, target, state, now())) throw unknownCircuit(cluster, target);
      deps.logger.circuitSet(cluster, target, state);
      return detail(cluster, target);
    }),
  ];
}

function recordRoutes({ records, toIso }: AdminDeps): Route[] {
  return [
    get('/requests', ({ query }) => {
      const found = records.list(readRequestsQuery(query));
      return json({ requests: found.map((record) => requestJson(record, toIso)) });
    }),
    get<{ id: string }>('/requests/:id', ({ params: { id } }) => {
      const record = records.get(id);
      if (record === undefined) {
        throw new HttpError(404, `no request ${printable(id)} is held: it never was, or it fell out; see /requests`);
      }
      return json(requestJson(record, toIso));
    }),
  ];
}

function policyRoute({ policy }: AdminDeps): Route {
  return get('/policy', ({ query }) => {
    const asked = readPolicyQuery(query);
    return json(asked === null ? policy.inForce() : policy.explain(asked.cluster, asked.route, asked.target));
  });
}

function unknownCircuit(cluster: string, target: string | null): HttpError {
  const where = `cluster ${printable(cluster)}${target === null ? '' : `, target ${printable(target)}`}`;
  return new HttpError(404, `no circuit for ${where}: see /circuits for those there are`);
}

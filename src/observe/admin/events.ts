// GET /events: a stream of server-sent events. Its connection leaves Fastify's hands, so what Fastify would have done
// for it is done here.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Feed } from '../live/feed.js';
import { readRequestsQuery } from './input.js';

export function addEvents(app: FastifyInstance, feed: Feed, headers: Readonly<Record<string, string>>): void {
  // Without HEAD: Fastify would answer it by this very stream.
  app.get('/events', { exposeHeadRoute: false }, async (request, reply) => {
    const query = readRequestsQuery(request.query);
    if (!feed.admits()) {
      reply.code(503).header('retry-after', '10');
      return { error: 'as many as may be are watching: close a page, or ask /circuits and /requests' };
    }
    stream(request, reply, headers, (sink) => feed.connect(sink, query));
    return reply;
  });
  app.addHook('preClose', async () => feed.close());
}

type Response = FastifyReply['raw'];

function stream(
  request: FastifyRequest,
  reply: FastifyReply,
  headers: Readonly<Record<string, string>>,
  connect: (sink: Response) => () => void,
): void {
  const response = reply.hijack().raw;
  response.writeHead(200, {
    ...headers,
    'content-type': 'text/event-stream',
    // Told to proxies that would collect a response before they pass it on.
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  const leave = connect(response);
  response.once('close', leave);
  response.on('error', leave);
  request.raw.on('error', leave);
}

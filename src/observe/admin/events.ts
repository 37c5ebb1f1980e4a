// GET /events: a stream of server-sent events. Its response goes to whoever feeds it, until either side ends it.

import type { ServerResponse } from 'node:http';
import type { Feed } from '../live/feed.js';
import { type Answer, json } from './answer.js';
import { readRequestsQuery } from './input.js';
import { type Route, route } from './route.js';

/** Without HEAD: it would be answered by this very stream. */
export function eventRoutes(feed: Feed): Route[] {
  return [
    route(['GET'], '/events', ({ query }): Answer => {
      const wanted = readRequestsQuery(query);
      if (!feed.admits()) return full();
      return {
        content: { kind: 'taken', take: (response) => stream(response, (sink) => feed.connect(sink, wanted)) },
      };
    }),
  ];
}

function full(): Answer {
  const error = 'as many as may be are watching: close a page, or ask /circuits and /requests';
  return { ...json({ error }, 503), headers: { 'retry-after': '10' } };
}

function stream(response: ServerResponse, connect: (sink: ServerResponse) => () => void): void {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    // Told to proxies that would collect a response before they pass it on.
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  const leave = connect(response);
  response.once('close', leave);
  response.on('error', leave);
  response.req.on('error', leave);
}

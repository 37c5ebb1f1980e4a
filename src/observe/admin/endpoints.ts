// What the admin server has to offer, for whoever asks for something else.

export interface Endpoint {
  readonly method: 'GET' | 'PUT';
  readonly path: string;
  readonly what: string;
}

export const ENDPOINTS: readonly Endpoint[] = [
  { method: 'GET', path: '/', what: 'the page: circuits and requests, live' },
  { method: 'GET', path: '/circuits', what: 'every circuit with its state and figures' },
  {
    method: 'GET',
    path: '/circuits/{cluster}',
    what: 'one circuit, with its last transitions; ?target=VALUE: that of a target',
  },
  {
    method: 'PUT',
    path: '/circuits/{cluster}',
    what: 'force a circuit open, disable it or release it, ?target=VALUE as well (token)',
  },
  { method: 'GET', path: '/requests', what: 'histories of requests, newest first' },
  { method: 'GET', path: '/requests/{id}', what: 'the history of one request' },
  {
    method: 'GET',
    path: '/policy',
    what: 'the policy in force; ?cluster=NAME&route=NAME&target=VALUE: what applies there',
  },
  { method: 'GET', path: '/metrics', what: 'metrics for Prometheus' },
  { method: 'GET', path: '/healthz', what: '200 while the process works' },
  { method: 'GET', path: '/readyz', what: '200 while Sluice takes requests' },
];

// What the admin server has to offer, for the index and for whoever asks for something else.

export interface Endpoint {
  readonly method: 'GET' | 'PUT';
  readonly path: string;
  readonly what: string;
}

export const ENDPOINTS: readonly Endpoint[] = [
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

/** Nothing may be loaded, framed or sent from the page. */
export const PAGE_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Links are relative, so that the page works behind a proxy's prefix. */
export function indexPage(): string {
  const items = ENDPOINTS.map(({ method, path, what }) => {
    const label = `${method} ${path}`;
    const isPlain = method === 'GET' && !path.includes('{');
    return `<li>${isPlain ? `<a href="${path.slice(1)}">${label}</a>` : label}: ${what.replaceAll('&', '&amp;')}</li>`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sluice</title>
<h1>Sluice</h1>
<ul>
${items.join('\n')}
</ul>
</html>
`;
}

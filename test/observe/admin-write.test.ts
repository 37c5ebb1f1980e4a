// What changes state: only with a token, only by those who have it, never from the page of another site.

import { describe, expect, it } from 'vitest';
import { aCircuit, startAdmin } from './support.js';

const TOKEN = 'correct horse battery staple';
const BEARER = { authorization: `Bearer ${TOKEN}` };
const OPEN = '{"state":"forced_open"}';
const ALLOWED = 'Allowed: {"state": "forced_open" | "disabled" | "auto"}';

async function started(token: string | undefined = TOKEN) {
  const bench = await startAdmin({ token });
  bench.circuits.add(aCircuit());
  return bench;
}

async function errorOf(response: Response): Promise<string> {
  const { error } = (await response.json()) as { error: string };
  return error;
}

describe('a change', () => {
  it.each([
    ['forced_open', 'forced_open'],
    ['disabled', 'disabled'],
    ['auto', 'closed'],
  ])('to %s is made, answered with the new circuit and logged', async (asked, state) => {
    const { put, circuits, lines, clock } = await started();
    clock.ms = 77;
    const response = await put('primary', JSON.stringify({ state: asked }), BEARER);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ cluster: 'primary', state, reason: 'operator', transitions: [] });
    expect(circuits.forced).toEqual([['primary', null, asked, 77]]);
    expect(lines.of('circuit_set')).toMatchObject([{ level: 'warn', cluster: 'primary', state: asked }]);
  });

  it('of a cluster with an odd name is made', async () => {
    const { put, circuits } = await started();
    const cluster = 'outbound|80|v1|a/b.c';
    circuits.add(aCircuit({ cluster }));
    expect((await put(cluster, OPEN, BEARER)).status).toBe(200);
    expect(circuits.forced.map(([name]) => name)).toEqual([cluster]);
  });

  it('of an unknown cluster is answered with 404', async () => {
    const { put, lines } = await started();
    const response = await put('nobody', OPEN, BEARER);
    expect([response.status, await errorOf(response)]).toEqual([
      404,
      'no circuit for cluster nobody: see /circuits for those there are',
    ]);
    expect(lines.of('circuit_set')).toEqual([]);
  });

  it('is read whatever its type is called, as curl calls it a form', async () => {
    for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain', 'what/ever']) {
      const { put } = await started();
      expect([type, (await put('primary', OPEN, { ...BEARER, 'content-type': type })).status]).toEqual([type, 200]);
    }
  });

  it.each([
    ['', 'body: not JSON'],
    ['{', 'body: not JSON'],
    ['null', 'body: '],
    ['[]', 'body: '],
    ['"auto"', 'body: '],
    ['{}', 'body.state: '],
    ['{"state":"open"}', 'body.state: '],
    ['{"state":null}', 'body.state: '],
    ['{"state":"auto","for":"5m"}', 'body: '],
    ['{"state":"auto","__proto__":{}}', 'body: '],
  ])('with the body %s is refused with what is allowed', async (body, place) => {
    const { put, circuits } = await started();
    const response = await put('primary', body, BEARER);
    const error = await errorOf(response);
    expect(response.status).toBe(400);
    expect(error).toContain(place);
    expect(error).toContain(ALLOWED);
    expect(circuits.forced).toEqual([]);
  });

  it('with a large body is refused', async () => {
    const { put, circuits } = await started();
    const response = await put('primary', `${OPEN}${' '.repeat(5000)}`, BEARER);
    expect([response.status, typeof (await errorOf(response))]).toEqual([413, 'string']);
    expect(circuits.forced).toEqual([]);
  });
});

describe('the token', () => {
  it.each([undefined, ''])('that is %j allows nothing, with any header', async (token) => {
    const bench = await startAdmin({ token });
    bench.circuits.add(aCircuit());
    for (const authorization of ['Bearer ', 'Bearer undefined', `Bearer ${TOKEN}`]) {
      const response = await bench.put('primary', OPEN, { authorization });
      expect([response.status, await errorOf(response)]).toEqual([
        403,
        'changes are off: set SLUICE_ADMIN_TOKEN and restart to allow them',
      ]);
    }
    expect(bench.circuits.forced).toEqual([]);
  });

  it.each([
    ['none', undefined],
    ['another', 'Bearer wrong'],
    ['a part of it', `Bearer ${TOKEN.slice(0, -1)}`],
    ['more than it', `Bearer ${TOKEN}x`],
    ['an empty one', 'Bearer '],
    ['it without a scheme', TOKEN],
    ['it under another scheme', `Basic ${TOKEN}`],
    ['it in other letters', `Bearer ${TOKEN.toUpperCase()}`],
  ])('is asked for where the request has %s', async (_what, authorization) => {
    const { put, circuits, lines } = await started();
    const response = await put('primary', OPEN, authorization === undefined ? {} : { authorization });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await errorOf(response)).toBe('give the token of SLUICE_ADMIN_TOKEN as "Authorization: Bearer TOKEN"');
    expect(circuits.forced).toEqual([]);
    expect(lines.of('admin_refused')).toMatchObject([{ level: 'warn', reason: 'bad_token' }]);
  });

  it('may be given under a scheme in any letters', async () => {
    const { put } = await started();
    expect((await put('primary', OPEN, { authorization: `bearer ${TOKEN}` })).status).toBe(200);
  });

  it('is looked at before the body and the cluster: who may not write learns nothing', async () => {
    const { put } = await started();
    expect((await put('primary', 'not json')).status).toBe(401);
    expect((await put('nobody', OPEN)).status).toBe(401);
    expect((await put('primary', 'x'.repeat(5000))).status).toBe(401);
  });

  it('never gets into a log line or an answer', async () => {
    const { put, lines } = await started();
    const texts = [
      await (await put('primary', OPEN, BEARER)).text(),
      await (await put('primary', '{}', BEARER)).text(),
    ];
    await put('primary', OPEN, { authorization: 'Bearer guessed-secret' });
    expect([...texts, ...lines.raw].join('')).not.toMatch(/battery|guessed-secret/);
  });

  it('that is guessed again and again does not flood the log', async () => {
    const { put, lines } = await started();
    for (let n = 0; n < 60; n++) await put('primary', OPEN, { authorization: `Bearer ${n}` });
    expect(lines.of('admin_refused')).toHaveLength(10);
  });

  it('is not needed to read', async () => {
    const { get } = await started();
    expect((await get('/circuits/primary')).status).toBe(200);
  });
});

describe('a web page', () => {
  const refused = 'changes are not accepted from the pages of other sites (see the Origin header)';

  it.each([
    { origin: 'https://evil.example' } as Record<string, string>,
    { origin: 'null' },
    { origin: 'http://127.0.0.1:9003' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  ])('of another site may not change, even with the token: %o', async (headers) => {
    const { put, circuits, lines } = await started();
    const response = await put('primary', OPEN, { ...BEARER, ...headers });
    expect([response.status, await errorOf(response)]).toEqual([403, refused]);
    expect(circuits.forced).toEqual([]);
    expect(lines.of('admin_refused')).toMatchObject([{ reason: 'origin' }]);
  });

  it('of ours may, with the token: by the word of the browser, or else by the host that it came from', async () => {
    const { url, circuits, put } = await started();
    const host = new URL(url).host;
    for (const headers of [
      { origin: `http://${host}` },
      { origin: `https://${host}`, 'sec-fetch-site': 'same-origin' },
      // Behind a proxy that names another host to us.
      { origin: 'https://sluice.example', 'sec-fetch-site': 'same-origin' },
    ]) {
      expect([headers, (await put('primary', OPEN, { ...BEARER, ...headers })).status]).toEqual([headers, 200]);
    }
    expect(circuits.forced).toHaveLength(3);
  });

  it('of ours may not without it', async () => {
    const { url, circuits, put } = await started();
    expect((await put('primary', OPEN, { origin: url, authorization: 'Bearer no' })).status).toBe(401);
    expect(circuits.forced).toEqual([]);
  });

  it('gets no leave to read from another site, and none to ask beforehand', async () => {
    const { get, url } = await started();
    const response = await get('/circuits', { headers: { origin: 'https://evil.example' } });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    const preflight = await fetch(`${url}/circuits/primary`, { method: 'OPTIONS' });
    expect(preflight.status).toBe(404);
    expect(preflight.headers.get('access-control-allow-methods')).toBeNull();
  });
});

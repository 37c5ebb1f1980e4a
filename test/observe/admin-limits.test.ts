// What the admin server lets nobody do too often, and by which names it lets itself be asked for.

import { lookup } from 'node:dns/promises';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Bucket } from '../../src/observe/admin/bucket.js';
import { checkHost } from '../../src/observe/admin/host.js';
import { WriteLimits } from '../../src/observe/admin/write-limits.js';
import type { Metrics } from '../../src/observe/metrics.js';
import { eventually } from '../support/eventually.js';
import { aCircuit, afterTest, scrape, startAdmin } from './support.js';

const TOKEN = 'correct horse battery staple';
const GET = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
const LAST = 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const OPEN = '{"state":"forced_open"}';

async function started() {
  const bench = await startAdmin({ token: TOKEN });
  bench.circuits.add(aCircuit());
  const put = (token: string) => bench.put('primary', OPEN, { authorization: `Bearer ${token}` });
  return { ...bench, put };
}

describe('wrong tokens', () => {
  it('are refused with 429 after ten, the right one too, and nobody learns which was right', async () => {
    const { put, circuits, lines } = await started();
    for (let n = 0; n < 10; n++) expect((await put(`guess ${n}`)).status).toBe(401);
    for (const token of ['guess 11', TOKEN]) {
      const response = await put(token);
      expect([response.status, response.headers.get('retry-after')]).toEqual([429, '10']);
      expect(await response.json()).toEqual({ error: 'too many attempts: wait 10 s' });
    }
    expect(circuits.forced).toEqual([]);
    expect(lines.of('admin_refused').map(({ reason }) => reason)).toContain('too_many');
  });

  it('are forgiven with time', async () => {
    const { put, clock } = await started();
    for (let n = 0; n < 10; n++) await put('guess');
    clock.ms += 9_999;
    expect((await put(TOKEN)).status).toBe(429);
    clock.ms += 1;
    expect((await put(TOKEN)).status).toBe(200);
  });

  it('from one address do not shut out another', () => {
    const limits = new WriteLimits();
    for (let n = 0; n < 10; n++) limits.wrongToken('10.0.0.1', 0);
    expect(limits.waitSeconds('10.0.0.1', 0)).toBe(10);
    expect(limits.waitSeconds('10.0.0.2', 0)).toBe(0);
  });

  it('from any number of addresses are held in bounded memory: the last of them share a limit', () => {
    const limits = new WriteLimits();
    for (let n = 0; n < 256; n++) limits.wrongToken(`a${n}`, 0);
    expect(limits.waitSeconds('a0', 0)).toBe(0);
    for (let n = 0; n < 10; n++) limits.wrongToken(`b${n}`, 0);
    expect(limits.waitSeconds('b0', 0)).toBe(10);
    expect(limits.waitSeconds('never seen', 0)).toBe(10);
    expect(limits.waitSeconds('a0', 0)).toBe(0);
    // Those who were quiet make room.
    limits.wrongToken('c', 3_600_000);
    for (let n = 0; n < 9; n++) limits.wrongToken('c', 3_600_000);
    expect(limits.waitSeconds('c', 3_600_000)).toBe(10);
    expect(limits.waitSeconds('d', 3_600_000)).toBe(0);
  });
});

describe('changes', () => {
  it('are made fifty at once, and then ten a second', async () => {
    const { put, clock, circuits } = await started();
    for (let n = 0; n < 50; n++) expect((await put(TOKEN)).status).toBe(200);
    const response = await put(TOKEN);
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '1']);
    expect(circuits.forced).toHaveLength(50);
    clock.ms += 100;
    expect((await put(TOKEN)).status).toBe(200);
    expect((await put(TOKEN)).status).toBe(429);
  });

  it('too many of them do not keep anybody from looking', async () => {
    const { put, get } = await started();
    for (let n = 0; n < 60; n++) await put('guess');
    expect((await get('/circuits')).status).toBe(200);
  });
});

/** A connection that has been served once and is kept. */
function answered(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => void socket.write(GET));
    afterTest(() => socket.destroy());
    socket.once('data', () => resolve(socket));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed unanswered')));
  });
}

/** A connection that says `text`, and keeps what it is told. */
function connected(url: string, text: string): { heard(): string; readonly closed: Promise<string> } {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname, () => void socket.write(text));
  afterTest(() => socket.destroy());
  let heard = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    heard += chunk;
  });
  // A server that closes before it has read answers what still comes with a reset.
  socket.on('error', () => undefined);
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(heard)));
  return { heard: () => heard, closed };
}

async function refusals(metrics: Metrics): Promise<Record<string, number>> {
  const family = (await scrape(metrics)).find(({ name }) => name === 'sluice_refused_total');
  const counted = family?.samples.filter(({ value }) => value > 0) ?? [];
  return Object.fromEntries(counted.map(({ labels, value }) => [labels.reason ?? '', value]));
}

describe('what is past a limit is turned away and counted:', () => {
  it('a connection where there are 256, until one of them has gone', async () => {
    const { url, metrics } = await startAdmin();
    const { hostname, port } = new URL(url);
    const held = await Promise.all(Array.from({ length: 256 }, () => answered(hostname, Number(port))));
    expect(await connected(url, GET).closed).toBe('');
    expect(await refusals(metrics)).toEqual({ http_connection: 1 });
    held[0]?.destroy();
    await eventually(async () => expect(await connected(url, LAST).closed).toContain('200 OK'));
  });

  it.each([
    ['a head without end', `GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(17 * 1024)}`, '431', 'headers'],
    ['a name without end', `GET /circuits/${'a'.repeat(5_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, '414', 'headers'],
    [
      'a body that is too long',
      `PUT /circuits/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 5000\r\n\r\n`,
      '413',
      'body',
    ],
    ['a request that does not come to its end', 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ', '408', 'slow'],
  ])('%s', async (_, text, status, reason) => {
    const { url, metrics } = await startAdmin({ token: TOKEN }, reason === 'slow' ? { requestTimeoutMs: 100 } : {});
    const { heard } = connected(url, text);
    await eventually(() => expect(heard()).toMatch(new RegExp(`^HTTP/1.1 ${status} `)));
    expect(await refusals(metrics)).toEqual({ [`http_${reason}`]: 1 });
  });

  it('changes and wrong tokens that come too often', async () => {
    const { put, metrics } = await started();
    for (let n = 0; n < 12; n++) await put('guess');
    expect(await refusals(metrics)).toEqual({ http_rate: 2 });
  });

  it('and what is wrong in any other way is not counted there', async () => {
    const { get, put, url, metrics } = await started();
    await put('guess');
    await get('/nope');
    await connected(url, 'NOT HTTP\r\n\r\n').closed;
    expect(await refusals(metrics)).toEqual({});
  });

  it('localhost is one address, or its second one would have no limits', async () => {
    const { url } = await startAdmin({}, {}, 'localhost:0');
    const port = Number(new URL(url).port);
    const all = await lookup('localhost', { all: true });
    const taken = await Promise.all(all.map(({ address }) => answered(address, port).catch(() => null)));
    expect(taken.filter((socket) => socket !== null)).toHaveLength(1);
  });
});

describe('a bucket', () => {
  it('fills with time up to its burst, and never by a clock that steps back', () => {
    const bucket = new Bucket({ burst: 2, perSecond: 1 });
    bucket.take(1000);
    bucket.take(1000);
    expect([bucket.waitSeconds(1000), bucket.waitSeconds(0), bucket.waitSeconds(1000)]).toEqual([1, 1, 1]);
    expect(bucket.waitSeconds(2000)).toBe(0);
    expect([bucket.isFull(2000), bucket.isFull(3000)]).toEqual([false, true]);
    bucket.take(900_000);
    bucket.take(900_000);
    expect(bucket.waitSeconds(900_000)).toBe(1);
  });
});

describe('the name that is asked for', () => {
  const ours = new Set(['sluice.example.com']);

  it.each([
    undefined,
    '',
    '127.0.0.1:9003',
    '10.1.2.3',
    '[::1]:9003',
    '[fe80::1]',
    'localhost:9003',
    'LOCALHOST',
    'sluice',
    'sluice.payments.svc',
    'sluice.payments.svc.cluster.local:9003',
    'ip-10-0-0-1.ec2.internal',
    'sluice.example.com',
    'Sluice.Example.Com.:9003',
  ])('may be %j', (host) => {
    expect(() => checkHost(host, ours)).not.toThrow();
  });

  it.each([
    'attacker.example',
    'sluice.example.com.evil.example',
    'evil-sluice.example.com',
    '1.2.3.4.nip.io:9003',
    'a.b',
  ])('may not be %j, which anybody can own', (host) => {
    expect(() => checkHost(host, ours)).toThrow(/use an address, or start Sluice with --http-host/);
  });

  async function statusAs(host: string, path: string, hosts: readonly string[] = []): Promise<number> {
    const { url } = await startAdmin({ token: TOKEN }, { hosts });
    const { request } = await import('node:http');
    return new Promise((resolve, reject) => {
      const asked = request(url + path, { headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      asked.once('error', reject).end();
    });
  }

  it.each(['/', '/circuits', '/requests', '/events', '/metrics', '/policy', '/nothing'])(
    'of another site shows nothing of %s to its pages',
    async (path) => {
      expect(await statusAs('attacker.example', path)).toBe(421);
    },
  );

  it('of another site may ask for health, and one that was named as ours for everything', async () => {
    expect(await statusAs('attacker.example', '/healthz')).toBe(200);
    expect(await statusAs('attacker.example', '/readyz')).toBe(200);
    expect(await statusAs('sluice.example.com', '/circuits', ['sluice.example.com'])).toBe(200);
  });
});

// The admin server under misuse and faults, and where it listens.

import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAdmin } from '../../src/observe/admin.js';
import { Records } from '../../src/observe/records.js';
import {
  aCircuit,
  afterTest,
  aLogger,
  FakeCircuits,
  newMetrics,
  scrape,
  seriesOf,
  startAdmin,
  toIso,
} from './support.js';

function newAdmin() {
  const admin = createAdmin({
    circuits: new FakeCircuits(),
    records: new Records(),
    metrics: newMetrics(),
    policy: { inForce: () => ({}), explain: () => ({}) },
    ready: () => true,
    now: () => 0,
    toIso,
    version: '1.2.3',
    token: undefined,
    logger: aLogger().logger,
  });
  afterTest(() => admin.close());
  return admin;
}

/** Sends bytes as they are, and gives what came back until the other side ended it. */
function exchange(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(answer));
  });
}

function statusOverSocket(socketPath: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path: '/healthz', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .once('error', reject)
      .end();
  });
}

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-admin-'));
  afterTest(() => rm(directory, { recursive: true }));
  return directory;
}

describe('any answer', () => {
  it.each(['/', '/circuits', '/metrics', '/nope', '/circuits/nobody', '/requests?x=y', '/circuits/%ZZ'])(
    'to %s may be neither stored nor taken for something else',
    async (path) => {
      const { get } = await startAdmin();
      const { headers } = await get(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('no-store');
    },
  );

  it.each(['/', '/healthz', '/readyz', '/circuits', '/requests', '/policy', '/metrics'])(
    'to HEAD %s is that to GET without its body',
    async (path) => {
      const { get } = await startAdmin();
      const response = await get(path, { method: 'HEAD' });
      expect([response.status, await response.text()]).toEqual([200, '']);
      expect(response.headers.get('content-type')).toBe((await get(path)).headers.get('content-type'));
    },
  );
});

describe('what there is not', () => {
  it.each([
    ['GET', '/nope'],
    ['GET', '/circuits/a/b'],
    ['POST', '/circuits/primary'],
    ['DELETE', '/requests'],
    ['PUT', '/policy'],
  ])('%s %s is answered with what there is', async (method, path) => {
    const { get } = await startAdmin();
    const response = await get(path, { method });
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error: expect.stringContaining('GET /circuits, GET /circuits/{cluster}, PUT /circuits/{cluster}'),
      endpoints: expect.arrayContaining(['GET /metrics', 'GET /requests/{id}', 'GET /policy', 'GET /readyz']),
    });
  });

  it('is said of a path that is not one, in JSON', async () => {
    const { get } = await startAdmin();
    const response = await get('/circuits/%ZZ');
    expect([response.status, await response.json()]).toEqual([400, { error: expect.stringContaining('%ZZ') }]);
  });
});

describe('faults', () => {
  it('inside are answered with 500 without their words, counted and logged, and the server goes on', async () => {
    const inForce = () => {
      throw new Error('password=hunter2');
    };
    const { get, metrics, lines } = await startAdmin({ policy: { inForce, explain: () => ({}) } });
    const response = await get('/policy');
    expect([response.status, await response.json()]).toEqual([500, { error: 'internal error; see the log' }]);
    expect(lines.of('fault')).toMatchObject([{ reason: 'admin', error: 'Error: password=hunter2' }]);
    expect(seriesOf(await scrape(metrics), 'sluice_faults_total', { reason: 'admin' })).toBe(1);
    expect((await get('/healthz')).status).toBe(200);
  });

  it('of an answer that cannot be written as JSON are faults as well', async () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const { get, metrics } = await startAdmin({ policy: { inForce: () => circular, explain: () => 1n } });
    expect((await get('/policy')).status).toBe(500);
    expect((await get('/policy?cluster=a')).status).toBe(500);
    expect(seriesOf(await scrape(metrics), 'sluice_faults_total', { reason: 'admin' })).toBe(2);
  });

  it('of a client are not ours: nothing is counted', async () => {
    const { get, url, metrics } = await startAdmin();
    await get('/requests?limit=0');
    await get('/nope');
    await exchange(url, 'NOT HTTP\r\n\r\n');
    expect(seriesOf(await scrape(metrics), 'sluice_faults_total', { reason: 'admin' })).toBe(0);
  });
});

describe('clients that misbehave', () => {
  it('and speak something else are answered with 400 and closed', async () => {
    const { url, get } = await startAdmin();
    expect(await exchange(url, '\x16\x03\x01\x02\x00garbage\r\n\r\n')).toContain('400 Bad Request');
    expect((await get('/healthz')).status).toBe(200);
  });

  it('and never finish their request are cut off', async () => {
    const { url, get } = await startAdmin({}, { requestTimeoutMs: 100 });
    expect(await exchange(url, 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ')).toContain('408 Request Timeout');
    expect((await get('/healthz')).status).toBe(200);
  });

  it('and send a head without end are refused with 431', async () => {
    const { url, get } = await startAdmin();
    const endless = `GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(17 * 1024)}`;
    expect(await exchange(url, endless)).toContain('431 Request Header Fields Too Large');
    expect((await get('/healthz')).status).toBe(200);
  });

  it('and go away in the middle of an answer do no harm', async () => {
    const { url, get, circuits } = await startAdmin();
    for (let n = 0; n < 2000; n++) circuits.add(aCircuit({ cluster: `cluster-${n}` }));
    const { hostname, port } = new URL(url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.write('GET /circuits HTTP/1.1\r\nHost: x\r\n\r\n'));
      socket.once('data', () => socket.resetAndDestroy());
      socket.once('close', () => resolve());
    });
    expect((await get('/healthz')).status).toBe(200);
  });

  it('and name any host are told of our health: names of pods change', async () => {
    const { url } = await startAdmin();
    const answer = await exchange(url, 'GET /healthz HTTP/1.1\r\nHost: whoever.example\r\nConnection: close\r\n\r\n');
    expect(answer).toContain('200 OK');
  });
});

describe('listening', () => {
  it('gives the port that was taken, in a form that can be listened on', async () => {
    const address = await newAdmin().listen('127.0.0.1:0');
    expect(address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
    expect((await fetch(`http://${address}/healthz`)).status).toBe(200);
  });

  it('works on a Unix socket, whose file goes when it closes', async () => {
    const path = join(await newDirectory(), 'admin.sock');
    const admin = newAdmin();
    expect(await admin.listen(`unix:${path}`)).toBe(`unix:${path}`);
    expect(await statusOverSocket(path)).toBe(200);
    await admin.close();
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });

  it('replaces a socket file that nobody answers on', async () => {
    const path = join(await newDirectory(), 'admin.sock');
    await leaveStaleSocket(path);
    await newAdmin().listen(`unix:${path}`);
    expect(await statusOverSocket(path)).toBe(200);
  });

  it('leaves one alone that somebody answers on', async () => {
    const path = join(await newDirectory(), 'admin.sock');
    await newAdmin().listen(`unix:${path}`);
    await expect(newAdmin().listen(`unix:${path}`)).rejects.toThrow('another process listens on this socket');
    expect(await statusOverSocket(path)).toBe(200);
  });

  it('leaves a file alone that is no socket', async () => {
    const path = join(await newDirectory(), 'file');
    await writeFile(path, 'mine');
    await expect(newAdmin().listen(`unix:${path}`)).rejects.toThrow('is there and is not a socket');
    expect((await stat(path)).size).toBe(4);
  });

  it('fails where the port is taken', async () => {
    const address = await newAdmin().listen('127.0.0.1:0');
    await expect(newAdmin().listen(address)).rejects.toThrow('EADDRINUSE');
  });

  it.each(['', 'localhost', ':9003', 'host:http', 'host:70000', 'unix:'])('refuses the address %j', async (address) => {
    await expect(newAdmin().listen(address)).rejects.toThrow(`address ${JSON.stringify(address)}`);
  });
});

describe('closing', () => {
  it('does not wait for idle connections, nor long for a client that does not finish', async () => {
    const { logger } = aLogger();
    const deps = { circuits: new FakeCircuits(), records: new Records(), metrics: newMetrics(), logger };
    const policy = { inForce: () => ({}), explain: () => ({}) };
    const rest = { policy, ready: () => true, now: () => 0, toIso, version: '1.2.3', token: undefined };
    const admin = createAdmin({ ...deps, ...rest }, { closeGraceMs: 50 });
    const address = await admin.listen('127.0.0.1:0');
    await (await fetch(`http://${address}/healthz`)).text();
    const unfinished = exchange(`http://${address}`, 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    await (await fetch(`http://${address}/healthz`)).text();
    await admin.close();
    expect(await unfinished).toBe('');
    await expect(fetch(`http://${address}/healthz`)).rejects.toThrow();
  });
});

/** A process that died without closing leaves its file; closing a server removes it, so it is made by hand. */
async function leaveStaleSocket(path: string): Promise<void> {
  const { execFileSync } = await import('node:child_process');
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  try {
    execFileSync(process.execPath, ['-e', script]);
  } catch {
    // Killed, as it was told to.
  }
  expect((await stat(path)).isSocket()).toBe(true);
}

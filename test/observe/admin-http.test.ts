// What the admin server makes of HTTP itself: forms of a URL, bodies that come in pieces or not at all, answers that break.

import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Metrics } from '../../src/observe/metrics.js';
import { eventually } from '../support/eventually.js';
import { aCircuit, type Bench, FakeCircuits, scrape, seriesOf, startAdmin } from './support.js';

/** Longer than any test may take. */
const LONG_GRACE = { closeGraceMs: 600_000 };
const TOKEN = 'correct-horse';

/** Sends the pieces one after the other, and gives all that came back until the other side ended it. */
function exchange(url: string, ...pieces: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      for (const piece of pieces) socket.write(piece);
    });
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(answer));
  });
}

const faults = async ({ metrics }: Bench) =>
  seriesOf(await scrape(metrics), 'sluice_faults_total', { reason: 'admin' });

async function writable(): Promise<Bench> {
  const bench = await startAdmin({ token: TOKEN });
  bench.circuits.add(aCircuit());
  return bench;
}

/** The head of a change, up to the header that says how long its body is. */
const PUT = `PUT /circuits/primary HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n`;

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

describe('a URL', () => {
  it('may be whole, as a proxy is asked for one', async () => {
    const bench = await writable();
    const head = 'GET http://sluice.internal/circuits/primary?target= HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    expect(await exchange(bench.url, head)).toContain('query.target: give a name');
    expect(await exchange(bench.url, head.replace('?target=', ''))).toContain('"cluster":"primary"');
  });

  it.each(['/Healthz', '/healthz/', '//healthz', '/circuits/', '/ui/', '/ui', '/ui/../page/index.html'])(
    'is %s and nothing else, so nothing is there',
    async (path) => {
      const { url } = await startAdmin();
      const answer = await exchange(url, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(answer).toContain('HTTP/1.1 404 Not Found');
    },
  );

  it.each(['http://', '*', 'nothing', 'http://['])('%j, which is none, is not found', async (url) => {
    const bench = await startAdmin();
    const answer = await exchange(bench.url, `GET ${url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
    expect(await faults(bench)).toBe(0);
  });

  it('with anything after a parameter that can be decoded is taken as it is', async () => {
    const { circuits, get } = await startAdmin();
    circuits.add(aCircuit({ cluster: 'a/b?c d' }));
    expect((await get('/circuits/a%2Fb%3Fc%20d')).status).toBe(200);
    expect((await get('/circuits/a/b')).status).toBe(404);
  });
});

describe('a name in a path', () => {
  it('may have as many characters as fit, however they are written', async () => {
    const { get } = await startAdmin();
    expect((await get(`/circuits/${'%C3%A4'.repeat(2000)}`)).status).toBe(404);
    expect((await get(`/circuits/${'a'.repeat(4096)}`)).status).toBe(404);
    expect((await get(`/requests/${'a'.repeat(4097)}`)).status).toBe(414);
  });
});

describe('an answer', () => {
  it('that goes on is not mixed with one to what comes meanwhile and is no request', async () => {
    const bench = await startAdmin();
    const { hostname, port } = new URL(bench.url);
    const heard = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n'));
      let answer = '';
      socket.setEncoding('utf8').on('data', (text: string) => {
        if (answer === '') socket.write('NOT HTTP\r\n\r\n');
        answer += text;
      });
      socket.once('error', reject);
      socket.once('close', () => resolve(answer));
    });
    expect(heard).toContain('HTTP/1.1 200 OK');
    expect(heard).not.toContain('400 Bad Request');
  });

  it('to HEAD is as long as that to GET says it is, and has nothing in it', async () => {
    const { url, get } = await startAdmin();
    const head = await exchange(url, 'HEAD /policy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(head).toContain(`content-length: ${(await get('/policy')).headers.get('content-length')}\r\n`);
    expect(head.endsWith('\r\n\r\n')).toBe(true);
  });

  it('that breaks in the middle is cut off, and is a fault of ours', async () => {
    class Breaking extends FakeCircuits {
      override *each() {
        for (let count = 0; count < 150; count++) yield* super.each();
        throw new Error('broken');
      }
    }
    const circuits = new Breaking();
    circuits.add(aCircuit());
    const bench = await startAdmin({ circuits });
    await expect(bench.get('/circuits').then((response) => response.text())).rejects.toThrow();
    expect(await faults(bench)).toBe(1);
    expect((await bench.get('/healthz')).status).toBe(200);
  });

  it('under way when the server closes is sent, and its connection is not waited for', async () => {
    const scrapes: ((text: string) => void)[] = [];
    class Slow extends Metrics {
      override scrape() {
        return new Promise<string>((resolve) => scrapes.push(resolve));
      }
    }
    const bench = await startAdmin({ metrics: new Slow({ version: '1.2.3', processMetrics: false }) }, LONG_GRACE);
    const answer = exchange(bench.url, 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => expect(scrapes).toHaveLength(1));
    const closed = bench.close();
    for (const send of scrapes) send('as it was');
    expect(await answer).toContain('as it was');
    await closed;
  });
});

describe('a body', () => {
  it('in pieces is one body', async () => {
    const bench = await writable();
    const pieces = [
      'Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n',
      chunk('{"state":'),
      chunk('"auto"}'),
      '0\r\n\r\n',
    ];
    expect(await exchange(bench.url, PUT, ...pieces)).toContain('HTTP/1.1 200 OK');
    expect(bench.circuits.forced).toHaveLength(1);
  });

  it.each([
    ['that says so', ['Content-Length: 5000\r\n\r\n']],
    ['that does not', ['Transfer-Encoding: chunked\r\n\r\n', chunk('{'.repeat(3000)), chunk(' '.repeat(3000))]],
  ])('that is too large, and one %s, is not read to its end', async (_what, pieces) => {
    const bench = await writable();
    const answer = await exchange(bench.url, PUT, ...pieces);
    expect(answer).toContain('HTTP/1.1 413 Payload Too Large');
    expect(answer).toContain('{"error":"body: larger than 4096 bytes"}');
    expect([bench.circuits.forced, await faults(bench)]).toEqual([[], 0]);
  });

  it('whose sender goes away changes nothing and is no fault of ours', async () => {
    const bench = await writable();
    const { hostname, port } = new URL(bench.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.write(`${PUT}Content-Length: 20\r\n\r\n{"state":`));
      socket.setTimeout(50, () => socket.resetAndDestroy());
      socket.once('close', () => resolve());
    });
    await eventually(async () => expect((await bench.get('/healthz')).status).toBe(200));
    expect([bench.circuits.forced, await faults(bench)]).toEqual([[], 0]);
  });
});

describe('a query', () => {
  it('is told everything that is wrong with it at once', async () => {
    const { get } = await startAdmin();
    const response = await get('/requests?limit=0&cluster=&result=good&page=2&page=3');
    expect(await response.json()).toEqual({
      error: expect.stringMatching(
        /^query\.page: is given more than once; query\.limit: give a whole number from 1 to 1200; query\.cluster: give a name; query\.result: give one of pending, .*; query: there is no "page"\. Allowed: /,
      ),
    });
  });

  it.each(['limit=%201', 'limit=1e2', 'limit=1200', 'cluster=%20', 'route=&cluster=a'])('may be %s', async (query) => {
    const { get } = await startAdmin();
    const path = query.startsWith('route') ? '/policy' : '/requests';
    expect((await get(`${path}?${query}`)).status).toBe(200);
  });

  it.each(['limit=', 'limit=%20', 'limit=NaN', 'limit=Infinity', 'toString=1', '__proto__=1', '=1'])(
    'may not be %s',
    async (query) => {
      const { get } = await startAdmin();
      expect((await get(`/requests?${query}`)).status).toBe(400);
    },
  );

  it('of any length is answered with a short text that is printable', async () => {
    const { get } = await startAdmin();
    const error = JSON.stringify(await (await get(`/requests?${'%00x'.repeat(2000)}=1&b=2`)).json());
    expect(error.length).toBeLessThan(2200);
    expect(error).toContain('Allowed: ');
  });
});

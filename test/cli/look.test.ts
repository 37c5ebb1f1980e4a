// `top --once` and `explain` against an admin server, and against what is none.

import { createServer, type RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { explain } from '../../src/cli/explain.js';
import { topOnce } from '../../src/cli/top.js';
import { parseEvent, watch } from '../../src/cli/watch.js';
import { aCircuit, aFailure, afterTest, anAttempt, aRecord, startAdmin } from '../observe/support.js';

async function addressOf(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterTest(() => {
    server.closeAllConnections();
    server.close();
  });
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? `127.0.0.1:${bound.port}` : '';
}

async function bench() {
  const admin = await startAdmin({}, { feed: { everyMs: 5, maxClients: 2 } });
  return { ...admin, address: new URL(admin.url).host };
}

describe('top --once', () => {
  it('prints what there is, without escape sequences unless they are wanted', async () => {
    const { circuits, records, address } = await bench();
    circuits.add(aCircuit({ state: 'half_open' }));
    records.decided(aRecord({ attempts: [aFailure(), anAttempt({ attempt: 2 })], result: 'success' }));
    const text = await topOnce(address);
    expect(text).toMatch(/primary +half_open +#####\.{5} +50% 5\/10/);
    expect(text).toMatch(/success +- +1 retry +primary {2}GET \/orders\/1/);
    expect(text).not.toContain('\u001b');
    expect(text.endsWith('\n')).toBe(true);
    expect(await topOnce(address, { columns: 80, rows: 5 }, true)).toContain('\u001b[');
  });

  it('gives its place back', async () => {
    const { address } = await bench();
    for (let count = 0; count < 6; count++) {
      // The server learns of the end a moment later: two places are enough for one after the other.
      await expect.poll(() => topOnce(address).then(() => 'told', String)).toBe('told');
    }
  });

  it('says what Sluice says where it refuses', async () => {
    const { address } = await bench();
    const [first, second] = [watch(address), watch(address)];
    await Promise.all([first.next(), second.next()]);
    await expect(topOnce(address)).rejects.toThrow('as many as may be are watching');
    await Promise.all([first.return(undefined), second.return(undefined)]);
  });

  it.each<[string, RequestListener, string]>([
    ['no stream', (_request, response) => response.end('hello\n\n'), 'no stream of events'],
    ['another version', (_request, response) => response.end('event: snapshot\ndata: {"v":2}\n\n'), 'another version'],
    ['nothing', (_request, response) => response.end(), 'ended before it said anything'],
    ['a break', (_request, response) => void response.write('event', () => response.destroy()), 'broke off'],
    ['no page', (_request, response) => response.writeHead(404).end('nope'), 'answered with 404'],
  ])('says so where it finds %s', async (_what, listener, words) => {
    await expect(topOnce(await addressOf(listener))).rejects.toThrow(words);
  });
});

describe('explain', () => {
  it('tells the story in lines that fit', async () => {
    const { records, address } = await bench();
    const record = aRecord({ attempts: [aFailure(), anAttempt({ attempt: 2 })], result: 'success', status: 200 });
    records.decided(record);
    const text = await explain(address, record.id, 60);
    expect(text).toContain(`Request ${record.id}: GET /orders/1`);
    expect(text).toContain('(success)');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
  });

  it('of what is not held is an error in the words of Sluice, whatever it was called', async () => {
    const { address } = await bench();
    await expect(explain(address, 'nobody')).rejects.toThrow('no request nobody is held');
    await expect(explain(address, '../circuits')).rejects.toThrow('no request ../circuits is held');
  });

  it('asks nobody where nobody answers, and says what to look at', async () => {
    await expect(explain('127.0.0.1:1', 'x')).rejects.toThrow(
      /nobody answers at 127\.0\.0\.1:1 .*is Sluice running, and --http right\?/,
    );
    await expect(explain('unix:/nowhere/at.sock', 'x')).rejects.toThrow('nobody answers at unix:/nowhere/at.sock');
    await expect(explain('9003', 'x')).rejects.toThrow('it has no port: write host:port');
  });

  it('takes what is not Sluice for what it is', async () => {
    await expect(explain(await addressOf((_q, r) => r.end('<html>')), 'x')).rejects.toThrow('is not Sluice');
    await expect(explain(await addressOf((_q, r) => r.end('{"id":1}')), 'x')).rejects.toThrow('another version');
  });
});

describe('events', () => {
  it('are read field by field, and others are left out', () => {
    expect(parseEvent('retry: 5\nevent: beat\nid: 7\ndata: {"now":"x"}')).toEqual({
      event: 'beat',
      data: { now: 'x' },
    });
    expect(() => parseEvent('event: beat\ndata: {')).toThrow('no stream of events');
  });
});

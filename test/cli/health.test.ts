// `sluice health` against every kind of peer: a Sluice on each transport, and what is none.

import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { createServer as createTcpServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { health } from '../../src/cli/health.js';
import { CliError } from '../../src/cli/http.js';
import { overEachTransport, socketDirectory } from '../server/support/harness.js';
import { startChild } from '../support/child.js';
import { REFUSING_PORT } from '../support/ports.js';
import { MAIN_JS, startSluice } from '../support/sluice.js';

// Each of the last tests starts processes, and the machine may be busy with others.
vi.setConfig({ testTimeout: 30_000 });

const PATIENT_MS = 10_000;

function listen(server: Server | Http2Server): Promise<string> {
  const peers = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => peers.add(socket));
  onTestFinished(() => {
    for (const peer of peers) peer.destroy();
    server.close();
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? `127.0.0.1:${bound.port}` : '');
    });
  });
}

function http2(answer: (stream: ServerHttp2Stream) => void): Promise<string> {
  const server = createHttp2Server().on('stream', (stream) => {
    // The error that a test makes is told on this side as well.
    stream.once('error', (error) => error);
    answer(stream);
  });
  return listen(server);
}

async function complaint(address: string, timeoutMs = PATIENT_MS): Promise<string> {
  const error: unknown = await health(address, timeoutMs).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CliError);
  return String(error);
}

overEachTransport((start) => {
  describe('health', () => {
    it.each([
      ['a port', () => '127.0.0.1:0'],
      ['a socket', () => `unix:${socketDirectory()}/s.sock`],
    ])('says that a Sluice on %s is in service', async (_what, address) => {
      const { server } = await start({ address: address() });
      expect(await health(server.address, PATIENT_MS)).toBe(`${server.address}: serving\n`);
    });

    it('says that one which is not ready is not', async () => {
      const { server } = await start({ serving: () => false });
      expect(await complaint(server.address)).toContain(`${server.address}: not_serving`);
    });
  });
});

describe('health, where there is no Sluice,', () => {
  it('says that nobody answers, and why', async () => {
    expect(await complaint(`127.0.0.1:${REFUSING_PORT}`)).toMatch(
      /nobody answers at .*ECONNREFUSED.*is Sluice running/,
    );
    expect(await complaint(`unix:${socketDirectory()}/none.sock`)).toContain('ENOENT');
  });

  it('names what is wrong with an address', async () => {
    expect(await complaint('9002')).toContain('address "9002": it has no port');
  });

  it('does not wait for one that says nothing', async () => {
    expect(await complaint(await listen(createTcpServer()), 50)).toContain('within 50 ms');
  });

  it.each<[string, RequestListener]>([
    ['an HTTP/1.1 server', (_request, response) => response.end('hello')],
    ['the HTTP side', (_request, response) => response.writeHead(404).end()],
  ])('takes %s for what it is', async (_what, listener) => {
    expect(await complaint(await listen(createServer(listener)))).toContain('does not speak gRPC');
  });

  it.each<[string, (stream: ServerHttp2Stream) => void, string]>([
    ['a page', (stream) => stream.respond({ ':status': 200 }, { endStream: true }), 'no grpc-status'],
    [
      'another gRPC server',
      (stream) =>
        stream.respond({ ':status': 200, 'grpc-status': '12', 'grpc-message': 'no such' }, { endStream: true }),
      'grpc-status 12: no such',
    ],
    ['a reset', (stream) => stream.close(2), 'INTERNAL_ERROR'],
    ['a lost connection', (stream) => stream.session?.destroy(), 'does not speak gRPC'],
    ['too much', (stream) => void stream.end(Buffer.alloc(100_000)), 'sends too much'],
    [
      'an odd message',
      (stream) => {
        stream.respond({ ':status': 200 }, { waitForTrailers: true });
        stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.from('00000000021001', 'hex'));
      },
      'no health status',
    ],
  ])('says so of %s over HTTP/2', async (_what, answer, words) => {
    expect(await complaint(await http2(answer))).toContain(words);
  });
});

describe('sluice health, the command,', () => {
  async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = await startChild(process.execPath, [MAIN_JS, ...args], { PATH: process.env.PATH, ...env });
    const code = await child.exited();
    return { code, stdout: child.stdout(), stderr: child.stderr() };
  }

  it('asks the health address before the gRPC address of its environment, and ends with 0 or 1', async () => {
    const socket = `unix:${socketDirectory()}/s.sock`;
    const sluice = await startSluice({ policy: {}, grpc: socket, args: ['--health', '127.0.0.1:0'] });
    onTestFinished(() => sluice.kill());
    const probes = String(sluice.logs().find(({ event }) => event === 'started')?.health);
    const env = { SLUICE_GRPC: socket, SLUICE_HEALTH: probes };
    expect(await run(['health'], env)).toEqual({ code: 0, stdout: `${probes}: serving\n`, stderr: '' });
    expect(await run(['health'], { ...env, SLUICE_HEALTH: '' })).toMatchObject({
      code: 0,
      stdout: `${socket}: serving\n`,
    });
    expect(await run(['health', '--grpc', probes], { SLUICE_GRPC: 'unix:/nowhere' })).toMatchObject({ code: 0 });
    expect(await sluice.stop()).toBe(0);
    expect(await run(['health'], env)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('nobody answers'),
    });
  });

  it.each(['0', '-1', '61', 'soon', ''])('refuses to wait for %j seconds', async (timeout) => {
    const { code, stderr } = await run(['health', '--timeout', timeout]);
    expect(code).toBe(2);
    expect(stderr).toContain(`--timeout is '${timeout}'`);
  });

  it('has no Sluice to ask where the health address cannot be listened on: it ends, and names it', async () => {
    const policy = join(socketDirectory(), 'policy.yaml');
    writeFileSync(policy, '');
    const free = ['--grpc', '127.0.0.1:0', '--http', '127.0.0.1:0'];
    const { code, stderr } = await run(['serve', '--policy', policy, ...free, '--health', 'unix:relative']);
    expect(code).toBe(1);
    expect(stderr).toContain('unix:relative');
  });
});

// Records what a real Envoy sends, for the tests to decode: run by hand, after a new Envoy version or a new scenario.
//
//     ENVOY_BIN=path/to/envoy npx tsx test/wire/record.ts
//
// Every file in `recorded/` is one gRPC message as it arrived; `index.json` says what each is.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:http2';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bootstrap } from './recording/bootstrap.js';
import { type Message, startSink } from './recording/sink.js';
import { freePort, startUpstreams } from './recording/upstreams.js';

const OUTPUT = fileURLToPath(new URL('./recorded/', import.meta.url));
const PIPE = 'upstream.sock';
/** Well past the access log's flush interval of 50 ms. */
const SETTLE_MS = 400;

const SCENARIOS: Record<string, string> = {
  ok: 'a request that succeeds at once',
  failed: 'the upstream answers 503 with headers of its own',
  retried: 'the first attempt is answered 503 after 100 ms, the second 200 after 50 ms',
  refused: 'nobody listens on the port',
  rerouted: 'the first cluster refuses the connection, the second answers',
  worse: 'the first cluster answers 503, the second refuses the connection',
  garbled: 'the upstream answers with something that is no HTTP',
  malformed: 'the client breaks off the framing of its own body',
  reset: 'the upstream closes the connection once it has read the request',
  cut: 'the upstream closes the connection in the middle of the body',
  timeout: 'the upstream never answers, a per-try timeout of 150 ms ends it',
  limited: "the upstream never answers, the cluster's maximum stream duration of 100 ms ends it",
  cancelled: 'the client goes away while the upstream is silent',
  judged: 'a judge sees request and response, and holds the response for 700 ms past its timeout',
  pipe: 'the upstream listens on a Unix socket',
  empty: 'the cluster has no host',
  unrouted: 'no route matches',
  refuse: 'admission answers 503 itself',
  grpc: 'a gRPC answer that fails in its trailers, with RESOURCE_EXHAUSTED',
  'grpc-error': 'a gRPC answer of trailers only, with UNAVAILABLE',
};

/** What admission sees of a request is much the same in every scenario: these are kept. */
const REQUESTS = new Set(['ok', 'unrouted', 'grpc']);

function get(port: number, path: string, abandonAfterMs: number | null): Promise<void> {
  return new Promise((resolve) => {
    const headers = { 'x-client-control': 'mine', 'user-agent': 'recorder' };
    const request = httpRequest({ host: '127.0.0.1', port, path, headers, agent: false }, (response) =>
      response.resume(),
    );
    // A connection that Envoy breaks off is part of some scenarios.
    request.on('error', (error) => console.log(`  client: ${error.message}`));
    request.on('close', resolve);
    request.end();
    if (abandonAfterMs !== null) setTimeout(() => request.destroy(), abandonAfterMs);
  });
}

async function post(port: number, path: string): Promise<void> {
  const session = connect(`http://127.0.0.1:${port}`);
  const head = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request(head);
  stream.end(Buffer.from([0, 0, 0, 0, 0]));
  stream.resume();
  await once(stream, 'close');
  session.close();
}

async function breakFraming(port: number, path: string): Promise<void> {
  const socket = createConnection(port, '127.0.0.1');
  socket.write(`POST ${path} HTTP/1.1\r\nhost: recorder\r\ntransfer-encoding: chunked\r\n\r\n`);
  await delay(20);
  socket.end('no chunk size\r\n');
  socket.resume();
  await once(socket, 'close');
}

async function drive(port: number, scenario: string): Promise<void> {
  if (scenario.startsWith('grpc')) await post(port, `/${scenario}`);
  else if (scenario === 'malformed') await breakFraming(port, `/${scenario}`);
  else await get(port, `/${scenario}?token=secret`, scenario === 'cancelled' ? 150 : null);
  await delay(SETTLE_MS);
}

async function ready(port: number, envoy: ChildProcess): Promise<void> {
  while (envoy.exitCode === null) {
    const answer = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => null);
    if (answer?.ok === true) return;
    await delay(100);
  }
  throw new Error(`Envoy ended with ${envoy.exitCode}: see its output above`);
}

async function record(binary: string, directory: string): Promise<void> {
  let messages: Message[] = [];
  const sink = await startSink((message) => messages.push(message));
  const upstreams = await startUpstreams(join(directory, PIPE));
  const ports = { listener: await freePort(), admin: await freePort(), sluice: sink.port, ...upstreams, pipe: PIPE };
  writeFileSync(join(directory, 'envoy.json'), bootstrap(ports));
  const flags = ['--disable-hot-restart', '--concurrency', '1', '-l', 'warning', '-c', 'envoy.json'];
  const envoy = spawn(binary, flags, { cwd: directory, stdio: 'inherit' });
  const index = [];
  try {
    await ready(ports.admin, envoy);
    // The first message of a log stream identifies Envoy at length; it is not what the recordings are for.
    await drive(ports.listener, 'warm');
    for (const [scenario, what] of Object.entries(SCENARIOS)) {
      messages = [];
      await drive(ports.listener, scenario);
      for (const [number, { from, bytes }] of messages.entries()) {
        if (from === 'admission' && number === 0 && !REQUESTS.has(scenario)) continue;
        const file = `${scenario}-${number + 1}-${from}.bin`;
        writeFileSync(join(OUTPUT, file), bytes);
        index.push({ file, scenario, from, what });
        console.log(`${file} ${bytes.length}`);
      }
    }
  } finally {
    envoy.kill();
    sink.close();
    upstreams.close();
  }
  const version = execFileSync(binary, ['--version'], { encoding: 'utf8' }).match(/\d+\.\d+\.\d+/)?.[0];
  const local = (port: number) => `127.0.0.1:${port}`;
  const hosts = { http1: local(ports.http1), http2: local(ports.http2), dead: local(ports.dead), pipe: PIPE };
  writeFileSync(join(OUTPUT, 'index.json'), `${JSON.stringify({ envoy: version, hosts, messages: index }, null, 2)}\n`);
}

const binary = process.env.ENVOY_BIN;
if (binary === undefined) throw new Error('ENVOY_BIN is not set: give it the path of an Envoy binary');
const directory = mkdtempSync(join(tmpdir(), 'sluice-record-'));
await record(binary, directory).finally(() => rmSync(directory, { recursive: true }));

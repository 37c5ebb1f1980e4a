// Runs h2spec against the direct transport: H2SPEC_BIN=/path/to/h2spec npx tsx test/server/h2/h2spec.ts
// `go install github.com/summerwind/h2spec/cmd/h2spec@latest` gets it. Exit status 1: it found something new.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { NO_CHANGES } from '../../../src/core/stream.js';
import { parseAddress } from '../../../src/server/address.js';
import { LIMITS } from '../../../src/server/h2/limits.js';
import { DEFAULT_TABLE_BYTES } from '../../../src/server/h2/protocol.js';
import { startDirectServer } from '../../../src/server/h2/server.js';
import type { GrpcServerOptions } from '../../../src/server/transport.js';

/** Without a header table these fail: h2spec uses one whatever it is told. See src/server/h2/README.md. */
const EXPECTED_WITHOUT_TABLE = [
  'Sends a dynamic table size update',
  'Sends multiple dynamic table size update',
  'Sends multiple CONTINUATION frames preceded by a HEADERS frame',
];

const OPTIONS: GrpcServerOptions = {
  address: '127.0.0.1:0',
  openStream: (_role, send) => ({
    message: () => send({ kind: 'continue_request', headers: NO_CHANGES, order: null }),
    closed: () => undefined,
  }),
  traced: () => undefined,
  serving: () => true,
  hooks: {
    streamOpened: () => undefined,
    logEnded: () => undefined,
    socketRestored: () => undefined,
    streamClosed: () => undefined,
    decided: () => undefined,
    traceArrived: () => undefined,
    refused: () => undefined,
    fault: () => undefined,
  },
};

/** The report; h2spec ends with 1 where a test failed, which the report says as well. */
async function report(binary: string, port: number): Promise<string> {
  const run = promisify(execFile)(binary, ['-h', '127.0.0.1', '-p', String(port), '-o', '2', '--strict']);
  const { stdout } = await run.catch((error: unknown) => {
    if (error instanceof Error && 'stdout' in error) return { stdout: String(error.stdout) };
    throw error;
  });
  return stdout;
}

/** What failed, by its description, without repetition: h2spec lists failures twice. */
function failures(text: string): string[] {
  const found = [...text.matchAll(/× \d+: (.*?)(?=\s*(?:× \d+:|\n))/g)].map((match) => (match[1] ?? '').trim());
  return [...new Set(found)].sort();
}

async function check(binary: string, headerTableBytes: number, expected: readonly string[]): Promise<boolean> {
  const server = await startDirectServer(OPTIONS, { ...LIMITS, headerTableBytes });
  const address = parseAddress(server.address);
  const text = await report(binary, address.kind === 'tcp' ? address.port : 0);
  await server.drain(0);
  const found = failures(text);
  const summary = /\d+ tests, .*/.exec(text)?.[0];
  process.stdout.write(`header table of ${headerTableBytes} bytes: ${summary}\n`);
  const same = summary !== undefined && JSON.stringify(found) === JSON.stringify([...expected].sort());
  if (!same) process.stdout.write(`${text}\nexpected to fail: ${JSON.stringify(expected)}\n`);
  return same;
}

const binary = process.env.H2SPEC_BIN;
if (binary === undefined || binary === '') {
  process.stderr.write('set H2SPEC_BIN to the path of h2spec\n');
  process.exitCode = 2;
} else {
  const full = await check(binary, DEFAULT_TABLE_BYTES, []);
  const none = await check(binary, 0, EXPECTED_WITHOUT_TABLE);
  process.exitCode = full && none ? 0 : 1;
}

// What the process needs of its machine: to read, and to be connected to. It writes nothing (unless it is given a state
// file), starts no program, and connects to nobody. Node's permission model takes the first two away; a hook in front of
// the program tells of every attempt at the third.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { TRANSPORT_NAMES } from '../../src/server/transport-names.js';
import { EnvoyClient } from '../server/support/client.js';
import { startChild } from '../support/child.js';
import { eventually } from '../support/eventually.js';
import { startSluice } from '../support/sluice.js';
import { header, requestHeaders } from '../wire/support/bytes.js';

// Each test starts a process, and the machine may be busy with others.
vi.setConfig({ testTimeout: 40_000 });

const MAJOR = Number(process.versions.node.split('.')[0]);
/** To read everything, to run threads (the policy is read in one), and nothing else. */
const CONFINED = [
  MAJOR < 24 ? '--experimental-permission' : '--permission',
  '--allow-fs-read=*',
  '--allow-worker',
  '--disable-warning=ExperimentalWarning',
  '--disable-warning=SecurityWarning',
];

/** Tells of every connection that the process itself opens, name that it looks up, and datagram that it could send. */
const WITNESS = `
  import { isIP, Socket } from 'node:net';
  import dgram from 'node:dgram';
  import dns from 'node:dns';
  const told = (what, real) => function (...rest) {
    // An address is looked up in no network: it is its own answer.
    if (!isIP(rest[0])) process.stderr.write('OUTGOING ' + what + ' ' + JSON.stringify(rest[0]) + '\\n');
    return real.apply(this, rest);
  };
  Socket.prototype.connect = told('connect', Socket.prototype.connect);
  dgram.createSocket = told('datagram', dgram.createSocket);
  dns.lookup = told('lookup', dns.lookup);`;

function witness(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-confined-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'witness.mjs');
  writeFileSync(path, WITNESS);
  return `--import=${path}`;
}

/** Node that was started like that does this. */
async function run(options: readonly string[], script: string) {
  const child = await startChild(process.execPath, [...options, '--input-type=module', '-e', script], process.env);
  return { code: await child.exited(), said: child.stdout() + child.stderr() };
}

describe('the confinement itself', () => {
  it('denies writing and starting programs', async () => {
    const write = await run(CONFINED, "import { writeFileSync } from 'node:fs'; writeFileSync('/tmp/sluice-x', 'x');");
    expect(write).toMatchObject({ code: 1, said: expect.stringContaining('ERR_ACCESS_DENIED') });
    const start = await run(CONFINED, "import { execFileSync } from 'node:child_process'; execFileSync('true');");
    expect(start).toMatchObject({ code: 1, said: expect.stringContaining('ERR_ACCESS_DENIED') });
  });

  it('tells of a connection', async () => {
    const script = "import { connect } from 'node:net'; connect({ port: 1, host: '127.0.0.1' }).on('error', () => {});";
    expect((await run([witness()], script)).said).toContain('OUTGOING connect');
  });
});

describe.each(TRANSPORT_NAMES)('a Sluice that may not write, over %s', (transport) => {
  it('decides, shows itself, reads a new policy and stops, and connects to nobody', async () => {
    const NODE_OPTIONS = [...CONFINED, witness()].join(' ');
    const sluice = await startSluice({ policy: {}, args: ['--transport', transport], env: { NODE_OPTIONS } });
    onTestFinished(() => sluice.kill());
    const stream = new EnvoyClient(sluice.grpc).process();
    stream.send(requestHeaders([header(':path', '/a')]));
    expect(await stream.answer()).toHaveProperty('requestHeaders');
    stream.call.end();
    for (const path of ['/', '/circuits', '/requests', '/metrics', '/policy']) {
      expect([path, (await sluice.fetch(path)).status]).toEqual([path, 200]);
    }
    await sluice.writePolicy({ defaults: { retry: { maxRetries: 0 } } });
    await eventually(async () => {
      const metrics = await sluice.metrics();
      expect(metrics.metric('sluice_policy_reloads_total', { result: 'applied' })).toBe(1);
      expect(metrics.metric('sluice_faults_total')).toBe(0);
    }, 15_000);
    expect(await sluice.stop()).toBe(0);
    expect(sluice.stderr()).toBe('');
  });
});

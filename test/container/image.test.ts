// The runtime stage without an engine: exactly the files that it copies, a bare Node 24, its own user, nothing that can be
// written. If a file is missing from a COPY, or Sluice writes anywhere, this fails.

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { send } from '../support/client.js';
import { startEnvoy } from '../support/envoy.js';
import { eventually } from '../support/eventually.js';
import { parseMetrics } from '../support/metrics.js';
import { portOf, somePort } from '../support/ports.js';
import { startUpstream } from '../support/upstream.js';
import { filesIn, type Image, lastStage } from './assemble.js';
import { type Env, runIn, startContainer, user } from './run.js';

/** A sidecar is pulled onto every node. */
const MOST_BYTES = 50e6;
/** Where the image looks for it. */
const POLICY = '/etc/sluice/policy.yaml';

const image: Image = { ...inject('image'), stage: lastStage() };

const healthy = (env: Env) => runIn(image, image.stage.healthcheck, env);

describe('the file set of the image', () => {
  it('holds the program and what it needs, and nothing for its development', async () => {
    const files = await filesIn(image.root);
    expect(files.filter((file) => file.startsWith('app/dist/main.js'))).not.toEqual([]);
    expect(files.filter((file) => /node_modules\/(typescript|vitest|@biomejs|tsx)\//.test(file))).toEqual([]);
    expect(files.filter((file) => file.startsWith('app/src/') || file.startsWith('app/test/'))).toEqual([]);
  });

  it('is JavaScript alone, so that it can be built on one platform for another', async () => {
    const files = await filesIn(join(image.root, 'app'));
    expect(files.filter((file) => /\.(node|so|dylib|dll|exe)$/.test(file))).toEqual([]);
  });

  it(`has less than ${MOST_BYTES / 1e6} MB`, () => {
    process.stderr.write(`image: ${(image.bytes / 1e6).toFixed(1)} MB above its base\n`);
    expect(image.bytes).toBeLessThan(MOST_BYTES);
  });

  it('belongs to others and cannot be written by whoever runs it', async () => {
    const { uid = process.getuid?.() } = user(image);
    for (const directory of ['.', 'app', 'app/dist', 'app/node_modules']) {
      const found = await stat(join(image.root, directory));
      expect(found.mode & 0o222).toBe(0);
      if (process.getuid?.() === 0) expect(found.uid).not.toBe(uid);
    }
  });
});

describe('the image', () => {
  it('runs as it is: healthy by its own check, and through a real Envoy it saves a request', async () => {
    const env = { SLUICE_GRPC: `127.0.0.1:${await somePort()}`, SLUICE_HTTP: '127.0.0.1:0' };
    expect(await healthy(env)).toMatchObject({ code: 1, stderr: expect.stringContaining('nobody answers') });
    const { child, grpc, http } = await startContainer(image, env);
    try {
      expect(await healthy(env)).toEqual({ code: 0, stdout: `${grpc}: serving\n`, stderr: '' });
      await throughEnvoy(portOf(grpc), http);
      expect(await child.stop()).toBe(0);
      expect(await healthy(env)).toMatchObject({ code: 1 });
    } finally {
      await child.stop();
    }
  });

  it('says its version, and checks a policy, as any command of it does', async () => {
    const [node = '', main = ''] = image.stage.entrypoint;
    expect(await runIn(image, [node, main, '--version'], {})).toMatchObject({ code: 0, stderr: '' });
    expect(image.stage.env.SLUICE_POLICY).toBe(POLICY);
    expect(await runIn(image, [node, main, 'check', POLICY], {})).toMatchObject({ code: 0 });
  });
});

/** `pool` has two hosts, and nobody listens on the second: whatever meets it is saved by a retry. */
async function throughEnvoy(sluicePort: number, http: string): Promise<void> {
  const upstream = await startUpstream();
  const envoy = await startEnvoy({ ports: { 9002: sluicePort, 8088: upstream.port } });
  try {
    for (let count = 0; count < 4; count += 1) expect((await send(envoy.port, '/pool/x')).status).toBe(200);
    await eventually(async () => {
      const metrics = parseMetrics(await (await fetch(`http://${http}/metrics`)).text());
      expect(metrics.metric('sluice_retries_total', { cluster: 'pool', result: 'saved' })).toBeGreaterThan(0);
    });
  } finally {
    await envoy.stop();
    await upstream.stop();
  }
}

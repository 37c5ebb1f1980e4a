// `sluice top` and `sluice explain` as people run them, on a sidecar that serves a real Envoy.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { respond } from '../support/behaviour.js';
import { startChild } from '../support/child.js';
import { eventually } from '../support/eventually.js';
import { recordOf } from '../support/settled.js';
import { MAIN_JS, startSluice } from '../support/sluice.js';
import { useMesh } from '../support/use-mesh.js';

const policy = {
  defaults: { circuit: { failureRatio: 0.5, minimumRequests: 4, open: { base: '50s', max: '50s', jitter: 0 } } },
  clusters: { flaky: { circuit: { minimumRequests: 1000 }, retry: { judge: true, statuses: [503] } } },
};
const world = useMesh({ policy });

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function sluice(...args: string[]): Promise<Ran> {
  const child = await startChild(process.execPath, [MAIN_JS, ...args]);
  const code = await child.exited();
  return { code, out: child.stdout(), err: child.stderr() };
}

beforeAll(async () => {
  const { flaky, slow } = world.mesh.upstreams;
  flaky.behave((_request, index) => respond(index === 0 ? 503 : 200));
  await world.mesh.request('/flaky/saved');
  slow.behave(respond(500));
  for (let count = 0; count < 4; count++) await world.mesh.request(`/slow/${count}`);
  await eventually(async () => expect(await world.mesh.sluice.circuit('slow')).toMatchObject({ state: 'open' }));
});

describe('sluice top', () => {
  it('prints one frame where there is no terminal: circuits and retries as /circuits and /requests say', async () => {
    const { id } = await recordOf(world.mesh, '/flaky/saved');
    for (const args of [['top'], ['top', '--once']]) {
      const { code, out, err } = await sluice(...args, '--http', world.mesh.sluice.http);
      expect([code, err]).toEqual([0, '']);
      expect(out).toMatch(/ slow +open +########## 100% 4\/4 +xxxx +\d+ {2}probe in \d+ s; failure_ratio/);
      expect(out).toMatch(new RegExp(`success +200 1 retry +flaky +GET /flaky/saved .* ${id}`));
      expect(out).not.toContain('\u001b');
    }
  });

  it('takes the address from the environment', async () => {
    const env = { ...process.env, SLUICE_HTTP: world.mesh.sluice.http };
    const child = await startChild(process.execPath, [MAIN_JS, 'top'], env);
    expect(await child.exited()).toBe(0);
    expect(child.stdout()).toContain(world.mesh.sluice.http);
  });

  it('reads a Unix socket as well', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-top-'));
    const http = `unix:${join(directory, 'http.sock')}`;
    const alone = await startSluice({ policy: {}, http });
    try {
      expect(await sluice('top', '--http', http)).toMatchObject({ code: 0, err: '' });
      const { code, err } = await sluice('explain', 'nobody', '--http', http);
      expect([code, err]).toEqual([
        1,
        'error: no request nobody is held: it never was, or it fell out; see /requests\n',
      ]);
    } finally {
      await alone.stop();
      await rm(directory, { recursive: true });
    }
  });

  it('ends with an error where nobody answers', async () => {
    const { code, out, err } = await sluice('top', '--http', '127.0.0.1:1');
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^error: nobody answers at 127\.0\.0\.1:1 .*\n$/);
  });
});

/** A pseudo terminal, by util-linux' `script`. */
function terminal(...args: string[]) {
  const command = ['stty cols 120 rows 24;', process.execPath, MAIN_JS, ...args].join(' ');
  const child = spawn('script', ['-qefc', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { out: () => out, press: (keys: string) => child.stdin.write(keys), code };
}

describe('sluice top in a terminal', () => {
  it.each([
    ['q', 'q'],
    ['Ctrl-C', '\u0003'],
  ])('draws, follows what happens, and gives the terminal back on %s', async (name, keys) => {
    const run = terminal('top', '--http', world.mesh.sluice.http);
    await eventually(() => expect(run.out()).toContain('q leaves'));
    world.mesh.upstreams.flaky.behave((_request, index) => respond(index === 0 ? 503 : 200));
    await world.mesh.request(`/flaky/${name}`);
    await eventually(() => expect(run.out()).toContain(`/flaky/${name}`));
    expect(run.out()).toContain('\u001b[?1049h');
    run.press(keys);
    expect(await run.code).toBe(0);
    expect(run.out()).toMatch(/\?25h\S*\?1049l/);
  });
});

describe('sluice explain', () => {
  it('tells the story of a request that was saved', async () => {
    const { id, attempts } = await recordOf(world.mesh, '/flaky/saved');
    const { code, out, err } = await sluice('explain', id, '--http', world.mesh.sluice.http);
    expect([code, err]).toEqual([0, '']);
    const told = out.replace(/\n {2}/g, ' ');
    expect(told).toContain(`Request ${id}: GET /flaky/saved`);
    expect(told).toContain(`Attempt 1 went to flaky (${attempts[0]?.host})`);
    expect(told).toContain('the policy names status 503, and the request may be repeated');
    expect(told).toContain('Attempt 2 went to flaky');
    expect(told).toMatch(/The client was sent status 200 after .*: the last attempt was good \(success\)\.\n$/);
  });

  it('of an unknown request is an error', async () => {
    const { code, out, err } = await sluice('explain', 'no-such-id', '--http', world.mesh.sluice.http);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('error: no request no-such-id is held');
  });

  it('without a request is wrong usage', async () => {
    expect((await sluice('explain')).code).toBe(2);
  });
});

import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { CommanderError } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parsePolicy } from '../../src/policy/load.js';
import { listenSomewhere } from '../support/ports.js';
import { flaky, ROLES } from './cast.js';
import { readOptions } from './options.js';
import { choosePort } from './ports.js';
import { methodOf } from './traffic.js';
import { Witness } from './witness.js';

afterEach(() => vi.restoreAllMocks());

/** What was printed, and how it ended. */
function failing(...args: string[]): { readonly text: string; readonly exitCode: number } {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const complain = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    readOptions(args);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const text = [...write.mock.calls, ...complain.mock.calls].map(([chunk]) => String(chunk)).join('');
    return { text: `${text}${error.message}`, exitCode: error.exitCode };
  }
  throw new Error('it was understood');
}

describe('the command line', () => {
  it('runs until it is stopped, on ports of its own choice, unless told', () => {
    expect(readOptions([])).toEqual({ once: false, port: null, http: null });
  });

  it('takes --once and ports', () => {
    expect(readOptions(['--once', '--port', '8080', '--http', '8081'])).toEqual({ once: true, port: 8080, http: 8081 });
  });

  it('describes itself', () => {
    const { text, exitCode } = failing('--help');
    expect(exitCode).toBe(0);
    for (const word of ['--once', '--port', '--http', 'ENVOY_BIN', 'NO_COLOR', 'Exit status'])
      expect(text).toContain(word);
  });

  it.each([
    [['--port', '0'], "'0'"],
    [['--port', '65536'], "'65536'"],
    [['--http', 'many'], "'many'"],
    [['--twice'], '--twice'],
    [['now'], 'too many arguments'],
  ])('says what is wrong with %j', (args, words) => {
    const { text, exitCode } = failing(...args);
    expect(exitCode).not.toBe(0);
    expect(text).toContain(words);
  });
});

describe('a port', () => {
  it('that is taken is told, with the way out, where it was asked for', async () => {
    const server = createServer();
    const port = await listenSomewhere(server);
    await expect(choosePort(port, null, '--port')).rejects.toThrow(`port ${port} cannot be used (EADDRINUSE)`);
    await expect(choosePort(port, null, '--port')).rejects.toThrow('--port');
    server.close();
  });

  it('that is only usual gives way to any other', async () => {
    const server = createServer();
    const port = await listenSomewhere(server);
    expect(await choosePort(null, port, '--port')).toBe(0);
    await new Promise((resolve) => server.close(resolve));
    expect(await choosePort(null, port, '--port')).toBe(port);
    expect(await choosePort(port, null, '--port')).toBe(port);
  });
});

describe('the cast', () => {
  it('has a policy without errors or warnings, for upstreams that there are', () => {
    const parsed = parsePolicy(readFileSync(new URL('./policy.yaml', import.meta.url), 'utf8'), 'policy.yaml');
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    expect(parsed.warnings).toEqual([]);
    const names: readonly string[] = ROLES.map(({ name }) => name);
    for (const name of parsed.policy.places.clusters.keys()) expect(names).toContain(name);
  });

  it('has flaky answer 503 to the first attempt of every third request, and to no second one', () => {
    const behave = flaky();
    const statuses = [1, 1, 1, 2, 1, 1, 1].map((attempt) => behave({ method: 'GET', attempt }));
    expect(statuses.map((behaviour) => 'status' in behaviour && behaviour.status)).toEqual([
      200, 200, 503, 200, 200, 200, 503,
    ]);
  });

  it('has flaky reset every POST', () => {
    expect(flaky()({ method: 'POST', attempt: 1 })).toEqual({ kind: 'reset' });
  });

  it('sends POSTs to flaky only', () => {
    expect([1, 5, 6, 12].map((index) => methodOf('flaky', index))).toEqual(['GET', 'GET', 'POST', 'POST']);
    expect(methodOf('primary', 6)).toBe('GET');
  });
});

describe('the witness', () => {
  const requests = [{ path: '/pool/1' }, { path: '/pool/2' }];
  const witness = new Witness({ pool: [{ requests }, { requests: [{ path: '/pool/1' }] }], refusing: [] });
  const snapshot = { circuits: [], requests: [], metrics: { samples: [], metric: () => 0 } };

  it('counts what reached any host of a cluster', () => {
    const { received } = witness.evidence(snapshot);
    expect([received('pool', '/pool/1'), received('pool', '/pool/2'), received('refusing', '/x')]).toEqual([2, 1, 0]);
  });

  it('does not take an upstream that there is not for one that received nothing', () => {
    expect(() => witness.evidence(snapshot).received('pol', '/pool/1')).toThrow('no upstream pol');
  });
});

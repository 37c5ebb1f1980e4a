import { once } from 'node:events';
import { lstatSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseAddress } from '../../src/server/address.js';
import { DEFAULT_SOCKET_MODE, listenOn, parseSocketMode } from '../../src/server/socket-mode.js';
import { startSluice } from '../support/sluice.js';
import { overEachTransport, socketDirectory } from './support/harness.js';

function modeOf(path: string): string {
  return (lstatSync(path).mode & 0o7777).toString(8);
}

/** For the test: whatever the machine's own umask is, the mode must not come from it. */
function underUmask(mask: number): void {
  const before = process.umask(mask);
  onTestFinished(() => void process.umask(before));
}

/** A listener's file, and its mode at the very moment that `listen` has returned: nothing else has run by then. */
function listener(path: string): { listen: () => Promise<string>; modeAtOnce: () => string } {
  const server = createServer();
  let modeAtOnce = '';
  onTestFinished(() => void server.close());
  const listen = async () => {
    server.listen(path);
    modeAtOnce = modeOf(path);
    await once(server, 'listening');
    return modeOf(path);
  };
  return { listen, modeAtOnce: () => modeAtOnce };
}

describe('a socket mode', () => {
  it.each([
    ['0660', 0o660],
    ['660', 0o660],
    ['0600', 0o600],
    ['0777', 0o777],
  ])('%s is read as octal', (text, mode) => {
    expect(parseSocketMode(text)).toBe(mode);
  });

  it.each(['', '66', '0o660', '0668', '1777', '77777', '-600', 'rw-rw----', ' 660'])('is not %j', (text) => {
    expect(() => parseSocketMode(text)).toThrow(RangeError);
    expect(() => parseSocketMode(text)).toThrow(/write octal digits .* as in 0660/);
  });

  it.each(['0060', '0400', '0260'])('%s is refused, for it shuts out the owner', (text) => {
    expect(() => parseSocketMode(text)).toThrow(/that let the owner read and write/);
  });
});

describe('a socket', () => {
  it.each([0o000, 0o022, 0o777])('has its mode from the first moment, with a umask of %i', async (umask) => {
    underUmask(umask);
    const path = join(socketDirectory(), 's.sock');
    const { listen, modeAtOnce } = listener(path);
    expect(await listenOn({ kind: 'unix', path }, 0o660, listen)).toBe('660');
    expect(modeAtOnce()).toBe('660');
  });

  it('leaves the umask as it was, for other files are none of its business', async () => {
    underUmask(0o027);
    const path = join(socketDirectory(), 's.sock');
    await listenOn({ kind: 'unix', path }, 0o600, listener(path).listen);
    expect(process.umask()).toBe(0o027);
  });

  it('leaves the umask as it was where listening fails, and the next one listens all the same', async () => {
    underUmask(0o027);
    const directory = socketDirectory();
    const unix = (name: string) => parseAddress(`unix:${join(directory, name)}`);
    const failing = listenOn(unix('a'), 0o600, () => Promise.reject(new Error('no')));
    const next = listenOn(unix('b'), 0o640, listener(join(directory, 'b')).listen);
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('640');
    expect(process.umask()).toBe(0o027);
  });

  it('made at the same time as another has its own mode', async () => {
    underUmask(0o022);
    const directory = socketDirectory();
    const make = (name: string, mode: number) => {
      const path = join(directory, name);
      return listenOn({ kind: 'unix', path }, mode, listener(path).listen);
    };
    expect(await Promise.all([make('a', 0o600), make('b', 0o666), make('c', 0o660)])).toEqual(['600', '666', '660']);
    expect(process.umask()).toBe(0o022);
  });

  it('is no matter to an address with a port', async () => {
    underUmask(0o022);
    const inside = await listenOn(parseAddress('127.0.0.1:0'), 0o600, async () => process.umask());
    expect(inside).toBe(0o022);
  });
});

overEachTransport((start) => {
  it.each([
    ['for owner and group unless told otherwise', undefined, DEFAULT_SOCKET_MODE],
    ['for the owner alone where that is asked for', 0o600, 0o600],
  ])('the socket is %s', async (_, socketMode, mode) => {
    underUmask(0o000);
    const path = join(socketDirectory(), 's.sock');
    await start({ address: `unix:${path}`, ...(socketMode === undefined ? {} : { socketMode }) });
    expect(modeOf(path)).toBe(mode.toString(8));
  });
});

describe('sluice serve', () => {
  async function served(args: readonly string[], env: Readonly<Record<string, string>>) {
    const directory = socketDirectory();
    const paths = { grpc: join(directory, 'grpc'), http: join(directory, 'http') };
    const sluice = await startSluice({
      policy: {},
      grpc: `unix:${paths.grpc}`,
      http: `unix:${paths.http}`,
      args: ['--transport', 'direct', ...args],
      env,
    });
    const modes = [modeOf(paths.grpc), modeOf(paths.http)];
    expect(await sluice.stop()).toBe(0);
    return modes;
  }

  it.each([
    ['0660 unless told otherwise', [], {}, '660'],
    ['what --socket-mode says', ['--socket-mode', '0600'], { SLUICE_SOCKET_MODE: '0666' }, '600'],
    ['what SLUICE_SOCKET_MODE says', [], { SLUICE_SOCKET_MODE: '640' }, '640'],
  ])(
    'makes both sockets with %s',
    async (_, args, env, mode) => {
      expect(await served(args, env)).toEqual([mode, mode]);
    },
    30_000,
  );

  it('refuses a mode that is none, and says what one is', async () => {
    const starting = startSluice({ policy: {}, args: ['--socket-mode', '999'] });
    await expect(starting).rejects.toThrow(/exit code 2.*socket mode "999": write octal digits/s);
  }, 30_000);
});

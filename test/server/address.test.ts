import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { formatAddress, listenOptions, parseAddress, removeStaleSocket } from '../../src/server/address.js';
import { socketDirectory } from './support/harness.js';
import { hangingSocket, leaveStaleSocket } from './support/stale.js';

describe('an address', () => {
  it.each([
    ['127.0.0.1:9002', { kind: 'tcp', host: '127.0.0.1', port: 9002 }],
    ['localhost:0', { kind: 'tcp', host: 'localhost', port: 0 }],
    ['[::1]:65535', { kind: 'tcp', host: '::1', port: 65535 }],
    ['unix:/run/sluice.sock', { kind: 'unix', path: '/run/sluice.sock' }],
  ])('%s is read, and written as it was', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
    expect(formatAddress(parseAddress(text))).toBe(text);
  });

  it.each([
    ['9002', /"9002": it has no port: write host:port/],
    ['', /"": it has no port/],
    [':9002', /it has no host: write 127\.0\.0\.1/],
    ['localhost:', /the port "" must be a number from 0 to 65535/],
    ['localhost:http', /the port "http" must be/],
    ['localhost:65536', /the port "65536" must be/],
    ['localhost:-1', /the port "-1" must be/],
    ['localhost:1e3', /the port "1e3" must be/],
    ['::1:9002', /in brackets: \[::1\]:9002/],
    ['unix:', /must be absolute, as in unix:\/run/],
    ['unix:sluice.sock', /must be absolute/],
    [`unix:/${'x'.repeat(107)}`, /has 108 bytes, a socket's may have at most 107/],
  ])('%j is refused with the fix', (text, message) => {
    expect(() => parseAddress(text)).toThrow(RangeError);
    expect(() => parseAddress(text)).toThrow(message);
  });

  it('may name a socket with the longest path that there is', () => {
    expect(parseAddress(`unix:/${'x'.repeat(106)}`).kind).toBe('unix');
  });

  it('becomes what servers listen on', () => {
    expect(listenOptions(parseAddress('[::1]:1'))).toEqual({ host: '::1', port: 1 });
    expect(listenOptions(parseAddress('unix:/a'))).toEqual({ path: '/a' });
  });
});

describe('a socket left behind', () => {
  it('is no matter where there is none', async () => {
    await expect(removeStaleSocket(join(socketDirectory(), 'none.sock'))).resolves.toBeUndefined();
  });

  it('is removed when nobody listens on it', async () => {
    const path = join(socketDirectory(), 'stale.sock');
    await leaveStaleSocket(path);
    await removeStaleSocket(path);
    expect(existsSync(path)).toBe(false);
  });

  it('stays when somebody listens on it, and the error says so', async () => {
    const path = join(socketDirectory(), 'live.sock');
    const server = createServer().listen(path);
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    await expect(removeStaleSocket(path)).rejects.toThrow(/another process listens on this socket/);
    expect(existsSync(path)).toBe(true);
  });

  it('stays when it cannot be told whether somebody listens on it', async () => {
    const path = join(socketDirectory(), 'hanging.sock');
    await hangingSocket(path);
    await expect(removeStaleSocket(path)).rejects.toThrow(/cannot tell whether the socket is in use/);
    expect(existsSync(path)).toBe(true);
  });

  it('stays when it is no socket at all', async () => {
    const directory = socketDirectory();
    writeFileSync(join(directory, 'file'), 'precious');
    mkdirSync(join(directory, 'directory'));
    await expect(removeStaleSocket(join(directory, 'file'))).rejects.toThrow(/is not a socket: remove it/);
    await expect(removeStaleSocket(join(directory, 'directory'))).rejects.toThrow(/is not a socket/);
    expect(existsSync(join(directory, 'file'))).toBe(true);
  });
});

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { binaryOf, PEER_NAMES, PEERS, type Peer, peersHere, titleOf } from './peer.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PROTO = '../../../../proto/';

/** But for what cargo writes where somebody builds by hand. */
function filesOf(directory: string): string[] {
  return readdirSync(join(HERE, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(join(HERE, directory).length + 1))
    .filter((name) => !name.startsWith('target/'));
}

function importsOf(proto: string, directory: string): string[] {
  const text = readFileSync(join(HERE, directory, proto), 'utf8');
  return [...text.matchAll(/^import "(.+)";$/gm)].map(([, name]) => `${name}`);
}

describe('the peers', () => {
  it('are those of the table, each with a title of its own', () => {
    expect(PEER_NAMES).toEqual(Object.keys(PEERS));
    expect(PEER_NAMES.map(titleOf)).toEqual(['a Go server that decides nothing', 'a Rust server that decides nothing']);
  });

  it.each(PEER_NAMES)('are built anew after a change of any file: %s', (name) => {
    const { directory, sources }: Peer = PEERS[name];
    expect(sources).toEqual(expect.arrayContaining(filesOf(directory)));
    for (const proto of sources.filter((source) => source.startsWith(PROTO))) {
      const ours = importsOf(proto, directory).filter((imported) => !imported.startsWith('google/'));
      expect(sources).toEqual(expect.arrayContaining(ours.map((imported) => `${PROTO}${imported}`)));
    }
  });
});

describe('the program of a peer', () => {
  let cache: string;
  let said: string[];

  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'sluice-peer-'));
    vi.stubEnv('XDG_CACHE_HOME', cache);
    said = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said.push(String(text));
      return true;
    });
  });

  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    rmSync(cache, { recursive: true });
  });

  /** Built by Node, which is at hand. */
  function madeBy(script: string, more: Partial<Peer> = {}): Peer {
    return {
      ...{ language: 'Some', command: process.execPath, needs: 'Some 1.0', directory: 'go', sources: ['go.mod'] },
      build: (root) => ['-e', `const root = ${JSON.stringify(root)}, fs = require('node:fs'); ${script}`],
      ...more,
    };
  }

  const WRITE = `fs.mkdirSync(root + '/bin'); fs.writeFileSync(root + '/bin/peer', process.cwd()); fs.mkdirSync(root + '/build')`;
  const inCache = () => readdirSync(join(cache, 'sluice'));

  it('is built in the directory of its sources, and is all that stays of it', async () => {
    const binary = await binaryOf(madeBy(WRITE));
    expect(`${readFileSync(binary, 'utf8')}/`).toBe(join(HERE, 'go/'));
    expect(inCache()).toEqual([binary.slice(join(cache, 'sluice').length + 1)]);
    expect(said).toEqual(['building the Some server to compare with (some minutes, once)\n']);
  });

  it('is built once', async () => {
    const binary = await binaryOf(madeBy(WRITE));
    expect(await binaryOf(madeBy('process.exit(1)'))).toBe(binary);
    expect(said).toHaveLength(1);
  });

  it('is another one where the sources are others', async () => {
    const binary = await binaryOf(madeBy(WRITE));
    expect(await binaryOf(madeBy(WRITE, { sources: ['go.mod', 'go.sum'] }))).not.toBe(binary);
    expect(inCache()).toHaveLength(2);
  });

  it.each([
    ['its build fails', madeBy(`${WRITE}; console.error('no such crate'); process.exit(101)`), 'no such crate'],
    ['its build makes nothing', madeBy(''), 'ENOENT'],
    ['its compiler is not there', madeBy(WRITE, { command: 'no-such-compiler' }), 'spawn no-such-compiler ENOENT'],
  ])('is not there where %s, and the error says what it takes and why', async (_name, peer, why) => {
    const error = await binaryOf(peer).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      message:
        'the Some server cannot be built here: install Some 1.0, let it reach its packages, or choose other arms (--arms)',
      cause: { message: expect.stringContaining(why) },
    });
    expect(inCache()).toEqual([]);
  });

  it('of no peer is there on a machine without compilers, which is said of each', async () => {
    vi.stubEnv('PATH', cache);
    const leftOut: string[] = [];
    expect(await peersHere((why) => leftOut.push(why))).toEqual([]);
    expect(leftOut).toHaveLength(PEER_NAMES.length);
    expect(leftOut[1]).toBe(
      'left out, as the Rust server cannot be built here: install Rust 1.88 or newer, let it reach its packages, ' +
        'or choose other arms (--arms) (spawn cargo ENOENT)',
    );
  });
});

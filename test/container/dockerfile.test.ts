// What the Dockerfile says, and what a linter says of it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runPythonTool } from '../support/python-tools.js';
import { DOCKERFILE, ROOT } from './assemble.js';
import { parseDockerfile } from './dockerfile.js';

const stages = parseDockerfile(readFileSync(DOCKERFILE, 'utf8'));
const last = stages.at(-1);
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<string, unknown>;

describe('deploy/Dockerfile', () => {
  it('passes hadolint, down to matters of style', async () => {
    const { code, said } = await runPythonTool('hadolint', ['--failure-threshold', 'style', DOCKERFILE]);
    expect(said).toBe('');
    expect(code).toBe(0);
  });

  it('builds and runs on the same Node, the newest of long-term support', () => {
    expect(stages.map(({ image }) => image)).toEqual([
      expect.stringMatching(/^node:24-/),
      expect.stringMatching(/^gcr\.io\/distroless\/nodejs24-.*:nonroot$/),
    ]);
  });

  it('runs as a user that Kubernetes can see is not root', () => {
    expect(last?.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  it('is healthy when the program itself says so, not by a tool that the image would have to bring', () => {
    expect(last?.healthcheck).toEqual([...(last?.entrypoint ?? []), 'health']);
  });

  it('is labelled with the version, the licence and the words of package.json', () => {
    expect(last?.args.VERSION).toBe(manifest.version);
    expect(last?.labels).toMatchObject({
      'org.opencontainers.image.title': manifest.name,
      'org.opencontainers.image.licenses': manifest.license,
      'org.opencontainers.image.version': expect.stringMatching(/^\$\{VERSION\}$/),
      'org.opencontainers.image.base.name': last?.image,
    });
  });
});

describe('the reader of Dockerfiles', () => {
  it('refuses what it does not know, rather than leave it unproven', () => {
    expect(() => parseDockerfile('FROM a\nVOLUME /x\n')).toThrow('VOLUME /x');
    expect(() => parseDockerfile('FROM a\nCOPY --chown=1 a b\n')).toThrow('--chown=1');
    expect(() => parseDockerfile('RUN first\n')).toThrow('RUN first');
  });
});

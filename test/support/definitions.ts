// Custom resources against the definitions of their kinds, as npm has them. Their schemas let unknown fields pass, which an
// API server drops or refuses. TypeScript refuses them, in a literal: so each resource is written down as one, and compiled.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from './bootstrap.js';

const ROOT = join(import.meta.dirname, '../..');
const PACKAGES: Readonly<Record<string, string>> = {
  'networking.istio.io': '@kubernetes-models/istio',
  'gateway.envoyproxy.io': '@kubernetes-models/envoy-gateway',
  'gateway.networking.k8s.io': '@kubernetes-models/gateway-api',
};
/** The packages' own types are not all correct by this project's options. */
const OPTIONS = [
  '--noEmit',
  '--strict',
  '--skipLibCheck',
  '--module',
  'nodenext',
  '--target',
  'es2023',
  '--ignoreConfig',
];

type Model = new (data: JsonObject) => { validate(): void };

/** What the schema of its kind says; '' where it is content. @throws Error for a kind that is not known here. */
export async function schemaErrors(resource: JsonObject): Promise<string> {
  const { module, kind } = definition(resource);
  const models = (await import(module)) as Readonly<Record<string, Model>>;
  const Kind = models[kind];
  if (Kind === undefined) throw new Error(`${module} has no ${kind}`);
  const { apiVersion: _version, kind: _kind, ...data } = resource;
  try {
    new Kind(data).validate();
    return '';
  } catch (error) {
    return String(error);
  }
}

/** What the compiler says; '' where every resource is of its type. */
export async function typeErrors(resources: readonly JsonObject[]): Promise<string> {
  // Below the project, so that modules are found.
  const cache = join(ROOT, 'node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const directory = await mkdtemp(join(cache, 'resources-'));
  try {
    const write = async (resource: JsonObject, index: number) => {
      const file = join(directory, `resource-${index}.mts`);
      await writeFile(file, literal(resource));
      return file;
    };
    return await compile(await Promise.all(resources.map(write)));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function definition({ apiVersion, kind }: JsonObject): { module: string; kind: string } {
  const [group = '', version = ''] = String(apiVersion).split('/');
  const name = PACKAGES[group];
  if (name === undefined) throw new Error(`no definitions of ${apiVersion} here`);
  return { module: `${name}/${group}/${version}/${kind}`, kind: String(kind) };
}

function literal(resource: JsonObject): string {
  const { module, kind } = definition(resource);
  const value = JSON.stringify(resource, null, 1);
  return `import type { I${kind} } from '${module}';\nexport const resource: I${kind} = ${value};\n`;
}

function compile(files: readonly string[]): Promise<string> {
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  return new Promise((resolve, reject) => {
    execFile(tsc, [...OPTIONS, ...files], { cwd: ROOT }, (error, stdout, stderr) => {
      const said = `${stdout}${stderr}`;
      if (error !== null && said === '') reject(error);
      else resolve(error === null ? '' : said);
    });
  });
}

// What deploy/kubernetes/README.md says of somebody's own Deployment, done to one.

import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { render } from '../support/kustomize.js';
import { find, type KubernetesObject, parseObjects, podOf } from './objects.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const KUBERNETES = join(ROOT, 'deploy', 'kubernetes');

const MINE = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { sluice: enabled } }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      initContainers: [{ name: migrate, image: migrate:1.0.0 }]
      containers: [{ name: web, image: web:1.0.0, volumeMounts: [{ name: data, mountPath: /data }] }]
      volumes: [{ name: data, emptyDir: {} }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: other }
spec:
  selector: { matchLabels: { app: other } }
  template:
    metadata: { labels: { app: other } }
    spec: { containers: [{ name: other, image: other:1.0.0 }] }
`;

let directory: string;
let objects: readonly KubernetesObject[];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'own-'));
  await mkdir(join(directory, 'settings'));
  await symlink(ROOT, join(directory, 'sluice'));
  const [kustomization = '', settings = ''] = await yamlOfReadme();
  await writeFile(join(directory, 'kustomization.yaml'), kustomization);
  await writeFile(join(directory, 'settings', 'kustomization.yaml'), settings);
  await writeFile(join(directory, 'my-deployment.yaml'), MINE);
  await writeFile(join(directory, 'settings', 'policy.yaml'), '# mine\n');
  await copyFile(join(KUBERNETES, 'components/sidecars/envoy.yaml'), join(directory, 'settings', 'envoy.yaml'));
  objects = parseObjects(await render(directory));
});
afterAll(() => rm(directory, { recursive: true }));

/** Its blocks of YAML, in order. */
async function yamlOfReadme(): Promise<string[]> {
  const text = await readFile(join(KUBERNETES, 'README.md'), 'utf8');
  return [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, block = '']) => block);
}

it('gets the sidecars before its own init containers, and keeps what it has', () => {
  const pod = podOf(objects, 'web');
  expect(pod.initContainers?.map(({ name }) => name)).toEqual(['sluice', 'envoy', 'migrate']);
  expect(pod.containers).toMatchObject([{ name: 'web', volumeMounts: [{ name: 'data' }] }]);
  expect(pod.volumes?.map(({ name }) => name)).toContain('data');
});

it('gets its own policy, and the images under the names it gave', () => {
  expect(find(objects, 'ConfigMap', 'sluice-policy').data).toEqual({ 'policy.yaml': '# mine\n' });
  expect(podOf(objects, 'web').initContainers?.map(({ image }) => image)).toEqual([
    'registry.example.com/sluice:0.1.0',
    'envoyproxy/envoy:v1.40.0',
    'migrate:1.0.0',
  ]);
});

it('is left alone without the label', () => {
  expect(podOf(objects, 'other')).toEqual({ containers: [{ name: 'other', image: 'other:1.0.0' }] });
});

// What the kustomizations of deploy/istio and deploy/envoy-gateway make of a workload, as it would be sent to a cluster. What is
// neither a workload nor a ConfigMap is checked by the definitions of its kind, in test/deploy.

import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parsePolicy } from '../../src/policy/load.js';
import { at, type Json, object } from '../support/bootstrap.js';
import { shippedResources } from '../support/deployed/envoy-gateway.js';
import { render } from '../support/kustomize.js';
import { runPythonTool } from '../support/python-tools.js';
import { container, deployments, find, type KubernetesObject, parseObjects, podOf } from './objects.js';
import { violations } from './restricted.js';

const DEPLOY = join(import.meta.dirname, '../../deploy');
const SECURE = {
  runAsNonRoot: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

/** A pod as its owners have it, before Sluice: for a gateway they name the container that Istio fills in. */
function workload(container: string, labels: Readonly<Record<string, string>>): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', labels },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: container, image: 'web:1.0.0', securityContext: SECURE }] },
      },
    },
  };
}

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-mesh-'));
  await cp(DEPLOY, join(directory, 'deploy'), { recursive: true });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function rendered(components: readonly string[], container: string, labels = { sluice: 'enabled' } as object) {
  await writeFile(join(directory, 'web.yaml'), stringify(workload(container, { ...labels })));
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    namespace: 'shop',
    resources: ['web.yaml'],
    components: components.map((name) => `deploy/istio/${name}`),
  };
  await writeFile(join(directory, 'kustomization.yaml'), stringify(kustomization));
  return parseObjects(await render(directory));
}

async function complaints(objects: readonly KubernetesObject[]): Promise<string[]> {
  const file = join(directory, 'native.yaml');
  const native = objects.filter(({ kind }) => kind === 'Deployment' || kind === 'ConfigMap');
  expect(native.length).toBeGreaterThan(1);
  await writeFile(file, native.map((each) => stringify(each)).join('---\n'));
  const { code, said } = await runPythonTool('kubernetes-validate', ['--strict', '--no-warn', file]);
  const lines = said.split('\n').filter((line) => line !== '' && !line.startsWith('INFO'));
  return code === 0 ? lines : [`exit code ${code}`, ...lines];
}

describe.each([
  ['sidecar', 'app', 'sluice-outbound'],
  ['gateway', 'istio-proxy', 'sluice-gateway'],
])('the component %s of deploy/istio', (component, main, filter) => {
  it('makes of a Deployment one that Kubernetes knows every field of, and that runs restricted', async () => {
    const objects = await rendered([component, 'enforce'], main);
    expect(await complaints(objects)).toEqual([]);
    for (const { template } of deployments(objects)) expect(violations(template.spec)).toEqual([]);
    expect(container(podOf(objects, 'web'), 'sluice').restartPolicy).toBe('Always');
    expect(container(podOf(objects, 'web'), main).image).toBe('web:1.0.0');
  });

  it('brings the filters, and a policy that Sluice takes', async () => {
    const objects = await rendered([component, 'enforce'], main);
    const names = objects.filter(({ kind }) => kind === 'EnvoyFilter').map(({ metadata }) => metadata.name);
    expect(names.sort()).toEqual([filter, 'sluice-retries'].sort());
    const { data = {} } = find(objects, 'ConfigMap', 'sluice-policy');
    expect(parsePolicy(data['policy.yaml'] ?? '', 'policy.yaml')).toMatchObject({ ok: true, warnings: [] });
  });

  it('leaves Deployments without the label alone', async () => {
    const pod = podOf(await rendered([component], main, {}), 'web');
    expect(pod.initContainers).toBeUndefined();
    expect(pod.volumes).toBeUndefined();
  });
});

describe('deploy/envoy-gateway', () => {
  it('renders, with a policy that Sluice takes where the pods of the proxies are', async () => {
    const objects = parseObjects(await render(join(directory, 'deploy/envoy-gateway')));
    const { data = {}, metadata } = find(objects, 'ConfigMap', 'sluice-policy');
    expect(metadata).toMatchObject({ name: 'sluice-policy', namespace: 'envoy-gateway-system' });
    expect(parsePolicy(data['policy.yaml'] ?? '', 'policy.yaml')).toMatchObject({ ok: true, warnings: [] });
    const kinds = objects.map(({ kind }) => kind).filter((kind) => kind !== 'ConfigMap');
    expect(kinds.sort()).toEqual([
      ...['Backend', 'BackendTrafficPolicy', 'ClientTrafficPolicy'],
      ...['EnvoyExtensionPolicy', 'EnvoyPatchPolicy', 'EnvoyProxy'],
    ]);
  });

  it('puts a container into the pods that Kubernetes knows every field of, and that runs restricted', async () => {
    const [proxy] = shippedResources('envoy-proxy.yaml');
    const deployment = object(at(object(proxy), 'spec', 'provider', 'kubernetes', 'envoyDeployment'));
    const base = object(JSON.parse(JSON.stringify(workload('envoy', {}))) as Json);
    const spec = object(at(base, 'spec', 'template', 'spec'));
    Object.assign(object(at(spec, 'containers', 0)), deployment.container);
    Object.assign(spec, deployment.pod, { initContainers: deployment.initContainers });
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'sluice-policy' } };
    const objects = parseObjects([base, configMap].map((each) => stringify(each)).join('---\n'));
    expect(await complaints(objects)).toEqual([]);
    for (const { template } of deployments(objects)) expect(violations(template.spec)).toEqual([]);
  });
});

// Every kustomization, as it would be sent to a cluster: what validators say, what the Pod Security Standard says, and that
// its parts fit each other.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parsePolicy } from '../../src/policy/load.js';
import { runPythonTool } from '../support/python-tools.js';
import {
  allContainers,
  container,
  deployments,
  find,
  KUSTOMIZATIONS,
  type KubernetesObject,
  type Labels,
  parseObjects,
  podOf,
  renderYaml,
} from './objects.js';
import { podMonitorProblems } from './operator-schema.js';
import { violations } from './restricted.js';

interface Selector {
  readonly matchLabels: Labels;
}

const selects = (selector: Labels, labels: Labels) =>
  Object.entries(selector).every(([name, value]) => labels[name] === value);

describe.each(KUSTOMIZATIONS)('deploy/kubernetes/%s', (name) => {
  let yaml: string;
  let objects: readonly KubernetesObject[];
  beforeAll(async () => {
    yaml = await renderYaml(name);
    objects = parseObjects(yaml);
  });

  it('is valid, without a field that Kubernetes does not know', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-manifests-'));
    try {
      const file = join(directory, 'all.yaml');
      await writeFile(file, yaml);
      const { code, said } = await runPythonTool('kubernetes-validate', ['--strict', '--no-warn', file]);
      expect(said.split('\n').filter((line) => line !== '' && !line.startsWith('INFO'))).toEqual([]);
      expect(code).toBe(0);
      expect(said).toContain('deployment/web');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('has pods that a namespace with the restricted Pod Security Standard admits', () => {
    expect(deployments(objects).length).toBeGreaterThan(0);
    for (const { template } of deployments(objects)) expect(violations(template.spec)).toEqual([]);
  });

  it('asks for resources in every container, and limits the memory of each', () => {
    for (const { template } of deployments(objects)) {
      for (const { resources } of allContainers(template.spec)) {
        expect(resources).toMatchObject({
          requests: { cpu: expect.any(String), memory: expect.any(String) },
          limits: { memory: expect.any(String) },
        });
      }
    }
  });

  it('names every image with a version', () => {
    for (const { template } of deployments(objects)) {
      for (const { image } of allContainers(template.spec))
        expect(image).toMatch(/^[\w./-]+(:v?\d+\.\d+\.\d+|@sha256:\w+)$/);
    }
  });

  it('mounts what there is: volumes of the pod, ConfigMaps of the set, and directories, so that changes arrive', () => {
    for (const { template } of deployments(objects)) {
      const volumes = (template.spec.volumes ?? []).map((volume) => volume.name);
      const mounts = allContainers(template.spec).flatMap(({ volumeMounts = [] }) => volumeMounts);
      expect(new Set(mounts.map((mount) => mount.name))).toEqual(new Set(volumes));
      expect(mounts.filter(({ subPath }) => subPath !== undefined)).toEqual([]);
      for (const { configMap } of template.spec.volumes ?? []) {
        if (configMap !== undefined) expect(find(objects, 'ConfigMap', configMap.name).data).toBeDefined();
      }
    }
  });

  it('has a policy that Sluice takes', () => {
    const { data = {} } = find(objects, 'ConfigMap', 'sluice-policy');
    expect(parsePolicy(data['policy.yaml'] ?? '', 'policy.yaml')).toMatchObject({ ok: true, warnings: [] });
  });

  it('changes the policy under the same name, and the bootstrap under another, as Envoy reads it once', () => {
    const [policy, bootstrap] = ['sluice-policy', 'sluice-envoy'].map((prefix) =>
      objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith(prefix)),
    );
    expect(policy?.metadata.name).toBe('sluice-policy');
    expect(bootstrap?.metadata.name).toMatch(/^sluice-envoy-[a-z\d]{10}$/);
  });

  it('selects pods that there are', () => {
    const pods = deployments(objects).map(({ template }) => template.metadata.labels);
    const selected = (selector: Labels) => pods.filter((labels) => selects(selector, labels)).length;
    const specs = (kind: string) => objects.filter((object) => object.kind === kind).map(({ spec }) => spec);
    for (const spec of specs('Service')) expect(selected((spec as { selector: Labels }).selector)).toBeGreaterThan(0);
    for (const spec of specs('NetworkPolicy')) {
      expect(selected((spec as { podSelector: Selector }).podSelector.matchLabels)).toBe(1);
    }
    for (const kind of ['PodDisruptionBudget', 'PodMonitor', 'Deployment']) {
      for (const spec of specs(kind)) expect(selected((spec as { selector: Selector }).selector.matchLabels)).toBe(1);
    }
  });
});

describe('the sidecars', () => {
  let objects: readonly KubernetesObject[];
  beforeAll(async () => {
    objects = parseObjects(await renderYaml('base'));
  });
  const sidecars = () => podOf(objects, 'web').initContainers ?? [];

  it('are native ones, and Sluice is up before Envoy starts', () => {
    expect(sidecars().map((sidecar) => [sidecar.name, sidecar.restartPolicy])).toEqual([
      ['sluice', 'Always'],
      ['envoy', 'Always'],
    ]);
    for (const { startupProbe } of sidecars()) expect(startupProbe).toBeDefined();
  });

  it('let the kubelet ask Sluice over gRPC, at an address that does nothing else', () => {
    const { env = [], startupProbe, readinessProbe, livenessProbe } = container(podOf(objects, 'web'), 'sluice');
    const [, port] = env.find(({ name }) => name === 'SLUICE_HEALTH')?.value?.split(':') ?? [];
    for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
      expect(probe?.grpc).toEqual({ port: Number(port) });
    }
  });

  it('leave only those ports open to others that the NetworkPolicy speaks of, and the one for the kubelet', () => {
    const open = sidecars().flatMap(({ ports = [] }) => ports.map(({ containerPort }) => containerPort));
    const { ingress } = find(objects, 'NetworkPolicy', 'web').spec as {
      ingress: readonly { readonly from?: unknown; readonly ports: readonly { readonly port: number }[] }[];
    };
    const ports = (rules: typeof ingress) => rules.flatMap((rule) => rule.ports.map(({ port }) => port));
    expect(ports(ingress.filter(({ from }) => from === undefined))).toEqual([8000]);
    expect(ports(ingress.filter(({ from }) => from !== undefined))).toEqual([9003, 9902]);
    expect(new Set([...ports(ingress), 9004])).toEqual(new Set(open));
  });

  it('have time to end: hooks, application, and the drain of Sluice fit into the grace period', () => {
    const drain = Number(container(podOf(objects, 'web'), 'sluice').args?.at(-1));
    expect(podOf(objects, 'web').terminationGracePeriodSeconds).toBeGreaterThan(5 + drain + 10);
  });
});

describe('the PodMonitor', () => {
  it('is one to the operator, and scrapes ports by names that there are', async () => {
    const objects = parseObjects(await renderYaml('overlays/prometheus-operator'));
    const monitor = find(objects, 'PodMonitor', 'sluice');
    expect(await podMonitorProblems(monitor)).toEqual([]);
    const names = allContainers(podOf(objects, 'web')).flatMap(({ ports = [] }) => ports.map((port) => port.name));
    const { podMetricsEndpoints } = monitor.spec as { podMetricsEndpoints: readonly { readonly port: string }[] };
    for (const { port } of podMetricsEndpoints) expect(names).toContain(port);
  });

  it('is none with a field misspelt, or of another type', async () => {
    const monitor = { apiVersion: 'monitoring.coreos.com/v1', kind: 'PodMonitor', metadata: { name: 'x' } };
    const spec = (endpoint: object) => ({ ...monitor, spec: { selector: {}, podMetricsEndpoints: [endpoint] } });
    expect(await podMonitorProblems(spec({ port: 'a', intervall: '15s' }))).toEqual([
      expect.stringContaining('intervall'),
    ]);
    expect(await podMonitorProblems(spec({ port: 9003 }))).toEqual([expect.stringContaining('must be string')]);
  });
});

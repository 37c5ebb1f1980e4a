// Kubernetes objects as far as the tests look at them.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { render } from '../support/kustomize.js';

const KUBERNETES = fileURLToPath(new URL('../../deploy/kubernetes/', import.meta.url));

/** Every kustomization that can be applied as it is. */
export const KUSTOMIZATIONS = ['base', 'overlays/shadow', 'overlays/tcp', 'overlays/prometheus-operator'] as const;
export type KustomizationName = (typeof KUSTOMIZATIONS)[number];

export interface SecurityContext {
  readonly [field: string]: unknown;
}

export interface Probe {
  readonly grpc?: { readonly port: number };
  readonly httpGet?: { readonly path: string; readonly port: string | number; readonly host?: string };
  readonly tcpSocket?: { readonly host?: string };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number; readonly hostPort?: number }[];
  readonly restartPolicy?: string;
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly lifecycle?: { readonly preStop?: { readonly exec?: { readonly command: readonly string[] } } };
  readonly resources?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly securityContext?: SecurityContext;
  readonly volumeMounts?: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly subPath?: string;
    readonly readOnly?: boolean;
  }[];
}

export interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly emptyDir?: { readonly medium?: string };
  readonly [kind: string]: unknown;
}

export interface PodSpec {
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly securityContext?: SecurityContext;
  readonly [field: string]: unknown;
}

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Labels; readonly annotations?: Labels };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: unknown;
}

export type Labels = Readonly<Record<string, string>>;

export interface PodTemplate {
  readonly metadata: { readonly labels: Labels };
  readonly spec: PodSpec;
}

export async function renderYaml(name: KustomizationName): Promise<string> {
  return render(join(KUBERNETES, name));
}

export function parseObjects(yaml: string): readonly KubernetesObject[] {
  return parseAllDocuments(yaml).map((document) => document.toJS() as KubernetesObject);
}

/** @throws Error where there is none of that kind and name. */
export function find(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
}

export function deployments(objects: readonly KubernetesObject[]): { name: string; template: PodTemplate }[] {
  return objects
    .filter(({ kind }) => kind === 'Deployment')
    .map(({ metadata, spec }) => ({ name: metadata.name, template: (spec as { template: PodTemplate }).template }));
}

/** The pod template of that Deployment. */
export function podOf(objects: readonly KubernetesObject[], deployment: string): PodSpec {
  return (find(objects, 'Deployment', deployment).spec as { template: PodTemplate }).template.spec;
}

/** In the order in which they start. */
export function allContainers(pod: PodSpec): readonly Container[] {
  return [...(pod.initContainers ?? []), ...pod.containers];
}

export function container(pod: PodSpec, name: string): Container {
  const found = allContainers(pod).find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`the pod has no container ${name}`);
  return found;
}

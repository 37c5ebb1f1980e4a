// The pod's volumes as directories, with the owners and modes that a kubelet gives them.

import { chmod, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigMapVolume } from './config-map-volume.js';
import type { KubernetesObject, PodSpec, Volume } from './objects.js';
import { IS_ROOT } from './run-as.js';

export interface Volumes {
  /** Directory by the volume's name. */
  readonly paths: ReadonlyMap<string, string>;
  readonly configMaps: ReadonlyMap<string, ConfigMapVolume>;
}

type Data = Readonly<Record<string, string>>;

/** @param change what to write in place of a ConfigMap's file. */
export async function makeVolumes(
  directory: string,
  pod: PodSpec,
  objects: readonly KubernetesObject[],
  change: (file: string, text: string) => string,
): Promise<Volumes> {
  const paths = new Map<string, string>();
  const configMaps = new Map<string, ConfigMapVolume>();
  for (const volume of pod.volumes ?? []) {
    const path = join(directory, volume.name);
    paths.set(volume.name, path);
    if (volume.configMap === undefined) await makeEmptyDir(path, volume, pod);
    else
      configMaps.set(volume.name, await ConfigMapVolume.create(path, dataOf(volume.configMap.name, objects, change)));
  }
  return { paths, configMaps };
}

function dataOf(
  name: string,
  objects: readonly KubernetesObject[],
  change: (file: string, text: string) => string,
): Data {
  const found = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name);
  if (found?.data === undefined) throw new Error(`no ConfigMap ${name}`);
  return Object.fromEntries(Object.entries(found.data).map(([file, text]) => [file, change(file, text)]));
}

/** For everybody; with an fsGroup it is that group's, and so is what is made in it. */
async function makeEmptyDir(path: string, { name, emptyDir }: Volume, pod: PodSpec): Promise<void> {
  if (emptyDir === undefined) throw new Error(`volume ${name} is neither a ConfigMap nor an emptyDir`);
  await mkdir(path);
  const fsGroup = pod.securityContext?.fsGroup;
  if (IS_ROOT && fsGroup !== undefined) await chown(path, 0, Number(fsGroup));
  // The mode comes last: a change of the owner takes the set-group-ID bit away.
  await chmod(path, fsGroup === undefined ? 0o777 : 0o2777);
}

// The user, groups and rights that a container's security context asks for. Taking them on needs root; who runs the tests
// as somebody else runs everything as that one, and only what is about users is not proven then.

import type { Container, PodSpec } from './objects.js';

export const IS_ROOT = process.getuid?.() === 0;

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

/** The command, run as the container's user, without capabilities, unable to gain any. */
export function asUserOf(container: Container, pod: PodSpec, { program, args }: Command): Command {
  if (!IS_ROOT) return { program, args };
  const { runAsUser, runAsGroup } = container.securityContext ?? {};
  const fsGroup = pod.securityContext?.fsGroup;
  const groups = fsGroup === undefined ? ['--clear-groups'] : ['--groups', String(fsGroup)];
  const ids = ['--reuid', String(runAsUser), '--regid', String(runAsGroup)];
  const rights = ['--no-new-privs', '--inh-caps=-all', '--bounding-set=-all'];
  return { program: 'setpriv', args: [...ids, ...groups, ...rights, program, ...args] };
}

/** The same pod with an fsGroup, as another's Deployment may have one. */
export function withFsGroup(pod: PodSpec, fsGroup: number): PodSpec {
  return { ...pod, securityContext: { ...pod.securityContext, fsGroup } };
}

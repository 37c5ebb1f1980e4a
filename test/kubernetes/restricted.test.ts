// The check that stands for the admission controller has to be able to refuse: one bad pod per rule.

import { describe, expect, it } from 'vitest';
import type { Container, PodSpec, SecurityContext } from './objects.js';
import { violations } from './restricted.js';

const GOOD: SecurityContext = {
  runAsNonRoot: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

function pod(changes: Partial<PodSpec> = {}, container: Partial<Container> = {}): PodSpec {
  return { containers: [{ name: 'c', image: 'i', securityContext: GOOD, ...container }], ...changes };
}

const secured = (changes: SecurityContext) => pod({}, { securityContext: { ...GOOD, ...changes } });

describe('the restricted Pod Security Standard', () => {
  it('admits a pod that keeps to it', () => {
    expect(violations(pod())).toEqual([]);
    expect(violations(pod({ volumes: [{ name: 'v', emptyDir: {} }] }))).toEqual([]);
    expect(violations(secured({ capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } }))).toEqual([]);
  });

  it('lets a pod say for all of its containers what may be said there', () => {
    const { runAsNonRoot, seccompProfile, ...own } = GOOD;
    const spec = pod({ securityContext: { runAsNonRoot, seccompProfile } }, { securityContext: own });
    expect(violations(spec)).toEqual([]);
  });

  it.each<[string, PodSpec]>([
    ['hostNetwork', pod({ hostNetwork: true })],
    ['hostPID', pod({ hostPID: true })],
    ['hostIPC', pod({ hostIPC: true })],
    ['hostPath', pod({ volumes: [{ name: 'v', hostPath: { path: '/' } }] })],
    ['sysctl kernel.msgmax', pod({ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } })],
    ['pod: runAsUser 0', pod({ securityContext: { runAsUser: 0 } })],
    ['container c: runAsUser 0', secured({ runAsUser: 0 })],
    ['runAsNonRoot', secured({ runAsNonRoot: undefined })],
    ['runAsNonRoot', secured({ runAsNonRoot: false })],
    ['no seccomp profile', secured({ seccompProfile: undefined })],
    ['seccomp Unconfined', secured({ seccompProfile: { type: 'Unconfined' } })],
    ['AppArmor', secured({ appArmorProfile: { type: 'Unconfined' } })],
    ['SELinux type', secured({ seLinuxOptions: { type: 'spc_t' } })],
    ['SELinux user', secured({ seLinuxOptions: { user: 'system_u' } })],
    ['hostProcess', secured({ windowsOptions: { hostProcess: true } })],
    ['allowPrivilegeEscalation', secured({ allowPrivilegeEscalation: undefined })],
    ['privileged', secured({ privileged: true })],
    ['procMount', secured({ procMount: 'Unmasked' })],
    ['drop ALL', secured({ capabilities: { drop: ['NET_RAW'] } })],
    ['adds SYS_TIME', secured({ capabilities: { drop: ['ALL'], add: ['SYS_TIME'] } })],
    ['hostPort', pod({}, { ports: [{ containerPort: 1, hostPort: 1 }] })],
    ['of host', pod({}, { livenessProbe: { httpGet: { path: '/', port: 1, host: 'elsewhere' } } })],
  ])('refuses %s', (words, spec) => {
    expect(violations(spec)).toEqual([expect.stringContaining(words)]);
  });

  it('holds init containers to it as well', () => {
    const spec = pod({ initContainers: [{ name: 'first', image: 'i' }] });
    expect(violations(spec).every((violation) => violation.includes('container first'))).toBe(true);
    expect(violations(spec)).toHaveLength(4);
  });
});

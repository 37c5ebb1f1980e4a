// The Pod Security Standard `restricted`, rule by rule, those of `baseline` included: what the admission controller of a
// namespace with `pod-security.kubernetes.io/enforce: restricted` refuses.

import { allContainers, type Container, type PodSpec, type SecurityContext } from './objects.js';

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];
const SECCOMP = ['RuntimeDefault', 'Localhost'];
const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'];
const SAFE_SYSCTLS = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
];

/** What is forbidden, each with its place; empty: the pod is admitted. */
export function violations(pod: PodSpec): readonly string[] {
  return [...ofPod(pod), ...allContainers(pod).flatMap((container) => ofContainer(container, pod))];
}

function ofPod(pod: PodSpec): string[] {
  const hosts = ['hostNetwork', 'hostPID', 'hostIPC'].filter((field) => pod[field] === true);
  const sysctls = (pod.securityContext?.sysctls ?? []) as readonly { readonly name: string }[];
  return [
    ...hosts.map((field) => `pod: ${field}`),
    ...sysctls.filter(({ name }) => !SAFE_SYSCTLS.includes(name)).map(({ name }) => `pod: sysctl ${name}`),
    ...(pod.volumes ?? []).flatMap((volume) =>
      Object.keys(volume)
        .filter((key) => key !== 'name' && !VOLUMES.includes(key))
        .map((type) => `volume ${volume.name}: ${type}`),
    ),
    ...ofContext('pod', pod.securityContext ?? {}),
  ];
}

/** Rules for what may stand at the pod as well as at a container. */
function ofContext(place: string, context: SecurityContext): string[] {
  const seLinux = (context.seLinuxOptions ?? {}) as { type?: string; user?: string; role?: string };
  const seccomp = (context.seccompProfile ?? {}) as { type?: string };
  const appArmor = (context.appArmorProfile ?? {}) as { type?: string };
  const windows = (context.windowsOptions ?? {}) as { hostProcess?: boolean };
  return [
    ...when(context.runAsUser === 0, `${place}: runAsUser 0`),
    ...when(seccomp.type !== undefined && !SECCOMP.includes(seccomp.type), `${place}: seccomp ${seccomp.type}`),
    ...when(appArmor.type === 'Unconfined', `${place}: AppArmor Unconfined`),
    ...when(!SELINUX_TYPES.includes(seLinux.type ?? ''), `${place}: SELinux type ${seLinux.type}`),
    ...when((seLinux.user ?? '') !== '' || (seLinux.role ?? '') !== '', `${place}: SELinux user or role`),
    ...when(windows.hostProcess === true, `${place}: hostProcess`),
  ];
}

function ofContainer(container: Container, pod: PodSpec): string[] {
  const place = `container ${container.name}`;
  const own = container.securityContext ?? {};
  const effective = { ...pod.securityContext, ...own };
  const capabilities = (own.capabilities ?? {}) as { add?: readonly string[]; drop?: readonly string[] };
  const added = (capabilities.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE');
  return [
    ...ofContext(place, own),
    ...when(effective.runAsNonRoot !== true, `${place}: runAsNonRoot is not true`),
    ...when(effective.seccompProfile === undefined, `${place}: no seccomp profile`),
    ...when(own.allowPrivilegeEscalation !== false, `${place}: allowPrivilegeEscalation is not false`),
    ...when(own.privileged === true, `${place}: privileged`),
    ...when(!['Default', undefined].includes(own.procMount as string | undefined), `${place}: procMount`),
    ...when(capabilities.drop?.includes('ALL') !== true, `${place}: does not drop ALL capabilities`),
    ...added.map((name) => `${place}: adds ${name}`),
    ...(container.ports ?? []).flatMap(({ hostPort }) =>
      when(hostPort !== undefined && hostPort !== 0, `${place}: hostPort`),
    ),
    ...hostsOfProbes(container).map((host) => `${place}: probes or hooks of host ${host}`),
  ];
}

function hostsOfProbes({ startupProbe, readinessProbe, livenessProbe, lifecycle }: Container): string[] {
  const hooks = Object.values(lifecycle ?? {}) as (typeof startupProbe)[];
  return [startupProbe, readinessProbe, livenessProbe, ...hooks]
    .flatMap((probe) => [probe?.httpGet?.host, probe?.tcpSocket?.host])
    .flatMap((host) => (host === undefined || host === '' ? [] : [host]));
}

function when(condition: boolean, violation: string): string[] {
  return condition ? [violation] : [];
}

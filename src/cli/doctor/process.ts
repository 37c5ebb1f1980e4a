// The two processes and the way between them: nothing else can be right where these are not.

import { literal } from './figures.js';
import { type Check, counts, type Examined, ok, unseen, wrong } from './finding.js';

const OLDEST_MINOR = 36;

export const sluice: Check = ({ ready, sluice: { now, ever } }) => {
  if (!ready) {
    return wrong(
      'sluice',
      'it says that it is not ready: it starts, or drains',
      'wait, or see its log for why it stops',
    );
  }
  const faults = now.each(/^sluice_faults_total\{reason="(\w+)"\}$/);
  if (faults.length > 0) {
    return wrong('sluice', `internal faults: ${counts(faults)}; each failed open`, 'see its log, and report them');
  }
  const dropped = now.each(/^sluice_dropped_total\{reason="(\w+)"\}$/);
  if (dropped.length > 0) {
    return wrong(
      'sluice',
      `dropped before their time: ${counts(dropped)}`,
      'more requests are open, or clusters known, than it holds: run more replicas, or put fewer clusters behind one',
    );
  }
  const rejected = now.sum(/^sluice_policy_reloads_total\{result="rejected"\}$/);
  if (rejected > 0) {
    return wrong(
      'sluice',
      'it rejected the policy file',
      'sluice check FILE says why; the policy before it is in force',
    );
  }
  const before = ever.sum(/^sluice_faults_total\{/);
  return ok('sluice', before === 0 ? 'ready, without a fault' : `ready; ${before} faults before, none now`);
};

export const envoy: Check = ({ version, state }) => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (state !== 'LIVE') {
    return wrong('envoy', `${version}, state ${state}`, 'wait until it is LIVE, or end its draining');
  }
  if (major === 1 && minor < OLDEST_MINOR) {
    return wrong('envoy', `${version} is older than any that was tried`, `use 1.${OLDEST_MINOR} or newer`);
  }
  return ok('envoy', `${version}, LIVE`);
};

export const wiring: Check = ({ wiring: { roles, withoutRole, unguarded, clusters } }) => {
  if (!roles.includes('admission')) {
    return wrong(
      'wiring',
      roles.length === 0
        ? 'no external processor of this Envoy has the initial metadata x-sluice-role'
        : `external processors for ${roles.join(' and ')}, but none for admission`,
      'put the admission filter before the router: envoy.yaml shows it, and sluice envoy does it',
    );
  }
  if (withoutRole > 0) {
    return wrong(
      'wiring',
      `${withoutRole} external processors go to ${clusters.join(', ')} without the initial metadata x-sluice-role`,
      'give each its role: admission, gate or judge',
    );
  }
  const without = unguarded.length === 0 ? '' : `; without admission: the listeners of ${unguarded.join(', ')}`;
  return ok('wiring', `${roles.join(', ')} at the cluster ${clusters.join(', ')}${without}`);
};

export const connection: Check = (examined) => {
  const clusters = ofSluice(examined);
  if (clusters === null) return unseen('connection', 'Envoy has no cluster for Sluice');
  const { now, ever } = examined.envoy;
  const overflow = now.sum(clusters('upstream_(rq_pending|rq_active|cx)_overflow'));
  if (overflow > 0) {
    return wrong(
      'connection',
      `${overflow} requests met the limits of Sluice's cluster, so that nothing was decided for them`,
      'raise circuit_breakers of that cluster (max_requests, max_pending_requests): the default is 1,024',
    );
  }
  if (ever.sum(clusters('membership_total')) === 0) {
    return wrong('connection', 'the cluster of Sluice has no host', 'check its address, and that the name resolves');
  }
  const active = ever.sum(clusters('upstream_cx_active'));
  if (active > 0) return ok('connection', `${active} open`);
  const failed = ever.sum(clusters('upstream_cx_connect_fail'));
  if (
    now.sum(clusters('upstream_cx_connect_fail')) > 0 ||
    (failed > 0 && failed === ever.sum(clusters('upstream_cx_total')))
  ) {
    return wrong(
      'connection',
      `Envoy cannot connect to Sluice: ${failed} connections have failed, and none is open`,
      'compare the address in Envoy with --grpc; for a Unix socket, its mode and group (--socket-mode)',
    );
  }
  return unseen('connection', 'none is open: Envoy makes one when it needs it', SEND);
};

/** Envoy ends each stream with a reset, and Node's HTTP/2 takes many of these for an attack. */
export const graceful: Check = ({ graceful: on, envoy: { now } }) => {
  if (on) return ok('graceful', 'streams are closed gracefully (ext_proc_graceful_grpc_close)');
  const failed = now.sum(/ext_proc\.(?:[^.]+\.)?streams_failed$/);
  const fix = 'set envoy.reloadable_features.ext_proc_graceful_grpc_close: true in layered_runtime';
  if (failed > 0) return wrong('graceful', `${failed} streams failed, and the flag for their graceful end is off`, fix);
  return unseen('graceful', 'the flag is off; --transport grpc-js loses decisions under load without it', fix);
};

export const SEND = 'send requests through Envoy meanwhile, or let --send URL do it';

function ofSluice({ wiring: { clusters } }: Examined): ((name: string) => RegExp) | null {
  if (clusters.length === 0) return null;
  const names = clusters.map(literal).join('|');
  return (name) => new RegExp(`^cluster\\.(?:${names})\\.${name}$`);
}

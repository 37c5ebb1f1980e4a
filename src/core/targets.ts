// A finer key than the cluster: which circuit of a cluster a request belongs to, by the value of one of its headers (a
// model, a tool, a tenant). Values come from clients, so the names they may take are bounded:
//
// - A value has a circuit of its own while there are fewer than `key.max` such circuits; the rest share `_other`. Values
//   that the policy lists always have theirs.
// - A name is not kept here: a value has it for as long as its circuit lives. One that is idle or evicted frees its
//   place, and nothing has to be told of that.
// - A value that the policy does not list never makes another circuit go: where the registry is full, it shares.

import type { Circuit } from './circuit/breaker.js';
import type { Context } from './context.js';
import { type CircuitPolicy, type KeyPolicy, MAX_TARGET_LENGTH, OTHER_TARGET } from './policy.js';
import type { RequestFacts } from './request.js';
import { type Session, type Slot, slotOf } from './session.js';

type Known = Pick<Context, 'policy' | 'circuits'>;

/** The request's target on this cluster; null: the cluster has no key, or the request not that header. O(1). */
export function targetOf(known: Known, cluster: string, headers: RequestFacts['headers']): string | null {
  const key = cluster === '' ? null : known.policy.keyFor(cluster);
  return key === null ? null : named(known, cluster, key, headers.text(key.header) ?? '');
}

/** The circuit that learns for a target which was named earlier: its own, or what it shares now that it has none. */
export function circuitFor(known: Known, cluster: string, target: string | null, now: number): Circuit {
  return known.circuits.use(cluster, now, renamed(known, cluster, target));
}

/** The circuit of the slot is still the one that learns for it. false: it was forgotten meanwhile, or goes by another name. */
export function stillLearns(known: Known, { cluster, target, circuit }: Slot, now: number): boolean {
  // Only a target may get another name.
  if (target === null && known.circuits.useAgain(circuit, now)) return true;
  return circuitFor(known, cluster, target, now) === circuit;
}

/** The target of an attempt that went to this cluster, planned or not. */
export function targetAt(known: Known, session: Session, cluster: string): string | null {
  const slot = slotOf(session, cluster);
  if (slot !== undefined) return slot.target;
  const { record } = session;
  if (record.target === null) return null;
  // The headers are gone by now; but where both clusters are split by the same one, its value is known.
  const sameHeader = known.policy.keyFor(cluster)?.header === known.policy.keyFor(record.cluster)?.header;
  return sameHeader ? renamed(known, cluster, record.target) : null;
}

/** What counts as a failure, and as slow, where the attempt went: as it was when the request was admitted, if it was planned. */
export function circuitPolicyAt(known: Known, session: Session, cluster: string): CircuitPolicy {
  const slot = slotOf(session, cluster);
  if (slot !== undefined) return slot.policy.circuit;
  return known.policy.forTarget(cluster, targetAt(known, session, cluster), '').circuit;
}

/** What a target is called now: a reload may have taken the key away, and other values the place. null: it has none. */
export function renamed(known: Known, cluster: string, target: string | null): string | null {
  if (target === null) return null;
  const key = known.policy.keyFor(cluster);
  return key === null ? null : named(known, cluster, key, target);
}

function named(known: Known, cluster: string, key: KeyPolicy, value: string): string | null {
  if (value === '') return null;
  if (value === OTHER_TARGET || value.length > MAX_TARGET_LENGTH) return OTHER_TARGET;
  return known.policy.listsTarget(cluster, value) || hasPlace(known, cluster, key, value) ? value : OTHER_TARGET;
}

function hasPlace({ circuits }: Known, cluster: string, { max }: KeyPolicy, value: string): boolean {
  if (circuits.get(cluster, value) !== undefined) return true;
  if (circuits.isFull) return false;
  const shared = circuits.get(cluster, OTHER_TARGET) === undefined ? 0 : 1;
  return circuits.targetCount(cluster) - shared < max;
}

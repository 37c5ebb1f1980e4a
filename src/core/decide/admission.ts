// Admission, at a request's headers: which cluster takes it, and how often it may be tried again. The only place
// where a request is rerouted or refused before anything was sent.

import { localAnswer } from '../answer.js';
import type { Circuit } from '../circuit/breaker.js';
import type { CircuitName, Permit } from '../circuit/state.js';
import type { Context } from '../context.js';
import type { ClusterPolicy } from '../policy.js';
import type { AnswerReason, Decision, RefusalReason } from '../reasons.js';
import type { RequestRecord } from '../record.js';
import { isRepeatable, type RequestFacts } from '../request.js';
import { budgetOf } from '../retry/budget-of.js';
import { type Grant, grantFor, type Judges } from '../retry/eligibility.js';
import type { Attempt, Session, Slot } from '../session.js';
import type { ClusterOrder, LocalAnswer } from '../stream.js';
import { targetOf } from '../targets.js';

export type AdmissionDecision =
  | {
      readonly kind: 'proceed';
      readonly session: Session;
      /** `leave`: Envoy's own retry policy is not Sluice's business here. */
      readonly retries: Grant | 'none' | 'leave';
      /** null: the cluster that Envoy chose is right for every attempt. Of a request with one cluster: only that. */
      readonly order: ClusterOrder | null;
    }
  | { readonly kind: 'answer'; readonly answer: LocalAnswer };

interface Refusal {
  readonly reason: AnswerReason;
  readonly retryAtMs: number;
}

export function admit(context: Context, facts: RequestFacts, now: number): AdmissionDecision {
  const target = targetOf(context, facts.cluster, facts.headers);
  const policy = context.policy.forTarget(facts.cluster, target, facts.route);
  const chosen = choose(context, facts, target, policy, now);
  if (chosen.kind === 'none') return refuse(context, facts, target, chosen.refusals, now);
  const granted = grant(context, facts, policy, chosen.slots, now);
  const first = chosen.slots[0]?.cluster ?? facts.cluster;
  const session = openSession(context, facts, target, policy, chosen.slots, granted, now);
  context.sessions.add(session, now);
  context.observer.decided(session.record);
  const moves = first !== facts.cluster || leaves(granted.plan, first);
  return {
    kind: 'proceed',
    session,
    // Of a request without a cluster Sluice knows nothing: what Envoy would do is not its business.
    retries: policy.retry.mode === 'enforce' && first !== '' ? (granted.grant ?? 'none') : 'leave',
    order: facts.oneCluster ? [first] : moves ? granted.plan : null,
  };
}

/** Some attempt goes elsewhere. */
function leaves(plan: readonly string[], first: string): boolean {
  for (const cluster of plan) if (cluster !== first) return true;
  return false;
}

type Choice = { kind: 'some'; slots: Slot[] } | { kind: 'none'; refusals: Refusal[] };

/** The first candidate that admits, followed by those that could take a retry: none where Envoy cannot change over. */
function choose(
  context: Context,
  { cluster: routed, route, oneCluster, headers }: RequestFacts,
  routedTarget: string | null,
  policy: ClusterPolicy,
  now: number,
): Choice {
  if (routed === '') return { kind: 'some', slots: [] };
  const refusals: Refusal[] = [];
  if (policy.fallback.length === 0 || context.fixedRoutes.has(route, routed, now)) {
    const only = firstSlot(context, { cluster: routed, target: routedTarget }, refusals, now);
    return only === null ? { kind: 'none', refusals } : { kind: 'some', slots: [only] };
  }
  const slots: Slot[] = [];
  for (const cluster of [routed, ...policy.fallback]) {
    if (oneCluster && slots.length > 0) break;
    const name = { cluster, target: cluster === routed ? routedTarget : targetOf(context, cluster, headers) };
    const slot = slots.length === 0 ? firstSlot(context, name, refusals, now) : laterSlot(context, name, now);
    if (slot !== null) slots.push(slot);
  }
  return slots.length === 0 ? { kind: 'none', refusals } : { kind: 'some', slots };
}

function firstSlot(context: Context, name: CircuitName, refusals: Refusal[], now: number): Slot | null {
  const circuit = context.circuits.use(name.cluster, now, name.target);
  return slotWith(context, name, circuit, acquire(context, circuit, refusals, now));
}

/** For a retry: what does not take it now is left out, and no reason for anything. */
function laterSlot(context: Context, name: CircuitName, now: number): Slot | null {
  const circuit = context.circuits.use(name.cluster, now, name.target);
  return slotWith(context, name, circuit, circuit.passive(now));
}

function slotWith(
  context: Context,
  { cluster, target }: CircuitName,
  circuit: Circuit,
  permit: Permit | null,
): Slot | null {
  if (permit === null) return null;
  const policy = context.policy.forTarget(cluster, target, '');
  return { cluster, target, circuit, policy, permit, failureCounted: false, spent: false };
}

function acquire(context: Context, circuit: Circuit, refusals: Refusal[], now: number): Permit | null {
  const admission = circuit.acquire(now);
  if (!admission.admitted) {
    refusals.push({ reason: admission.reason, retryAtMs: admission.retryAtMs });
    return null;
  }
  if (admission.wouldRefuse !== null) {
    context.observer.shadowed(circuit.name, 'short_circuit', admission.wouldRefuse, circuit.target);
  }
  return admission.permit;
}

/** Named after the routed cluster; worth asking again as soon as any candidate may admit. */
function refuse(
  context: Context,
  facts: RequestFacts,
  target: string | null,
  refusals: Refusal[],
  now: number,
): AdmissionDecision {
  const reason = refusals[0]?.reason ?? 'circuit_open';
  const retryAtMs = Math.min(...refusals.map((refusal) => refusal.retryAtMs));
  const record = newRecord(context, facts, target, 'short_circuit', 0, now);
  record.reason = reason;
  record.result = 'short_circuited';
  record.status = 503;
  record.endedAtMs = now;
  context.observer.decided(record);
  context.observer.answered(record, facts.cluster, reason, target);
  context.observer.finished(record);
  return { kind: 'answer', answer: localAnswer(record, reason, retryAtMs - now, facts.grpc) };
}

const NOWHERE: readonly string[] = [];
const UNJUDGED: Judges = { first: false, any: false };
const JUDGED: Judges = { first: true, any: true };
const JUDGED_LATER: Judges = { first: false, any: true };

interface Granted {
  readonly grant: Grant | null;
  readonly notGranted: RefusalReason | null;
  readonly plan: readonly string[];
}

function grant(context: Context, facts: RequestFacts, policy: ClusterPolicy, slots: Slot[], now: number): Granted {
  const { retry } = policy;
  const first = slots[0];
  const once = first === undefined ? NOWHERE : [first.cluster];
  if (first === undefined || retry.mode === 'off' || retry.maxRetries <= 0) return notGranted('retries_off', once);
  const budget = budgetOf(first.circuit, first.policy.retry.budget, now);
  budget.deposit(now);
  const targets = retryTargets(slots, once);
  if (targets.length === 0) return notGranted('probe_limit', once);
  const judges = judgesOf(context, facts.route, slots, first);
  const grant = grantFor(retry, isRepeatable(facts, retry.nonIdempotent), judges);
  if (grant === null) return notGranted('not_idempotent', once);
  if (!budget.available(now)) return notGranted('retry_budget', once);
  // In shadow mode Envoy goes where it would go without Sluice; elsewhere a plan that never leaves need not be told, and only a
  // judge counts what is left of it.
  const untold = targets === once && first.cluster === facts.cluster && !grant.judged;
  const stays = retry.mode === 'shadow' || untold;
  return { grant, notGranted: null, plan: stays ? once : alternate(first.cluster, targets, retry.maxRetries) };
}

function notGranted(why: RefusalReason, plan: readonly string[]): Granted {
  return { grant: null, notGranted: why, plan };
}

/** A probe is not repeated on the cluster that it probes: its own failure would stand in its way. */
function retryTargets(slots: readonly Slot[], once: readonly string[]): readonly string[] {
  if (slots.length === 1) return slots[0]?.permit.probe === true ? NOWHERE : once;
  const usable = slots[0]?.permit.probe === true ? slots.slice(1) : [...slots.slice(1), ...slots.slice(0, 1)];
  return usable.map((slot) => slot.cluster);
}

/** The first attempt, then the targets in turn. */
function alternate(first: string, targets: readonly string[], maxRetries: number): readonly string[] {
  const plan = [first];
  for (let retry = 0; retry < maxRetries; retry++) plan.push(targets[retry % targets.length] ?? first);
  return plan;
}

function judgesOf(context: Context, route: string, slots: readonly Slot[], first: Slot): Judges {
  if (hasJudge(context, route, first)) return JUDGED;
  for (const slot of slots) if (slot !== first && hasJudge(context, route, slot)) return JUDGED_LATER;
  return UNJUDGED;
}

function hasJudge({ policy }: Context, route: string, { cluster, target }: Slot): boolean {
  return policy.forTarget(cluster, target, route).retry.judge;
}

function openSession(
  context: Context,
  facts: RequestFacts,
  target: string | null,
  policy: ClusterPolicy,
  slots: readonly Slot[],
  granted: Granted,
  now: number,
): Session {
  const first = slots[0];
  const attempts: Attempt[] = [];
  const maxRetries = granted.grant?.maxRetries ?? 0;
  return {
    record: newRecord(context, facts, target, decisionOf(facts, policy, first), maxRetries, now, attempts),
    attempts,
    policy,
    slots,
    repeatable: isRepeatable(facts, policy.retry.nonIdempotent),
    grpc: facts.grpc,
    grant: policy.retry.mode === 'enforce' ? granted.grant : null,
    notGranted: granted.notGranted,
    budget: first?.circuit.budget ?? null,
    plan: granted.plan,
    pending: null,
    refusedAttempt: 0,
    answered: false,
    traced: false,
    over: false,
    expiresAtMs: now + context.limits.pendingMs,
  };
}

function decisionOf(facts: RequestFacts, policy: ClusterPolicy, first: Slot | undefined): Decision {
  if (first === undefined || (policy.circuit.mode === 'off' && policy.retry.mode === 'off')) return 'unmanaged';
  return first.cluster === facts.cluster ? 'admit' : 'reroute';
}

function newRecord(
  context: Context,
  facts: RequestFacts,
  target: string | null,
  decision: Decision,
  maxRetries: number,
  now: number,
  attempts: Attempt[] = [],
): RequestRecord {
  return {
    id: context.newId(),
    method: facts.method,
    path: facts.path,
    route: facts.route,
    cluster: facts.cluster,
    target,
    decision,
    reason: null,
    notRetried: null,
    maxRetries,
    attempts,
    result: 'pending',
    status: null,
    startedAtMs: now,
    endedAtMs: null,
  };
}

// What the three filters do: do their streams reach Sluice, and does Envoy do what it answers?

import { literal } from './figures.js';
import { type Check, count, counts, DOWNSTREAM, type Examined, evidence, ok, unseen, wrong } from './finding.js';
import { SEND } from './process.js';

// A filter may have a stat_prefix of its own after `ext_proc`.
const ADMISSION = /^http\.(.+)\.ext_proc\.(?:[^.]+\.)?streams_started$/;
/** Those of admission as well: Envoy forgets the dot before the name of an upstream filter. */
const PROCESSORS = /^http\.(.+)ext_proc\.(?:[^.]+\.)?streams_started$/;
const JUDGE = /^cluster\.(.+)\.ext_proc\.(?:[^.]+\.)?streams_started$/;
const RETRIES = /^cluster\.(.+)\.upstream_rq_retry$/;

export const admission: Check = (examined) => {
  const { envoy, sluice } = evidence(examined);
  const requests = envoy.sum(DOWNSTREAM);
  if (requests === 0) return unseen('admission', 'no request came', SEND);
  const streams = envoy.sum(ADMISSION);
  if (streams === 0) {
    return wrong(
      'admission',
      `none of ${count(requests)} requests was shown to Sluice`,
      'the filter is absent, disabled, or stands behind one that answers: put it before the router of every listener',
    );
  }
  if (seen(sluice, 'admission') === 0) {
    return wrong(
      'admission',
      `Envoy opened ${count(streams)} streams, and none reached this Sluice`,
      'Envoy speaks to another one, or to none: compare addresses; the role must be the word admission',
    );
  }
  return ok('admission', `${count(streams)} of ${count(requests)} requests were shown to Sluice`);
};

export const gate: Check = (examined) => {
  const { envoy } = evidence(examined);
  const retries = envoy.sum(RETRIES);
  if (retries === 0) return unseen('gate', 'no request was retried');
  const streams = envoy.sum(PROCESSORS) - envoy.sum(ADMISSION);
  if (streams + envoy.sum(JUDGE) > 0)
    return ok('gate', `${count(retries)} retries, ${count(streams)} seen by the gate`);
  return wrong(
    'gate',
    `${count(retries)} retries, and neither gate nor judge saw one: circuit, budget and time are not asked again`,
    'put the gate into upstream_http_filters of the router: envoy.yaml shows it, and sluice envoy does it',
  );
};

export const judge: Check = (examined) => {
  const { judged, envoy } = examined;
  const present = (cluster: string) => envoy.ever.has(new RegExp(`^cluster\\.${literal(cluster)}\\.ext_proc\\.`));
  const missing = judged.filter(({ cluster, judge: wanted }) => wanted && !present(cluster));
  if (missing.length > 0) {
    return wrong(
      'judge',
      `the policy says judge: true, and Envoy has none, for ${missing.map(({ cluster }) => cluster).join(', ')}`,
      "put the judge into the http_filters of these clusters' HttpProtocolOptions, or say judge: false",
    );
  }
  const idle = judged.filter(({ cluster, judge: wanted }) => !wanted && present(cluster));
  if (idle.length > 0) {
    return unseen(
      'judge',
      `Envoy asks a judge for ${idle.map(({ cluster }) => cluster).join(', ')}, and the policy gives it nothing to say`,
      'say judge: true for them, or save the cost of the filter',
    );
  }
  const wanted = judged.filter((each) => each.judge);
  if (wanted.length === 0) return unseen('judge', 'no cluster with traffic has judge: true');
  return ok('judge', `present at ${wanted.map(({ cluster }) => cluster).join(', ')}`);
};

export const lost: Check = (examined) => {
  const { now, ever } = examined.envoy;
  const allowed = now.each(processors('failure_mode_allowed'));
  if (allowed.length === 0) {
    const before = ever.sum(processors('failure_mode_allowed'));
    return ok('lost', before === 0 ? 'no decision was lost' : `no decision was lost now; ${count(before)} were before`);
  }
  const late = now.sum(processors('message_timeouts'));
  return wrong(
    'lost',
    `Envoy went on without Sluice: ${counts(allowed)}`,
    late > 0
      ? `${count(late)} answers came too late: give Sluice more CPU, or a longer message_timeout`
      : 'Sluice was away or its streams broke: see connection and graceful',
  );
};

/** What Envoy counts when it does not do as it was told, each with what is missing from its configuration. */
const REFUSALS: readonly (readonly [string, string, string])[] = [
  [
    'rejected_header_mutations',
    'headers that Sluice set were refused, so that its grants and retries have no effect',
    'allow them in mutation_rules, as envoy.yaml does',
  ],
  [
    'clear_route_cache_(?:disabled|ignored)',
    'the choice of another cluster was refused',
    'leave route_cache_action at its default, and disable_clear_route_cache out',
  ],
  [
    'override_message_timeout_ignored',
    'a wait was refused, so that the retry did not wait',
    'set max_message_timeout of gate and judge to the longest wait',
  ],
  ['spurious_msgs_received', 'answers came that Envoy did not expect', 'is something else behind that address?'],
];

export const obeyed: Check = ({ envoy: { now, ever } }) => {
  for (const [name, what, fix] of REFUSALS) {
    const each = now.each(processors(name));
    if (each.length > 0) return wrong('obeyed', `${what}: ${counts(each)}`, fix);
  }
  const before = REFUSALS.reduce((sum, [name]) => sum + ever.sum(processors(name)), 0);
  return ok(
    'obeyed',
    before === 0 ? 'Envoy refused no answer' : `Envoy refused no answer now; ${count(before)} before`,
  );
};

/** Of all filters of the kind, caught by where they stand: `http.ingress`, `cluster.flaky`. */
function processors(name: string): RegExp {
  return new RegExp(`^(.+?)\\.?ext_proc\\.(?:[^.]+\\.)?${name}$`);
}

function seen(sluice: Examined['sluice']['now'], role: string): number {
  return sluice.sum(new RegExp(`^sluice_decision_duration_seconds_count\\{role="${role}"\\}$`));
}

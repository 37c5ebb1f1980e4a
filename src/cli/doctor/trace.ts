// The trace, without which attempts that die in silence are never known: does it come, whose is it, and how late?

import { type Check, count, type Examined, evidence, ok, unseen, wrong } from './finding.js';
import { SEND } from './process.js';

/** Entries may come late, but not this late: evidence of the last seconds is what a circuit decides on. */
const LATE_SECONDS = 2;
/** More than the few whose request was forgotten in a restart. */
const STRAY_SHARE = 0.01;

export const trace: Check = (examined) => {
  const { sluice } = evidence(examined);
  const { now } = examined.envoy;
  const dropped = now.sum(/^access_logs\.grpc_access_log\.logs_dropped$/);
  if (dropped > 0) {
    return wrong(
      'trace',
      `Envoy dropped ${count(dropped)} log entries: their attempts are unknown to Sluice`,
      'Sluice was away or too slow to read: see connection; a larger buffer_size_bytes bridges short gaps',
    );
  }
  const [attempts, requests] = [entries(sluice, 'attempt'), entries(sluice, 'request')];
  const { logs } = examined.wiring;
  const missing = [
    ...(attempts === 0 && !logs.attempts ? ['upstream_log of the router'] : []),
    ...(requests === 0 && !logs.requests ? ['access_log of the connection manager'] : []),
  ];
  if (missing.length > 0 && examined.wiring.clusters.length > 0) {
    return wrong(
      'trace',
      `no gRPC access log goes to Sluice in the ${missing.join(' and the ')}`,
      'add the log to both: envoy.yaml shows it, and sluice envoy does it',
    );
  }
  if (attempts + requests === 0) return unseen('trace', 'no entry came', SEND);
  return ok('trace', `${count(attempts)} entries of attempts and ${count(requests)} of requests came`);
};

export const tags: Check = (examined) => {
  const { sluice } = evidence(examined);
  const all = entries(sluice, 'attempt') + entries(sluice, 'request');
  if (all === 0) return unseen('tags', 'no entry came');
  const untagged = sluice.sum(/^sluice_trace_entries_total\{.*match="untagged"/);
  if (untagged === 0) return ok('tags', 'every entry names its request and its attempt');
  return wrong(
    'tags',
    `${count(untagged)} of ${count(all)} entries do not say whose they are`,
    'custom_tags attempt (x-envoy-attempt-count) and sluice_id (x-sluice-id) in both logs, include_request_attempt_count ' +
      'in the virtual host; entries of requests that Sluice was not asked about have none either',
  );
};

export const ids: Check = (examined) => {
  const { sluice } = evidence(examined);
  const all = entries(sluice, 'attempt') + entries(sluice, 'request');
  if (all === 0) return unseen('ids', 'no entry came');
  const unmatched = sluice.sum(/^sluice_trace_entries_total\{.*match="unmatched"/);
  if (unmatched <= all * STRAY_SHARE)
    return ok('ids', `${count(all - unmatched)} of ${count(all)} belong to a request known`);
  return wrong(
    'ids',
    `${count(unmatched)} of ${count(all)} entries carry an id that this Sluice does not know`,
    'several Sluices behind one address? a client that sends x-sluice-id? (remove it: early_header_mutation_extensions)',
  );
};

export const lag: Check = (examined) => {
  const { sluice } = evidence(examined);
  const measured = sluice.sum(/^sluice_trace_lag_seconds_count/);
  if (measured === 0) return unseen('lag', 'no entry came whose delay could be measured');
  const mean = sluice.sum(/^sluice_trace_lag_seconds_sum/) / measured;
  if (mean < LATE_SECONDS)
    return ok('lag', `entries come ${Math.round(mean * 1000)} ms after their attempt, on average`);
  return wrong(
    'lag',
    `entries come ${mean.toFixed(1)} s after their attempt, on average`,
    'set buffer_flush_interval to 0.05s; with clocks that disagree the figure means nothing',
  );
};

function entries(sluice: Examined['sluice']['now'], type: string): number {
  return sluice.sum(new RegExp(`^sluice_trace_entries_total\\{.*type="${type}"`));
}

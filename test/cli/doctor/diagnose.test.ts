// Every check, healthy, ill and without anything to see: what it says, and that only the one that is meant says it.

import { describe, expect, it } from 'vitest';
import { diagnose, report } from '../../../src/cli/doctor/doctor.js';
import { examined, type Illness, of } from './support.js';

const wiring = examined().wiring;

describe('a healthy patient', () => {
  it('has nothing wrong', () => {
    const findings = diagnose(examined());
    expect(findings.map(({ verdict }) => verdict)).toEqual(findings.map(() => 'ok'));
    expect(findings.map(({ fix }) => fix)).toEqual(findings.map(() => null));
  });

  it('is told in figures', () => {
    const findings = diagnose(examined());
    expect(of(findings, 'admission').what).toBe('100 of 100 requests were shown to Sluice');
    expect(of(findings, 'gate').what).toBe('4 retries, 4 seen by the gate');
    expect(of(findings, 'judge').what).toBe('present at flaky');
    expect(of(findings, 'trace').what).toBe('100 entries of attempts and 100 of requests came');
    expect(of(findings, 'lag').what).toBe('entries come 80 ms after their attempt, on average');
  });

  it('is judged by what was before where nothing happens now', () => {
    const findings = diagnose(examined({ quiet: true }));
    expect(findings.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    expect(of(findings, 'admission').what).toContain('100 of 100');
  });
});

interface Case extends Illness {
  readonly check: string;
  readonly says: RegExp;
  readonly fix: RegExp;
}

const ILL: Readonly<Record<string, Case>> = {
  'Sluice is not ready': { check: 'sluice', facts: { ready: false }, says: /not ready/, fix: /log/ },
  'Sluice has faults': {
    check: 'sluice',
    sluice: { 'sluice_faults_total{reason="decision"}': 3, 'sluice_faults_total{reason="trace"}': 0 },
    says: /internal faults: 3 \(decision 3\)/,
    fix: /report/,
  },
  'Sluice drops what it holds': {
    check: 'sluice',
    sluice: { 'sluice_dropped_total{reason="session"}': 1200 },
    says: /1,200 \(session 1,200\)/,
    fix: /replicas/,
  },
  'Sluice rejected a policy': {
    check: 'sluice',
    sluice: { 'sluice_policy_reloads_total{result="rejected"}': 1 },
    says: /rejected the policy/,
    fix: /sluice check/,
  },
  'Envoy drains': { check: 'envoy', facts: { state: 'DRAINING' }, says: /DRAINING/, fix: /LIVE/ },
  'Envoy is old': { check: 'envoy', facts: { version: '1.29.3' }, says: /older/, fix: /1\.36/ },
  'there is no filter at all': {
    check: 'wiring',
    facts: { wiring: { ...wiring, roles: [] } },
    says: /no external processor/,
    fix: /before the router/,
  },
  'only the judge is there': {
    check: 'wiring',
    facts: { wiring: { ...wiring, roles: ['judge'] } },
    says: /for judge, but none for admission/,
    fix: /before the router/,
  },
  'a filter does not name its role': {
    check: 'wiring',
    facts: { wiring: { ...wiring, withoutRole: 2 } },
    says: /2 external processors go to sluice without/,
    fix: /admission, gate or judge/,
  },
  'the limits of the cluster are low': {
    check: 'connection',
    envoy: { 'cluster.sluice.upstream_rq_pending_overflow': 5, 'cluster.sluice.upstream_rq_active_overflow': 2 },
    says: /7 requests met the limits/,
    fix: /circuit_breakers/,
  },
  'the cluster has no host': {
    check: 'connection',
    envoy: { 'cluster.sluice.membership_total': 0 },
    says: /no host/,
    fix: /address/,
  },
  'nobody listens there': {
    check: 'connection',
    envoy: { 'cluster.sluice.upstream_cx_connect_fail': 1, 'cluster.sluice.upstream_cx_active': 0 },
    says: /cannot connect to Sluice: 1 connections have failed/,
    fix: /--socket-mode/,
  },
  'streams fail without the flag': {
    check: 'graceful',
    facts: { graceful: false },
    envoy: { 'http.ingress.ext_proc.streams_failed': 9 },
    says: /9 streams failed/,
    fix: /ext_proc_graceful_grpc_close/,
  },
  'no request is shown': {
    check: 'admission',
    envoy: { 'http.ingress.ext_proc.streams_started': 0, 'http.ingressext_proc.streams_started': 0 },
    says: /none of 100 requests/,
    fix: /before the router/,
  },
  'another Sluice is shown them': {
    check: 'admission',
    sluice: { 'sluice_decision_duration_seconds_count{role="admission"}': 0 },
    says: /100 streams, and none reached this Sluice/,
    fix: /compare addresses/,
  },
  'answers come too late': {
    check: 'lost',
    envoy: { 'http.ingress.ext_proc.failure_mode_allowed': 6, 'http.ingress.ext_proc.message_timeouts': 6 },
    says: /went on without Sluice: 6 \(http\.ingress 6\)/,
    fix: /6 answers came too late/,
  },
  'streams break': {
    check: 'lost',
    envoy: { 'cluster.flaky.ext_proc.failure_mode_allowed': 2, 'http.ingressext_proc.failure_mode_allowed': 1 },
    says: /3 \(cluster\.flaky 2, http\.ingress 1\)/,
    fix: /connection and graceful/,
  },
  'headers are refused': {
    check: 'obeyed',
    envoy: { 'http.ingress.ext_proc.rejected_header_mutations': 4 },
    says: /headers that Sluice set were refused.*4 \(http\.ingress 4\)/,
    fix: /mutation_rules/,
  },
  'reroutes are refused': {
    check: 'obeyed',
    envoy: { 'http.ingress.ext_proc.clear_route_cache_disabled': 1 },
    says: /another cluster/,
    fix: /route_cache_action/,
  },
  'waits are refused': {
    check: 'obeyed',
    envoy: { 'cluster.flaky.ext_proc.override_message_timeout_ignored': 1 },
    says: /a wait was refused/,
    fix: /max_message_timeout/,
  },
  'something else answers': {
    check: 'obeyed',
    envoy: { 'http.ingress.ext_proc.own.spurious_msgs_received': 1 },
    says: /did not expect/,
    fix: /behind that address/,
  },
  'retries pass by': {
    check: 'gate',
    envoy: { 'http.ingressext_proc.streams_started': 0, 'cluster.flaky.ext_proc.streams_started': 0 },
    says: /4 retries, and neither gate nor judge/,
    fix: /upstream_http_filters/,
  },
  'a judge is missing': {
    check: 'judge',
    facts: { judged: [{ cluster: 'a.b', judge: true }] },
    envoy: { 'cluster.axb.ext_proc.streams_started': 1 },
    says: /Envoy has none, for a\.b/,
    fix: /HttpProtocolOptions/,
  },
  'entries are dropped': {
    check: 'trace',
    envoy: { 'access_logs.grpc_access_log.logs_dropped': 1500 },
    says: /dropped 1,500 log entries/,
    fix: /buffer_size_bytes/,
  },
  'attempts are not logged': {
    check: 'trace',
    facts: { wiring: { ...wiring, logs: { attempts: false, requests: true } } },
    sluice: {
      'sluice_trace_entries_total{type="attempt",match="settled"}': 0,
      'sluice_trace_entries_total{type="attempt",match="known"}': 0,
    },
    says: /no gRPC access log goes to Sluice in the upstream_log of the router/,
    fix: /both/,
  },
  'tags are missing': {
    check: 'tags',
    sluice: { 'sluice_trace_entries_total{type="attempt",match="untagged"}': 10 },
    says: /10 of 210 entries do not say/,
    fix: /custom_tags attempt/,
  },
  'ids are unknown': {
    check: 'ids',
    sluice: { 'sluice_trace_entries_total{type="attempt",match="unmatched"}': 10 },
    says: /10 of 210 entries carry an id/,
    fix: /early_header_mutation_extensions/,
  },
  'entries are late': {
    check: 'lag',
    sluice: { sluice_trace_lag_seconds_sum: 300 },
    says: /3\.0 s after/,
    fix: /buffer_flush_interval/,
  },
};

describe.each(Object.entries(ILL))('where %s', (_name, { check, says, fix, ...illness }) => {
  it('says so, says what to change, and leaves the other checks alone', () => {
    const findings = diagnose(examined(illness));
    expect(of(findings, check)).toMatchObject({ verdict: 'wrong' });
    expect(of(findings, check).what).toMatch(says);
    expect(of(findings, check).fix ?? '').toMatch(fix);
    const others = findings.filter((finding) => finding.check !== check && finding.verdict === 'wrong');
    expect(others).toEqual([]);
  });

  it('is told to nobody who comes when it is over', () => {
    if (Object.keys({ ...illness.envoy, ...illness.sluice }).length === 0) return;
    const past = diagnose(examined({ before: { envoy: illness.envoy ?? {}, sluice: {} }, facts: { graceful: true } }));
    expect(past.filter(({ verdict }) => verdict === 'wrong')).toEqual([]);
  });
});

describe('where nothing happened', () => {
  const still = diagnose(
    examined({
      envoy: {
        'http.ingress.downstream_rq_total': 0,
        'http.ingress.ext_proc.streams_started': 0,
        'cluster.flaky.upstream_rq_retry': 0,
        'cluster.sluice.upstream_cx_total': 0,
        'cluster.sluice.upstream_cx_active': 0,
      },
      sluice: {
        'sluice_trace_entries_total{type="attempt",match="settled"}': 0,
        'sluice_trace_entries_total{type="attempt",match="known"}': 0,
        'sluice_trace_entries_total{type="request",match="known"}': 0,
        sluice_trace_lag_seconds_count: 0,
      },
      facts: { judged: [] },
    }),
  );

  it('says that it saw nothing, and takes nothing for proven', () => {
    const seen = still.filter(({ verdict }) => verdict !== 'ok').map(({ check, verdict }) => `${check} ${verdict}`);
    const checks = ['connection', 'admission', 'gate', 'judge', 'trace', 'tags', 'ids', 'lag'];
    expect(seen).toEqual(checks.map((check) => `${check} unseen`));
  });

  it('says how to make something happen', () => {
    expect(of(still, 'admission').fix).toContain('--send');
  });
});

describe('what is no fault', () => {
  it('a flag that only one transport needs, a listener left alone, a judge without work', () => {
    const findings = diagnose(
      examined({
        facts: {
          graceful: false,
          wiring: { ...wiring, unguarded: ['internal'] },
          judged: [{ cluster: 'flaky', judge: false }],
        },
      }),
    );
    expect(of(findings, 'graceful')).toMatchObject({ verdict: 'unseen' });
    expect(of(findings, 'wiring')).toMatchObject({ verdict: 'ok', what: expect.stringContaining('internal') });
    expect(of(findings, 'judge')).toMatchObject({ verdict: 'unseen', what: expect.stringContaining('flaky') });
  });

  it('a few entries whose request was forgotten', () => {
    const stray = { 'sluice_trace_entries_total{type="attempt",match="unmatched"}': 2 };
    expect(of(diagnose(examined({ sluice: stray })), 'ids').verdict).toBe('ok');
  });

  it('what was lost before, told as past', () => {
    const before = { envoy: { 'http.ingress.ext_proc.failure_mode_allowed': 41 } };
    expect(of(diagnose(examined({ before })), 'lost')).toMatchObject({
      verdict: 'ok',
      what: 'no decision was lost now; 41 were before',
    });
  });
});

describe('the report', () => {
  it('has a line for each check, the fix below it, and the sum at the end', () => {
    const text = report(diagnose(examined({ facts: { ready: false, graceful: false } })));
    const lines = text.split('\n');
    expect(lines[0]).toBe('WRONG sluice      it says that it is not ready: it starts, or drains');
    expect(lines[1]).toBe('                  -> wait, or see its log for why it stops');
    expect(lines[2]).toBe('ok    envoy       1.40.0, LIVE');
    expect(text).toMatch(/\n\? {5}graceful/);
    expect(lines.at(-2)).toBe('12 ok, 1 wrong, 1 not seen');
    expect(text.endsWith('\n')).toBe(true);
  });
});

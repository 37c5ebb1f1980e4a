// What a running sidecar shows after real traffic: every metric that rules and dashboard ask for, exemplars that lead to
// requests, Envoy's own counters under the names that the rules use, and no secret of a request anywhere.

import { beforeAll, describe, expect, it } from 'vitest';
import { inTurn, respond } from '../support/behaviour.js';
import { dashboardQueries } from '../support/dashboard.js';
import { parseMetrics } from '../support/metrics.js';
import { parseOpenMetrics } from '../support/openmetrics.js';
import { asked } from '../support/promql.js';
import { alerts, recordingRules } from '../support/rules.js';
import { settled } from '../support/settled.js';
import { useMesh } from '../support/use-mesh.js';

const used = useMesh({
  policy: {
    defaults: { retry: { maxRetries: 2 } },
    clusters: {
      refusing: { fallback: ['secondary'], circuit: { failureRatio: 0.5, minimumRequests: 1, open: { base: '60s' } } },
      flaky: { retry: { judge: true, statuses: [503] } },
      provider: { circuit: { failureRatio: 0.5, minimumRequests: 2, open: { base: '60s' } } },
      slow: { circuit: { mode: 'shadow', failureRatio: 0.5, minimumRequests: 1 }, retry: { mode: 'shadow' } },
    },
  },
  sluice: { env: { SLUICE_LOG_LEVEL: 'debug' } },
});

const SECRETS = ['hunter2', 'sesame', 'tok3n', 'c00kie', 's3ssion', 'k3y'];
const HEADERS = {
  authorization: 'Bearer hunter2',
  cookie: 'session=c00kie',
  'x-api-key': 'k3y',
  'idempotency-key': 's3ssion',
};
const QUERY = '?password=sesame&next=/a?b=tok3n';

/** Each of what Sluice can do: admit, retry, reroute, judge, answer, and in shadow mode only tell. */
const PATHS = [
  ...['/primary/x', '/refusing/x', '/refusing/x', '/flaky/x'],
  ...['/provider/x', '/provider/x', '/provider/x', '/slow/x', '/slow/x'],
];

beforeAll(async () => {
  const { mesh } = used;
  const { provider, flaky, slow } = mesh.upstreams;
  provider.behave(respond(500));
  slow.behave(respond(500));
  flaky.behave(inTurn(respond(503, { headers: { 'set-cookie': 'c00kie' } }), respond(200)));
  for (const path of PATHS) {
    await mesh.request(path + QUERY, { headers: HEADERS });
    await settled(mesh);
  }
});

async function allQueries(): Promise<string[]> {
  const rules = [...(await alerts()), ...(await recordingRules())];
  return [...rules.map(({ expr }) => expr), ...(await dashboardQueries()).map(([, expr]) => expr)];
}

/** Metric -> labels asked for, over all rules and panels. */
async function allAsked(prefix: string): Promise<Map<string, Set<string>>> {
  const all = new Map<string, Set<string>>();
  for (const expr of await allQueries()) {
    for (const [metric, labels] of asked(expr).metrics) {
      if (!metric.startsWith(prefix)) continue;
      all.set(metric, new Set([...(all.get(metric) ?? []), ...labels]));
    }
  }
  return all;
}

/** See test/server/tls, where there is some. */
const WITH_TLS_ALONE = /^sluice_tls_certificate_\w+_timestamp_seconds$/;

describe('after traffic', () => {
  it('the sidecar shows every metric that rules and dashboard ask for, with those labels', async () => {
    const { samples } = await used.mesh.sluice.metrics();
    const wanted = await allAsked('sluice_');
    expect(wanted.size).toBeGreaterThan(18);
    for (const [metric, labels] of wanted) {
      if (WITH_TLS_ALONE.test(metric)) continue;
      const shown = new Set(samples.filter(({ name }) => name === metric).flatMap((each) => Object.keys(each.labels)));
      // The scrape adds the job; targets are only there for clusters that are split by a key.
      const missing = [...labels].filter(
        (label) => !shown.has(label) && !['job', 'instance', 'target'].includes(label),
      );
      const isThere = samples.some(({ name }) => name === metric);
      expect([metric, isThere, missing]).toEqual([metric, true, []]);
    }
  });

  it('Envoy shows every counter that rules and dashboard ask for, under that name, with those labels', async () => {
    const { samples } = parseMetrics(await used.mesh.envoy.admin('/stats/prometheus'));
    const wanted = await allAsked('envoy_');
    expect(wanted.size).toBe(7);
    for (const [metric, labels] of wanted) {
      const found = samples.filter(({ name }) => name === metric);
      const ofEnvoy = [...labels].filter((label) => label.startsWith('envoy_'));
      expect([metric, found.length > 0]).toEqual([metric, true]);
      for (const label of ofEnvoy) expect(found.some(({ labels: shown }) => label in shown)).toBe(true);
    }
  });

  it("the rules' three names for Envoy's streams are those of admission, gate and judge", async () => {
    const { metric } = parseMetrics(await used.mesh.envoy.admin('/stats/prometheus'));
    const gate = { envoy_http_conn_manager_prefix: 'ingressext_proc' };
    expect(
      metric('envoy_http_ext_proc_streams_started', { envoy_http_conn_manager_prefix: 'ingress' }),
    ).toBeGreaterThanOrEqual(PATHS.length);
    expect(metric('envoy_http_streams_started', gate)).toBeGreaterThanOrEqual(1);
    expect(metric('envoy_cluster_ext_proc_streams_started', { envoy_cluster_name: 'flaky' })).toBe(2);
  });

  it('exemplars of attempts, retries and answers lead to requests that are held', async () => {
    const scrape = await used.mesh.sluice.fetch('/metrics', { headers: { accept: 'application/openmetrics-text' } });
    const samples = parseOpenMetrics(await scrape.text()).flatMap((family) => family.samples);
    for (const name of [
      'sluice_attempt_duration_seconds_bucket',
      'sluice_retries_total',
      'sluice_short_circuits_total',
    ]) {
      const ids = samples
        .filter((sample) => sample.name === name)
        .flatMap(({ exemplar }) => exemplar?.labels.request_id ?? []);
      expect([name, ids.length > 0]).toEqual([name, true]);
      for (const id of ids) expect((await used.mesh.sluice.fetch(`/requests/${id}`)).status).toBe(200);
    }
  });

  it('the exemplar of a retry that saved its request is that request', async () => {
    const scrape = await used.mesh.sluice.fetch('/metrics', { headers: { accept: 'application/openmetrics-text' } });
    const samples = parseOpenMetrics(await scrape.text()).flatMap((family) => family.samples);
    const saved = samples.find(
      ({ name, labels }) => name === 'sluice_retries_total' && labels.result === 'saved' && labels.cluster === 'flaky',
    );
    const response = await used.mesh.sluice.fetch(`/requests/${saved?.exemplar?.labels.request_id}`);
    expect(await response.json()).toMatchObject({ cluster: 'flaky', result: 'success', attempts: [{}, {}] });
  });
});

describe('the log', () => {
  it('has lines about requests, each with its id and the reason', async () => {
    const lines = used.mesh.sluice.logs();
    const ids = new Set((await used.mesh.sluice.requests()).map(({ id }) => id));
    const answered = lines.filter(({ event }) => event === 'request_answered');
    const retried = lines.filter(({ event }) => event === 'request_retried');
    expect([answered.length > 0, retried.length > 0]).toEqual([true, true]);
    for (const line of [...answered, ...retried]) expect(ids).toContain(line.id);
    for (const line of answered) expect(line.reason).toBe('circuit_open');
    for (const { attempts } of retried) expect(attempts).toMatchObject([{ error: expect.stringMatching(/^\w+$/) }, {}]);
  });

  it('has the reason of every change of a circuit', () => {
    const changes = used.mesh.sluice.logs().filter(({ event }) => event === 'circuit_opened');
    expect(changes.map(({ cluster, reason }) => [cluster, reason])).toContainEqual(['provider', 'failure_ratio']);
  });
});

describe('credentials and queries', () => {
  it('are in no log line', () => {
    const text = JSON.stringify(used.mesh.sluice.logs()) + used.mesh.sluice.stderr();
    expect(text).toContain('/flaky/x');
    for (const secret of SECRETS) expect(text).not.toContain(secret);
  });

  it.each(['/requests', '/circuits', '/metrics', '/policy'])('are not in the answer of %s', async (path) => {
    const text = await (await used.mesh.sluice.fetch(path)).text();
    expect(text).toContain('flaky');
    for (const secret of SECRETS) expect(text).not.toContain(secret);
  });
});

// `sluice doctor` beside a real Envoy: a right wiring has nothing wrong, and each way to get it wrong is found by what
// Envoy and Sluice count, with nothing else blamed for it.

import { describe, expect, it } from 'vitest';
import { diagnose } from '../../src/cli/doctor/doctor.js';
import { examine } from '../../src/cli/doctor/examine.js';
import type { Finding } from '../../src/cli/doctor/finding.js';
import { inTurn, respond } from '../support/behaviour.js';
import {
  at,
  cluster,
  connectionManager,
  type JsonObject,
  list,
  object,
  ofType,
  virtualHost,
} from '../support/bootstrap.js';
import { startChild } from '../support/child.js';
import { eventually } from '../support/eventually.js';
import { type Mesh, startMesh } from '../support/mesh.js';
import { REFUSING_PORT } from '../support/ports.js';
import { MAIN_JS } from '../support/sluice.js';

const policy = {
  defaults: { retry: { maxRetries: 1 } },
  clusters: {
    refusing: { fallback: ['secondary'] },
    flaky: { retry: { judge: true, statuses: [503], backoff: { base: '300ms', max: '300ms', jitter: 'none' } } },
  },
};

async function examination(mesh: Mesh, meanwhile = traffic): Promise<readonly Finding[]> {
  const patient = { http: mesh.sluice.http, envoy: `127.0.0.1:${mesh.envoy.adminPort}` };
  return diagnose(await examine(patient, () => meanwhile(mesh)));
}

/** Something for every check: a retry that the gate sees, one that the judge asks for, and requests that are just served. */
async function traffic(mesh: Mesh): Promise<void> {
  await requests(mesh);
  await eventually(async () => {
    const written = await mesh.envoy.counter('access_logs.grpc_access_log.logs_written');
    const metrics = await mesh.sluice.metrics();
    if (metrics.metric('sluice_trace_entries_total') < written) throw new Error('entries are on their way');
  });
}

async function requests(mesh: Mesh): Promise<void> {
  mesh.upstreams.flaky.behave(inTurn(respond(503), respond(200)));
  for (const path of ['/primary/x', '/refusing/x', '/flaky/x']) await mesh.request(path);
}

const verdicts = (findings: readonly Finding[], verdict: string) =>
  findings.filter((finding) => finding.verdict === verdict).map(({ check }) => check);

async function patched(patch: (bootstrap: JsonObject) => void): Promise<readonly string[]> {
  await using mesh = await startMesh({ policy, envoy: { patch } });
  return verdicts(await examination(mesh), 'wrong');
}

describe('the wiring of envoy.yaml', () => {
  it('has nothing wrong, with traffic and without, on the command line as well', async () => {
    await using mesh = await startMesh({ policy });
    const findings = await examination(mesh);
    expect(verdicts(findings, 'wrong')).toEqual([]);
    for (const check of ['wiring', 'connection', 'graceful', 'admission', 'gate', 'judge', 'trace', 'tags', 'ids']) {
      expect(verdicts(findings, 'ok')).toContain(check);
    }
    const admin = ['--http', mesh.sluice.http, '--envoy', `127.0.0.1:${mesh.envoy.adminPort}`];
    const send = ['--send', `http://127.0.0.1:${mesh.envoy.port}/primary/doctor`, '--for', '1'];
    const child = await startChild(process.execPath, [MAIN_JS, 'doctor', ...admin, ...send]);
    expect([await child.exited(), child.stderr()]).toEqual([0, '']);
    expect(child.stdout()).toMatch(/\nok {4}admission {3}\d+ of \d+ requests were shown to Sluice\n/);
    expect(child.stdout()).toMatch(/\d+ ok, 0 wrong, \d not seen\n$/);
    expect(mesh.upstreams.primary.requests.filter(({ path }) => path === '/primary/doctor')).toHaveLength(10);
  });
});

describe('a wiring that is wrong', () => {
  it('without a filter at admission', async () => {
    const wrong = await patched((bootstrap) => {
      const manager = connectionManager(bootstrap);
      manager.http_filters = list(manager.http_filters).filter(({ name }) => name === 'envoy.filters.http.router');
    });
    expect(wrong).toEqual(expect.arrayContaining(['wiring', 'admission']));
  });

  it('with a filter that names no role', async () => {
    const wrong = await patched((bootstrap) => {
      const [first] = ofType(connectionManager(bootstrap).http_filters ?? [], 'ExternalProcessor');
      object(first?.grpc_service).initial_metadata = [];
    });
    expect(wrong).toContain('wiring');
  });

  it('with rules that refuse the headers of Sluice', async () => {
    expect(
      await patched((bootstrap) => {
        for (const processor of ofType(bootstrap, 'ExternalProcessor')) delete processor.mutation_rules;
      }),
    ).toEqual(['obeyed']);
  });

  it('without the longest wait', async () => {
    expect(
      await patched((bootstrap) => {
        for (const processor of ofType(bootstrap, 'ExternalProcessor')) delete processor.max_message_timeout;
      }),
    ).toEqual(['obeyed']);
  });

  it('without the gate', async () => {
    expect(
      await patched((bootstrap) => {
        for (const router of ofType(bootstrap, 'Router')) delete router.upstream_http_filters;
        // A retry that no judge sees.
        delete cluster(bootstrap, 'flaky').typed_extension_protocol_options;
      }),
    ).toEqual(['gate', 'judge']);
  });

  it('without the judge that the policy counts on', async () => {
    expect(
      await patched((bootstrap) => {
        delete cluster(bootstrap, 'flaky').typed_extension_protocol_options;
      }),
    ).toEqual(['judge']);
  });

  it('without the log of attempts', async () => {
    expect(
      await patched((bootstrap) => {
        for (const router of ofType(bootstrap, 'Router')) delete router.upstream_log;
      }),
    ).toEqual(['trace']);
  });

  it('without tags in the logs', async () => {
    expect(
      await patched((bootstrap) => {
        for (const log of ofType(bootstrap, 'HttpGrpcAccessLogConfig')) delete object(log.common_config).custom_tags;
      }),
    ).toEqual(['tags']);
  });

  it('without the number of the attempt', async () => {
    expect(
      await patched((bootstrap) => {
        virtualHost(bootstrap).include_request_attempt_count = false;
      }),
    ).toContain('tags');
  });

  it('with limits that are too low for its streams', async () => {
    const wrong = await patched((bootstrap) => {
      const limits = object(at(cluster(bootstrap, 'sluice'), 'circuit_breakers'));
      for (const threshold of list(limits.thresholds)) threshold.max_requests = 1;
    });
    // The log's own stream takes the only place.
    expect(wrong).toEqual(expect.arrayContaining(['connection', 'lost']));
  });

  it('with an address where nobody listens', async () => {
    await using mesh = await startMesh({
      policy,
      envoy: {
        patch: (bootstrap) => {
          const hosts = at(cluster(bootstrap, 'sluice'), 'load_assignment', 'endpoints', 0, 'lb_endpoints');
          object(at(hosts, 0, 'endpoint', 'address', 'socket_address')).port_value = REFUSING_PORT;
        },
      },
    });
    const wrong = verdicts(await examination(mesh, requests), 'wrong');
    expect(wrong).toEqual(expect.arrayContaining(['connection', 'lost']));
  });

  it('with the address of another Sluice', async () => {
    await using other = await startMesh({ policy });
    await using mesh = await startMesh({ policy });
    const patient = { http: other.sluice.http, envoy: `127.0.0.1:${mesh.envoy.adminPort}` };
    const findings = diagnose(await examine(patient, () => traffic(mesh)));
    expect(verdicts(findings, 'wrong')).toContain('admission');
  });

  it('without Sluice: that is an error, and Envoy is left alone', async () => {
    await using mesh = await startMesh({ policy });
    await mesh.sluice.kill();
    const args = ['doctor', '--for', '0', '--http', mesh.sluice.http, '--envoy', `127.0.0.1:${mesh.envoy.adminPort}`];
    const child = await startChild(process.execPath, [MAIN_JS, ...args]);
    expect(await child.exited()).toBe(1);
    expect(child.stderr()).toMatch(/^error: nobody answers at 127\.0\.0\.1:\d+ .*is Sluice running/);
  });
});

// The pods of deploy/kubernetes work: what is rendered is run, and the core scenarios pass through it.

import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { respond } from '../support/behaviour.js';
import { startChild } from '../support/child.js';
import { send } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { type Metrics, parseMetrics } from '../support/metrics.js';
import { REFUSING_PORT } from '../support/ports.js';
import { startUpstream, type Upstream } from '../support/upstream.js';
import {
  container,
  type KubernetesObject,
  type KustomizationName,
  type PodSpec,
  parseObjects,
  renderYaml,
} from './objects.js';
import { type Pod, startPod } from './pod.js';
import { asUserOf, IS_ROOT, withFsGroup } from './run-as.js';

const FS_GROUP = 20_000;
const PATIENCE_MS = 60_000;

interface World {
  readonly pod: Pod;
  readonly catalog: Upstream;
  /** As a client of the Service: Envoy, the application, Envoy again, `catalog`. */
  request(path: string): ReturnType<typeof send>;
  metrics(): Promise<Metrics>;
}

/** Half open is for no test here to meet, however slow the machine. */
function openForLong(object: KubernetesObject): KubernetesObject {
  const policy = object.data?.['policy.yaml'];
  if (policy === undefined) return object;
  const longer = policy.replace('    minimumRequests', '    open: { base: 1h, max: 1h }\n    minimumRequests');
  return { ...object, data: { 'policy.yaml': longer } };
}

function usePod(name: KustomizationName, change?: (pod: PodSpec) => PodSpec): { readonly world: World } {
  let world: World | undefined;
  beforeAll(async () => {
    const catalog = await startUpstream();
    const objects = parseObjects(await renderYaml(name)).map(openForLong);
    const hosts = [catalog.port, REFUSING_PORT];
    const pod = await startPod({ objects, catalog: hosts, ...(change === undefined ? {} : { change }) });
    const http = `http://127.0.0.1:${pod.localiser.port(9003)}`;
    world = {
      pod,
      catalog,
      request: (path) => send(pod.localiser.port(8000), path),
      metrics: async () => parseMetrics(await (await fetch(`${http}/metrics`)).text()),
    };
    // The application has no probe: it is up when it answers.
    await eventually(async () => expect((await send(pod.localiser.port(8000), '/up')).status).toBe(200), PATIENCE_MS);
  });
  afterAll(async () => {
    await world?.pod[Symbol.asyncDispose]();
    await world?.catalog.stop();
  });
  return {
    get world() {
      if (world === undefined) throw new Error('the pod is not up: use it in tests only');
      return world;
    },
  };
}

describe.each<[string, KustomizationName, number | null]>([
  ['base', 'base', null],
  ['base, where the pod has an fsGroup', 'base', FS_GROUP],
  ['overlays/tcp', 'overlays/tcp', null],
])('a pod of %s', (_what, name, fsGroup) => {
  const its = usePod(name, fsGroup === null ? undefined : (pod) => withFsGroup(pod, fsGroup));

  it('saves requests from a dead host: each is tried again on the one that lives', async () => {
    const { request, metrics, catalog } = its.world;
    for (let count = 0; count < 6; count += 1) expect(await request('/saved')).toMatchObject({ status: 200 });
    expect(catalog.requests.filter(({ path }) => path === '/saved')).toHaveLength(6);
    await eventually(async () => {
      const saved = (await metrics()).metric('sluice_retries_total', { cluster: 'catalog', result: 'saved' });
      expect(saved).toBeGreaterThan(1);
    }, PATIENCE_MS);
  });

  it('opens the circuit of an upstream that fails, and answers 503 in its place', async () => {
    const { request, metrics, catalog } = its.world;
    catalog.behave(respond(500));
    await eventually(async () => {
      expect((await request('/fails')).headers['x-sluice-reason']).toBe('circuit_open');
    }, PATIENCE_MS);
    catalog.behave(respond(200));
    expect(await request('/refused')).toMatchObject({ status: 503, headers: { 'x-sluice-cluster': 'catalog' } });
    expect(catalog.requests.filter(({ path }) => path === '/refused')).toEqual([]);
    expect((await metrics()).metric('sluice_circuit_state', { cluster: 'catalog', state: 'open' })).toBe(1);
  });

  it('serves requests while the sidecar is dead, and finds the circuit open when it is back', async () => {
    const { request, pod, catalog } = its.world;
    const state = join(pod.volume('sluice-state'), 'state.json');
    await eventually(async () => expect(await readFile(state, 'utf8')).toMatch(/"kind":\s*"open"/), PATIENCE_MS);
    pod.child('sluice').signal('SIGKILL');
    await pod.child('sluice').exited();
    await eventually(async () => expect((await request('/without')).status).toBe(200), PATIENCE_MS);
    expect(catalog.requests.some(({ path }) => path === '/without')).toBe(true);
    await pod.startContainer(container(pod.spec, 'sluice'));
    await eventually(async () => {
      expect((await request('/back')).headers['x-sluice-reason']).toBe('circuit_open');
    }, PATIENCE_MS);
  });

  it('lets nobody but Envoy speak to Sluice, where there is a socket', async () => {
    const { pod } = its.world;
    const { env = [] } = container(pod.spec, 'sluice');
    if (env.find((each) => each.name === 'SLUICE_GRPC')?.value !== 'unix:/run/sluice/sluice.sock') {
      expect(name).toBe('overlays/tcp');
      return;
    }
    const socket = join(pod.volume('sluice-socket'), 'sluice.sock');
    expect((await lstat(socket)).mode & 0o777).toBe(0o660);
    if (!IS_ROOT) return;
    expect(await lstat(socket)).toMatchObject({ uid: 65_532, gid: fsGroup ?? 65_532 });
    expect(await connectAs(pod, 'envoy', socket)).toBe('connected');
    // The application is in the pod's fsGroup, where there is one: it has no mount of the socket, and that is what keeps it out.
    expect(await connectAs(pod, 'web', socket)).toBe(fsGroup === null ? 'EACCES' : 'connected');
    expect(container(pod.spec, 'web').volumeMounts).toBeUndefined();
  });

  it('ends in order, each part with success: the application, Envoy, Sluice', async () => {
    const { pod } = its.world;
    expect(await connectionAfter(pod.localiser.port(8000), '/x')).not.toBe('close');
    expect(await pod.runHooks()).toEqual({ envoy: 0 });
    // Who comes late is still served, and told to go elsewhere; what the application sends goes on as before.
    expect(await connectionAfter(pod.localiser.port(8000), '/x')).toBe('close');
    expect(await connectionAfter(pod.localiser.port(10_000), '/catalog/x')).not.toBe('close');
    expect(await pod.end()).toEqual([
      ['web', 0],
      ['envoy', 0],
      ['sluice', 0],
    ]);
  });
});

describe('a pod of overlays/shadow', () => {
  const its = usePod('overlays/shadow');

  it('is not touched: failures reach the client as they are, and what would have been done is counted', async () => {
    const { request, metrics, catalog } = its.world;
    catalog.behave(respond(500));
    for (let count = 0; count < 30; count += 1) expect([500, 503]).toContain((await request('/fails')).status);
    await eventually(async () => {
      expect((await metrics()).metric('sluice_shadow_total', { cluster: 'catalog' })).toBeGreaterThan(0);
    }, PATIENCE_MS);
    expect((await metrics()).metric('sluice_short_circuits_total')).toBe(0);
    catalog.behave(respond(200));
    await eventually(async () => expect((await request('/works')).status).toBe(200), PATIENCE_MS);
  });
});

/** What a process of that container's user and groups meets at the socket. */
async function connectAs(pod: Pod, name: string, socket: string): Promise<string> {
  const script = `require('node:net').connect(${JSON.stringify(socket)})
    .on('connect', () => { console.log('connected'); process.exit() }).on('error', (error) => console.log(error.code))`;
  const node = pod.localiser.text('/nodejs/bin/node');
  const { program, args } = asUserOf(container(pod.spec, name), pod.spec, { program: node, args: ['--eval', script] });
  const child = await startChild(program, args);
  await child.exited();
  return child.stdout().trim();
}

/** What the answer says of its connection, to a client that would keep it. @throws Error where Sluice did not make the answer. */
async function connectionAfter(port: number, path: string): Promise<string | null> {
  const { headers } = await fetch(`http://127.0.0.1:${port}${path}`);
  expect(headers.get('x-sluice-reason')).toBe('circuit_open');
  return headers.get('connection');
}

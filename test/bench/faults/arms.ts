// What is compared: the same two hosts behind four ways to run Envoy.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  at,
  cluster,
  type Json,
  type JsonObject,
  list,
  object,
  route,
  routes,
  SLUICE_PORT,
  virtualHost,
} from '../../support/bootstrap.js';
import { type Envoy, startEnvoy } from '../../support/envoy.js';
import { portOf } from '../../support/ports.js';
import { hosts } from '../../support/routes.js';
import { startSluice } from '../../support/sluice.js';
import { CLUSTERS, type ClusterName } from './plan.js';

export interface Arm {
  readonly name: string;
  readonly meaning: string;
  start(ports: HostPorts): Promise<RunningArm>;
}

export type HostPorts = Readonly<Record<ClusterName, number>>;

export interface RunningArm {
  readonly envoy: Envoy;
  stop(): Promise<void>;
}

export const ARMS: readonly Arm[] = [
  {
    name: 'Envoy alone',
    meaning: 'no retries, no outlier detection',
    start: (ports) => startNative(ports, removeAllRetries),
  },
  {
    name: 'Envoy, native',
    meaning: "Istio's retries and `reset`, a retry budget, outlier detection, the other host as standby",
    start: (ports) => startNative(ports, removeRoutesByMethod),
  },
  {
    name: 'Envoy, native, by method',
    meaning: 'the same, with routes of their own for requests that may not be repeated',
    start: (ports) => startNative(ports, () => undefined),
  },
  {
    name: 'Envoy with Sluice',
    meaning: 'the wiring of envoy.yaml, each cluster the fallback of the other',
    start: startWithSluice,
  },
];

const NATIVE = fileURLToPath(new URL('native.yaml', import.meta.url));
const POLICY = fileURLToPath(new URL('policy.yaml', import.meta.url));

async function startNative(ports: HostPorts, patch: (bootstrap: JsonObject) => void): Promise<RunningArm> {
  const envoy = await startEnvoy({ config: NATIVE, ports: { 8081: ports.east, 8082: ports.west }, patch });
  return { envoy, stop: () => envoy.stop() };
}

function removeRoutesByMethod(bootstrap: JsonObject): void {
  virtualHost(bootstrap).routes = routes(bootstrap).filter(({ name }) => name === 'east' || name === 'west');
}

function removeAllRetries(bootstrap: JsonObject): void {
  removeRoutesByMethod(bootstrap);
  for (const { route } of routes(bootstrap)) delete object(route).retry_policy;
  for (const name of CLUSTERS) {
    const one = cluster(bootstrap, name);
    delete one.outlier_detection;
    delete one.circuit_breakers;
    const assignment = object(one.load_assignment);
    assignment.endpoints = list(assignment.endpoints).slice(0, 1);
  }
}

async function startWithSluice(ports: HostPorts): Promise<RunningArm> {
  const sluice = await startSluice({ policy: readFileSync(POLICY, 'utf8') });
  const port = portOf(sluice.grpc);
  const envoy = await startEnvoy({
    ports: { [SLUICE_PORT]: port },
    impatient: true,
    patch: (bootstrap) => addHosts(bootstrap, ports),
  });
  return {
    envoy,
    stop: async () => {
      await envoy.stop();
      await sluice.stop();
    },
  };
}

/** Routes and clusters like `provider`, which has the judge, but with a connection for each request. */
function addHosts(bootstrap: JsonObject, ports: HostPorts): void {
  for (const name of CLUSTERS) {
    const upstream = { ...renamed(cluster(bootstrap, 'provider'), name), ...hosts(name, ports[name]) };
    const protocol = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
    const options = object(at(upstream, 'typed_extension_protocol_options', protocol));
    options.common_http_protocol_options = { max_requests_per_connection: 1 };
    const clusters = at(bootstrap, 'static_resources', 'clusters');
    if (Array.isArray(clusters)) clusters.push(upstream);
    const added = renamed(route(bootstrap, 'provider'), name);
    // Of a connection that fails the judge hears nothing, so the wait after it is Envoy's: as long as in the other arms.
    const policy = object(at(added, 'route', 'retry_policy'));
    policy.retry_back_off = { base_interval: '0.025s', max_interval: '0.25s' };
    virtualHost(bootstrap).routes = [added, ...routes(bootstrap)];
  }
}

function renamed(part: JsonObject, name: string): JsonObject {
  return object(JSON.parse(JSON.stringify(part).replaceAll('provider', name)) as Json);
}

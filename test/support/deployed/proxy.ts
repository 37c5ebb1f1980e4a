// The proxies that a control plane makes, run for real: a bootstrap that was put together from shipped files gets the ports of
// the test's upstreams, and the socket of the test's Sluice, in place of those of a cluster.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { at, clusters, type Json, type JsonObject, list, object, ofType } from '../bootstrap.js';

/** A proxy as it would run in a cluster. */
export interface MeshProxy {
  readonly bootstrap: JsonObject;
  /** Name of the listener that the tests speak to. */
  readonly listener: string;
  /** The cluster of Sluice. */
  readonly sluice: string;
  /** Names that the control plane gives, by service. */
  readonly cluster: (service: string) => string;
  readonly host: (service: string) => string;
}

/** By service: where its hosts listen. */
export type Ports = Readonly<Record<string, readonly number[]>>;

/** Where the shipped files say that Sluice listens. */
export const SHIPPED_SOCKET = '/run/sluice/sluice.sock';

/** A file with the proxy's bootstrap for this machine, and what removes it. */
export async function writeProxy(
  proxy: MeshProxy,
  ports: Ports,
  socket: string,
): Promise<{ file: string; remove(): Promise<void> }> {
  const bootstrap = structuredClone(proxy.bootstrap);
  for (const [service, hosts] of Object.entries(ports)) setHosts(bootstrap, proxy.cluster(service), hosts);
  useSocket(bootstrap, proxy.sluice, socket);
  for (const listener of list(at(bootstrap, 'static_resources', 'listeners'))) {
    if (listener.bind_to_port !== false) object(at(listener, 'address', 'socket_address')).port_value = 0;
  }
  object(at(bootstrap, 'admin', 'address', 'socket_address')).port_value = 0;
  for (const each of ofType(bootstrap, 'ExternalProcessor')) bePatient(each);
  const directory = await mkdtemp(join(tmpdir(), 'sluice-proxy-'));
  const file = join(directory, 'envoy.json');
  await writeFile(file, JSON.stringify(bootstrap));
  return { file, remove: () => rm(directory, { recursive: true, force: true }) };
}

function setHosts(bootstrap: JsonObject, name: string, ports: readonly number[]): void {
  const cluster = clusters(bootstrap).find((each) => each.name === name);
  if (cluster === undefined) throw new Error(`the bootstrap has no ${name}`);
  const [locality] = list(at(cluster, 'load_assignment', 'endpoints'));
  const [host] = list(object(locality).lb_endpoints);
  object(locality).lb_endpoints = ports.map((port): Json => {
    const copy = structuredClone(object(host));
    const address = object(at(copy, 'endpoint', 'address', 'socket_address'));
    address.address = '127.0.0.1';
    address.port_value = port;
    return copy;
  });
}

/** Only where the shipped path stands: a cluster that points elsewhere fails the test. */
function useSocket(bootstrap: JsonObject, name: string, socket: string): void {
  const cluster = clusters(bootstrap).find((each) => each.name === name);
  if (cluster === undefined) throw new Error(`the bootstrap has no ${name}`);
  const [locality] = list(at(cluster, 'load_assignment', 'endpoints'));
  const pipe = object(at(object(locality), 'lb_endpoints', 0, 'endpoint', 'address', 'pipe'));
  if (pipe.path !== SHIPPED_SOCKET)
    throw new Error(`Sluice listens at ${SHIPPED_SOCKET}, and Envoy asks at ${pipe.path}`);
  pipe.path = socket;
}

/** As `patient` for envoy.yaml: a busy machine is no defect. */
function bePatient(processor: JsonObject): void {
  if (processor.message_timeout === undefined) throw new Error('a filter of Sluice without message_timeout');
  processor.message_timeout = '10s';
}

// The stage of the demo: upstreams, Sluice and Envoy of the test harness, in the roles of cast.ts.

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LISTENER_PORT } from '../support/bootstrap.js';
import { envoyBinary } from '../support/envoy-binary.js';
import { type Mesh, startMesh } from '../support/mesh.js';
import { MAIN_JS } from '../support/sluice.js';
import { castUpstreams, ROLES } from './cast.js';
import type { DemoOptions } from './options.js';
import { choosePort } from './ports.js';
import type { Turn } from './story.js';
import type { Hosts } from './witness.js';

const POLICY = fileURLToPath(new URL('./policy.yaml', import.meta.url));
const SLUICE_HTTP_PORT = 9003;

/** `signal` ends the download of Envoy. @throws Error that says what is missing. */
export async function setScene(options: DemoOptions, signal: AbortSignal): Promise<Mesh> {
  if (!existsSync(MAIN_JS))
    throw new Error('Sluice is not built: run `npm run build`, or start this by `npm run demo`');
  await envoyBinary(undefined, signal);
  // With --once nobody types an address, and several may run side by side.
  const usual = (port: number) => (options.once ? null : port);
  const port = await choosePort(options.port, usual(LISTENER_PORT), '--port');
  const http = await choosePort(options.http, usual(SLUICE_HTTP_PORT), '--http');
  signal.throwIfAborted();
  return startMesh({
    policy: readFileSync(POLICY, 'utf8'),
    upstreams: castUpstreams(),
    sluice: { http: `127.0.0.1:${http}` },
    envoy: { port },
  });
}

export async function perform(turn: Turn, { upstreams }: Mesh): Promise<void> {
  if (turn === 'kill') await upstreams.primary.refuse();
  if (turn === 'heal') await upstreams.primary.accept();
}

export function hostsOf({ upstreams }: Mesh): Hosts {
  const { primary, secondary, slow, flaky, poolA, poolB } = upstreams;
  return {
    primary: [primary],
    secondary: [secondary],
    slow: [slow],
    flaky: [flaky],
    pool: [poolA, poolB],
    refusing: [],
  };
}

/** Commands to copy, in little room: what else can be put in the place of the last word is in the comment. */
export function tries({ envoy, sluice }: Mesh): string[] {
  return [
    `curl -i http://127.0.0.1:${envoy.port}/primary/me # secondary pool flaky slow refusing`,
    `curl -s http://${sluice.http}/circuits # requests metrics policy`,
    `edit ${sluice.policyFile} # it is read again`,
  ];
}

/** All of them. */
export function commands({ envoy, sluice }: Mesh): string[] {
  const through = ROLES.map(({ name }) => `curl -i http://127.0.0.1:${envoy.port}/${name}/me`);
  const pages = ['circuits', 'requests', 'metrics', 'policy'].map((page) => `curl -s http://${sluice.http}/${page}`);
  const post = `curl -i -d pay http://127.0.0.1:${envoy.port}/flaky/me # a POST`;
  return [...through, post, ...pages, `edit ${sluice.policyFile} # it is read again`];
}

// The end of a request is told by evidence that comes after the answer: until Sluice waits for no more of it, nothing
// that it shows is final, and Envoy could still be about to send an attempt. Tests look only then.

import { eventually } from './eventually.js';
import type { Mesh } from './mesh.js';
import type { Metrics } from './metrics.js';
import type { RequestView } from './views.js';

/**
 * Resolves with the metrics once Sluice holds no request and no stream. A scrape gives way to the traffic while it is
 * written: a request may end between its counts and what it shows as held, so what counts is the scrape after that.
 * @throws Error that says what it still holds.
 */
export async function settled({ sluice }: Pick<Mesh, 'sluice'>, timeoutMs = 20_000): Promise<Metrics> {
  await eventually(async () => {
    const metrics = await sluice.metrics();
    const held = ['sluice_sessions', 'sluice_streams'].map((name) => `${name} ${metrics.metric(name)}`);
    if (held.some((each) => !each.endsWith(' 0'))) throw new Error(`still held: ${held.join(', ')}`);
    if (!metrics.samples.some(({ name }) => name === 'sluice_sessions')) throw new Error('no metric sluice_sessions');
  }, timeoutMs);
  return sluice.metrics();
}

/** The records of a path, oldest first, all final. */
export async function recordsOf(mesh: Pick<Mesh, 'sluice'>, path: string): Promise<RequestView[]> {
  await settled(mesh);
  return (await mesh.sluice.requests()).filter((each) => each.path === path).reverse();
}

/** The only record of that path, final. @throws Error when there is none, or more than one. */
export async function recordOf(mesh: Pick<Mesh, 'sluice'>, path: string): Promise<RequestView> {
  const [record, ...more] = await recordsOf(mesh, path);
  if (record === undefined || more.length > 0) throw new Error(`${path} has ${record ? more.length + 1 : 0} records`);
  return record;
}

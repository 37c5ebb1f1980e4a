// A cluster called `models`, split by the header x-model, and requests for its models.

import { CoreWorld } from '../support/core-world.js';
import { type Meets, RouterModel, type Served } from '../support/router-model.js';

export const KEY = { header: 'x-model', max: 4 };
export const QUICK = { failureRatio: 0.5, minimumRequests: 4, open: { base: '5s', max: '5s', jitter: 0 } };

export function worldOf(models: object, rest: object = {}): CoreWorld {
  const defaults = { circuit: QUICK, retry: { maxRetries: 0 } };
  return new CoreWorld({ defaults, clusters: { models: { key: KEY, ...models }, ...rest } });
}

interface Ask {
  readonly method?: string;
  readonly judged?: readonly string[];
  readonly gated?: boolean;
}

/** One request for a model; null: without the header. */
export function ask(
  world: CoreWorld,
  model: string | null,
  meets: Meets | ((cluster: string) => Meets),
  more: Ask = {},
): Served {
  const { method = 'GET', judged = [], gated = true } = more;
  const headers: Record<string, string> = model === null ? {} : { 'x-model': model };
  const meet = typeof meets === 'function' ? meets : () => meets;
  return new RouterModel(world, { judged: new Set(judged), gated }).serve({ cluster: 'models', method, headers }, meet);
}

export const OK: Meets = { status: 200 };
export const DOWN: Meets = { status: 503 };

export function open(world: CoreWorld, model: string | null): void {
  for (let n = 0; n < 4; n++) ask(world, model, DOWN);
}

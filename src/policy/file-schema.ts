// The shape of the whole file. Overrides are derived from the full layer instead of being written a second time:
// the same fields, all optional, and without defaults, so that they merge field by field.

import { z } from 'zod';
import { MAX_TARGET_LENGTH } from '../core/policy.js';
import * as f from './fields.js';
import { ceilings, circuit, fallback, key, layer, retry } from './schema.js';

/** All fields optional, at any depth; lists and mappings by name stay whole. */
export type Overrides<T> = T extends readonly unknown[]
  ? T
  : T extends Record<string, unknown>
    ? string extends keyof T
      ? T
      : { readonly [K in keyof T]?: Overrides<T[K]> | undefined }
    : T;

/** Strips defaults and makes every field optional, all the way down. */
export function overrides<T extends z.ZodObject>(schema: T): z.ZodType<Overrides<z.output<T>>> {
  const shape: Record<string, z.ZodType> = {};
  for (const [name, field] of Object.entries(schema.shape)) shape[name] = optionalField(field);
  const bare = f.group(shape);
  const described = schema.description === undefined ? bare : bare.describe(schema.description);
  return described as z.ZodType as z.ZodType<Overrides<z.output<T>>>;
}

function optionalField(field: z.core.$ZodType): z.ZodType {
  const bare = withoutDefault(field);
  return (bare instanceof z.ZodObject ? overrides(bare) : bare).optional();
}

function withoutDefault(field: z.core.$ZodType): z.ZodType {
  if (field instanceof z.ZodDefault || field instanceof z.ZodPrefault || field instanceof z.ZodOptional) {
    return withoutDefault(field.unwrap());
  }
  if (field instanceof z.ZodType) return field;
  throw new TypeError('policy schema: a field was not made with the classic zod API');
}

const target = f
  .group({ circuit: overrides(circuit).optional(), retry: overrides(retry).optional() })
  .describe('Overrides for one value of the key header');

const cluster = f
  .group({
    circuit: overrides(circuit).optional(),
    retry: overrides(retry).optional(),
    fallback: fallback.optional(),
    key: overrides(key).optional(),
    targets: f
      .named(f.nameKey(MAX_TARGET_LENGTH), target)
      .describe('Overrides by exact value of the header that `key` names; `_other`: for the values that share')
      .optional(),
  })
  .describe('Overrides for the clusters of that name or pattern');

const route = f
  .group({
    cluster: f
      .clusterName()
      .describe(
        'The route reads its cluster from x-sluice-cluster (cluster_header): the one to start from, for all attempts of a request',
      )
      .optional(),
    retry: overrides(retry.omit({ budget: true })).optional(),
    fallback: fallback.optional(),
  })
  .describe('Overrides for the routes of that name or pattern');

/** The file with the given schema for its `defaults`; every section may be missing. */
function file<D extends z.ZodType>(defaults: D) {
  return f.group({
    ceilings: ceilings.prefault({}),
    defaults,
    clusters: f
      .named(f.nameKey(), cluster)
      .describe('By exact name or pattern (`*` matches any run of characters); exact beats pattern')
      .prefault({}),
    routes: f.named(f.nameKey(), route).describe('By exact name or pattern, as for clusters').prefault({}),
  });
}

/** What the loader validates with: `defaults` holds only what the file says, so that its origin is known. */
export const policyFile = file(overrides(layer).prefault({}));
export type PolicyFile = z.output<typeof policyFile>;

/** What editors get: the same file, with the default of every field under `defaults` for hovering. */
export const documentedFile = file(layer.prefault({}));

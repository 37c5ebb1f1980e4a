// Checks an object against the schema of its CustomResourceDefinition, unknown fields included: an API server drops those
// in silence, and then nothing is scraped.

import { Ajv, type AnySchema } from 'ajv';
import { parse } from 'yaml';
import { podMonitorCrd } from '../support/operator-crds.js';

interface Crd {
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: AnySchema } }[];
  };
}

/** What is wrong with it, each with its place; empty: nothing. */
export async function podMonitorProblems(object: unknown): Promise<readonly string[]> {
  const crd = parse(await podMonitorCrd()) as Crd;
  const [version] = crd.spec.versions;
  if (version === undefined) throw new Error('the CRD has no version');
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  const validate = ajv.compile(strict(version.schema.openAPIV3Schema) as AnySchema);
  if (validate(object)) return [];
  return (validate.errors ?? []).map(
    (error) => `${error.instancePath}: ${error.message} ${JSON.stringify(error.params)}`,
  );
}

/** The same schema, with nothing allowed that it does not name. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strict(value)]));
  const closed = 'properties' in schema && !('additionalProperties' in schema) && isSchema(schema);
  const open = 'x-kubernetes-preserve-unknown-fields' in schema;
  return closed && !open ? { ...copy, additionalProperties: false } : copy;
}

/** A field may be called `properties` as well: that one has no type. */
function isSchema(value: object): boolean {
  return 'type' in value && value.type === 'object';
}

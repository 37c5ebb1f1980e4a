// The same schema for editors: completion, hover texts and red lines while typing. It knows shapes and single
// values; what takes two fields to see, and the limits of durations, only the loader knows.

import { z } from 'zod';
import { documentedFile } from './file-schema.js';

/** JSON Schema, draft 7: what the YAML language servers of today's editors understand best. */
export function policyJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(documentedFile, { io: 'input', target: 'draft-7', override: tidy });
  return { $schema, title: 'Sluice policy', ...schema };
}

/** As it is committed: two spaces, a newline at the end. */
export function policyJsonSchemaText(): string {
  return `${JSON.stringify(policyJsonSchema(), null, 2)}\n`;
}

/** `default: {}` on a mapping says nothing and hides the defaults inside it in hover texts. */
function tidy({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  const { default: value, type } = jsonSchema;
  const empty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  if (type === 'object' && empty) delete jsonSchema.default;
}

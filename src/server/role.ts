// Which of Sluice's places in Envoy a stream comes from. Envoy says it in the stream's metadata, because we ask it to.

import { ROLES, type Role } from '../core/reasons.js';

export const ROLE_KEY = 'x-sluice-role';

export function roleOf(value: string | undefined): Role | undefined {
  return ROLES.find((role) => role === value);
}

/** Why a stream is refused. Envoy fails open on it, and logs the text once per stream: it says what to configure. */
export function unknownRole(value: string | undefined): string {
  const found = JSON.stringify(value ?? null);
  return (
    `${ROLE_KEY} is ${found}: set grpc_service.initial_metadata of this ext_proc filter to ` +
    `{ key: ${ROLE_KEY}, value: ${ROLES.join(' | ')} }`
  );
}

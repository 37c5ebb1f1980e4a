// The names of Envoy's messages that Sluice meets, and how to tell what a `typed_config` is.

import type { JsonObject } from '../document/json.js';
import type { Message } from './message.js';

export const TYPE = {
  manager: 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
  router: 'envoy.extensions.filters.http.router.v3.Router',
  processor: 'envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor',
  matched: 'envoy.extensions.common.matching.v3.ExtensionWithMatcher',
  headerInput: 'envoy.type.matcher.v3.HttpRequestHeaderMatchInput',
  skip: 'envoy.extensions.filters.common.matcher.action.v3.SkipFilter',
  headerMutation: 'envoy.extensions.filters.http.header_mutation.v3.HeaderMutation',
  earlyHeaderMutation: 'envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation',
  codec: 'envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec',
  accessLog: 'envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig',
  protocol: 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
  priorityGroups: 'envoy.extensions.router.cluster_specifiers.priority_group.v3.PriorityGroupClusterSpecifier',
  previousHosts: 'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
} as const;

export type TypeName = (typeof TYPE)[keyof typeof TYPE];

export function typeUrl(type: TypeName): string {
  return `type.googleapis.com/${type}`;
}

/** A message of that type with these fields, as it stands in a `typed_config`. */
export function typed(type: TypeName, fields: JsonObject = {}): JsonObject {
  return { '@type': typeUrl(type), ...fields };
}

/** The full name of a message's type, without what stands before the slash; '' where it says none. */
export function typeOf(message: Message | null): string {
  const url = message?.text('@type') ?? '';
  return url.slice(url.lastIndexOf('/') + 1);
}

/** The `typed_config` of an extension, if it is of that type. */
export function configOf(extension: Message, type: TypeName): Message | null {
  const config = extension.message('typed_config');
  return typeOf(config) === type ? config : null;
}

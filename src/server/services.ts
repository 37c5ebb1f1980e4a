// The names under which a Sluice is called, by whatever transport.

export const EXTERNAL_PROCESSOR = 'envoy.service.ext_proc.v3.ExternalProcessor';
export const ACCESS_LOG_SERVICE = 'envoy.service.accesslog.v3.AccessLogService';
export const HEALTH = 'grpc.health.v1.Health';

/** Full paths of the methods, as HTTP/2 asks for them. */
export const METHODS = {
  process: `/${EXTERNAL_PROCESSOR}/Process`,
  streamAccessLogs: `/${ACCESS_LOG_SERVICE}/StreamAccessLogs`,
  healthCheck: `/${HEALTH}/Check`,
  healthList: `/${HEALTH}/List`,
  healthWatch: `/${HEALTH}/Watch`,
} as const;

/** What a peer may send in one message: headers are at most 60 KiB unless Envoy is told otherwise. */
export const MAX_RECEIVED_BYTES = 1024 * 1024;
export const MAX_SENT_BYTES = 256 * 1024;

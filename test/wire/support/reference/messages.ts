// The shapes that protobuf objects have once decoded, and must have to be encoded: fields in camel case, absent when
// they are not on the wire. They mirror `proto/`.

export interface HeaderValue {
  key?: string;
  value?: string;
  rawValue?: Buffer;
}

/** google.protobuf.Value: one of these is set. */
export interface Value {
  numberValue?: number;
  stringValue?: string;
  structValue?: Struct;
  listValue?: { values?: Value[] };
}

export interface Struct {
  fields?: Record<string, Value>;
}

export interface HttpHeaders {
  headers?: { headers?: HeaderValue[] };
  endOfStream?: boolean;
}

export interface ProcessingRequest {
  requestHeaders?: HttpHeaders;
  responseHeaders?: HttpHeaders;
  requestBody?: object;
  responseBody?: object;
  requestTrailers?: object;
  responseTrailers?: object;
  attributes?: Record<string, Struct>;
  observabilityMode?: boolean;
}

export interface HeaderMutation {
  setHeaders?: { header: HeaderValue; appendAction: number }[];
  removeHeaders?: readonly string[];
}

export interface CommonResponse {
  headerMutation?: HeaderMutation;
  clearRouteCache?: boolean;
}

export interface Duration {
  seconds?: number;
  nanos?: number;
}

export interface ImmediateResponse {
  status: { code: number };
  headers?: HeaderMutation;
  body?: Buffer;
  grpcStatus?: { status: number };
  details?: string;
}

export interface ProcessingResponse {
  requestHeaders?: { response?: CommonResponse };
  responseHeaders?: { response?: CommonResponse };
  requestBody?: object;
  responseBody?: object;
  requestTrailers?: object;
  responseTrailers?: object;
  immediateResponse?: ImmediateResponse;
  dynamicMetadata?: Struct;
  overrideMessageTimeout?: Duration;
}

export interface Address {
  socketAddress?: { address?: string; portValue?: number };
  pipe?: { path?: string };
}

/** A flag is present where it is set; `unauthorizedDetails` is a message, the rest are `true`. */
export interface ResponseFlags {
  readonly [flag: string]: unknown;
}

/** Durations count from the start of what the entry is about: of the attempt, or of the whole request. */
export interface AccessLogCommon {
  /** A Timestamp, which has the fields of a Duration. */
  startTime?: Duration;
  timeToFirstUpstreamTxByte?: Duration;
  timeToFirstUpstreamRxByte?: Duration;
  upstreamRemoteAddress?: Address;
  upstreamCluster?: string;
  responseFlags?: ResponseFlags;
  upstreamTransportFailureReason?: string;
  customTags?: Record<string, string>;
  duration?: Duration;
  upstreamRequestAttemptCount?: number;
  accessLogType?: number;
}

export interface HttpAccessLogEntry {
  commonProperties?: AccessLogCommon;
  response?: {
    responseCode?: { value?: number };
    responseHeaders?: Record<string, string>;
    responseTrailers?: Record<string, string>;
    responseCodeDetails?: string;
  };
}

export interface StreamAccessLogsMessage {
  identifier?: { logName?: string };
  httpLogs?: { logEntry?: HttpAccessLogEntry[] };
}

export interface HealthCheckRequest {
  service?: string;
}

export interface HealthCheckResponse {
  status?: number;
}

export interface HealthListResponse {
  statuses?: Record<string, HealthCheckResponse>;
}

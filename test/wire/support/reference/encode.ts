// What the codec is held against: a ProcessingResponse as proto-loader encodes it from the definitions in `proto/`.

import type { ClusterOrder, HeaderChanges, Instruction, LocalAnswer, OtherPhase } from '../../../../src/core/stream.js';
import { headerBytes } from './header-value.js';
import type { CommonResponse, Duration, HeaderMutation, ProcessingResponse, Struct, Value } from './messages.js';
import { loadProtos } from './protos.js';

const OVERWRITE_IF_EXISTS_OR_ADD = 2;
/** The metadata namespace that `override_metadata_namespace` names in a route's priority-group specifier. */
const ROUTE_NAMESPACE = 'sluice.route';
const NANOS_PER_MS = 1_000_000;
/** Less than this Envoy ignores. */
const SHORTEST_TIMEOUT_MS = 1;

function mutation(set: HeaderChanges['set'], remove: HeaderChanges['remove']): HeaderMutation {
  return {
    setHeaders: set.map(([key, value]) => ({
      header: { key, rawValue: headerBytes(value) },
      appendAction: OVERWRITE_IF_EXISTS_OR_ADD,
    })),
    removeHeaders: remove,
  };
}

function common(changes: HeaderChanges, clearRouteCache: boolean): { response: CommonResponse } {
  return {
    response: {
      headerMutation: mutation([...changes.set, ...(changes.common ?? [])], changes.remove),
      ...(clearRouteCache && { clearRouteCache }),
    },
  };
}

function struct(fields: Record<string, Value>): Value {
  return { structValue: { fields } };
}

function list(values: Value[]): Value {
  return { listValue: { values } };
}

function priorityGroup(cluster: string, index: number): Value {
  return struct({
    name: { stringValue: `g${index}` },
    clusters: list([struct({ cluster_name: { stringValue: cluster }, weight: { numberValue: 1 } })]),
  });
}

/** Attempt n goes to group n; the last group repeats. */
function routeMetadata(order: ClusterOrder): Struct {
  return { fields: { [ROUTE_NAMESPACE]: struct({ priority_groups: list(order.map(priorityGroup)) }) } };
}

function withOrder(order: ClusterOrder | null): Pick<ProcessingResponse, 'dynamicMetadata'> {
  return order === null ? {} : { dynamicMetadata: routeMetadata(order) };
}

function immediate(answer: LocalAnswer): ProcessingResponse {
  return {
    immediateResponse: {
      status: { code: answer.status },
      headers: mutation(answer.headers, []),
      body: Buffer.from(answer.body),
      details: answer.details,
      ...(answer.grpcStatus !== null && { grpcStatus: { status: answer.grpcStatus } }),
    },
  };
}

function duration(ms: number): Duration {
  const wholeMs = Math.max(SHORTEST_TIMEOUT_MS, Math.ceil(ms));
  return { seconds: Math.floor(wholeMs / 1000), nanos: (wholeMs % 1000) * NANOS_PER_MS };
}

function continueOther(phase: OtherPhase): ProcessingResponse {
  switch (phase) {
    case 'request_body':
      return { requestBody: {} };
    case 'response_body':
      return { responseBody: {} };
    case 'request_trailers':
      return { requestTrailers: {} };
    case 'response_trailers':
      return { responseTrailers: {} };
    default:
      return phase satisfies never;
  }
}

function response(instruction: Instruction): ProcessingResponse {
  const { kind } = instruction;
  switch (kind) {
    case 'continue_request': {
      const { headers, order } = instruction;
      return { requestHeaders: common(headers, order !== null), ...withOrder(order) };
    }
    case 'continue_response':
      return { responseHeaders: common(instruction.headers, false), ...withOrder(instruction.order) };
    case 'continue_other':
      return continueOther(instruction.phase);
    case 'extend_timeout':
      return { overrideMessageTimeout: duration(instruction.ms) };
    case 'respond':
      return immediate(instruction.answer);
    default:
      return kind satisfies never;
  }
}

const UNCHANGED_REQUEST: ProcessingResponse = { requestHeaders: {} };
const UNCHANGED_RESPONSE: ProcessingResponse = { responseHeaders: {} };
let unchangedRequest: Buffer | undefined;
let unchangedResponse: Buffer | undefined;

/** "Go on, nothing to change" is the commonest answer by far: its bytes are made once. */
function ready(instruction: Instruction): Buffer | undefined {
  if (instruction.kind !== 'continue_request' && instruction.kind !== 'continue_response') return undefined;
  const { headers, order } = instruction;
  if (order !== null || headers.set.length > 0 || (headers.common ?? []).length > 0 || headers.remove.length > 0)
    return undefined;
  const { processingResponse } = loadProtos();
  if (instruction.kind === 'continue_request') {
    unchangedRequest ??= processingResponse.encode(UNCHANGED_REQUEST);
    return unchangedRequest;
  }
  unchangedResponse ??= processingResponse.encode(UNCHANGED_RESPONSE);
  return unchangedResponse;
}

/** The caller must not change the bytes: those of an unchanged answer are shared. */
export function encodeInstruction(instruction: Instruction): Buffer {
  return ready(instruction) ?? loadProtos().processingResponse.encode(response(instruction));
}

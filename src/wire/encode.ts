// From a handler's instruction to the bytes of a ProcessingResponse, written where they are wanted: into the send buffer of
// a transport that lets us, or into one of their own.

import type { ClusterOrder, HeaderChanges, HeaderToSet, Instruction, LocalAnswer, OtherPhase } from '../core/stream.js';
import { mutationSize, writeMutation } from './header-mutation.js';
import { fieldSize, utf8Size, varintSize, Writer } from './protobuf/writer.js';
import { routeMetadata } from './route-metadata.js';

const REQUEST_HEADERS = 1;
const RESPONSE_HEADERS = 2;
const IMMEDIATE_RESPONSE = 7;
const DYNAMIC_METADATA = 8;
const OVERRIDE_MESSAGE_TIMEOUT = 10;
const PHASES: Readonly<Record<OtherPhase, number>> = {
  request_body: 3,
  response_body: 4,
  request_trailers: 5,
  response_trailers: 6,
};

/** Of HeadersResponse and CommonResponse. */
const COMMON = 1;
const HEADER_MUTATION = 2;
const CLEAR_ROUTE_CACHE_TAG = 5 << 3;
/** Of ImmediateResponse. */
const STATUS = 1;
const HEADERS = 2;
const BODY = 3;
const GRPC_STATUS = 4;
const DETAILS = 5;
/** First and second number of a small message. */
const FIRST_TAG = 1 << 3;
const SECOND_TAG = 2 << 3;
/** A tag and a value of one byte. */
const FLAG_BYTES = 2;

const NANOS_PER_MS = 1_000_000;
/** Less than this Envoy ignores. */
const SHORTEST_TIMEOUT_MS = 1;

type ContinueHeaders = Extract<Instruction, { kind: 'continue_request' | 'continue_response' }>;

/** "Go on, nothing to change": the commonest answer by far. */
function isUnchanged({ headers, order }: ContinueHeaders): boolean {
  const { set, common, remove } = headers;
  return order === null && set.length === 0 && remove.length === 0 && (common === undefined || common.length === 0);
}

function commonSize(mutationBytes: number, clearRouteCache: boolean): number {
  return fieldSize(mutationBytes) + (clearRouteCache ? FLAG_BYTES : 0);
}

function metadataSize(order: ClusterOrder | null): number {
  return order === null ? 0 : fieldSize(routeMetadata(order).length);
}

function continueSize(instruction: ContinueHeaders, clearRouteCache: boolean): number {
  if (isUnchanged(instruction)) return FLAG_BYTES;
  const { headers, order } = instruction;
  const common = commonSize(mutationSize(headers), clearRouteCache);
  return fieldSize(fieldSize(common)) + metadataSize(order);
}

function writeContinue(writer: Writer, number: number, instruction: ContinueHeaders, clearRouteCache: boolean): void {
  if (isUnchanged(instruction)) return writer.field(number, 0);
  const { headers, order } = instruction;
  const mutation = mutationSize(headers);
  const common = commonSize(mutation, clearRouteCache);
  writer.field(number, fieldSize(common));
  writer.field(COMMON, common);
  writer.field(HEADER_MUTATION, mutation);
  writeMutation(writer, headers);
  if (clearRouteCache) writeNumber(writer, CLEAR_ROUTE_CACHE_TAG, 1);
  if (order !== null) writeMetadata(writer, routeMetadata(order));
}

function writeMetadata(writer: Writer, metadata: Buffer): void {
  writer.field(DYNAMIC_METADATA, metadata.length);
  writer.raw(metadata);
}

function writeNumber(writer: Writer, tag: number, value: number): void {
  writer.byte(tag);
  writer.varint(value);
}

function numberSize(value: number): number {
  return 1 + varintSize(value);
}

const NOTHING: readonly string[] = [];

function setting(headers: readonly HeaderToSet[]): HeaderChanges {
  return { set: headers, remove: NOTHING };
}

function answerSize({ status, headers, body, details, grpcStatus }: LocalAnswer): number {
  return (
    fieldSize(numberSize(status)) +
    fieldSize(mutationSize(setting(headers))) +
    fieldSize(utf8Size(body)) +
    (grpcStatus === null ? 0 : fieldSize(numberSize(grpcStatus))) +
    fieldSize(utf8Size(details))
  );
}

function writeAnswer(writer: Writer, answer: LocalAnswer): void {
  const { status, headers, body, details, grpcStatus } = answer;
  writer.field(IMMEDIATE_RESPONSE, answerSize(answer));
  writer.field(STATUS, numberSize(status));
  writeNumber(writer, FIRST_TAG, status);
  writer.field(HEADERS, mutationSize(setting(headers)));
  writeMutation(writer, setting(headers));
  writeText(writer, BODY, body);
  if (grpcStatus !== null) {
    writer.field(GRPC_STATUS, numberSize(grpcStatus));
    writeNumber(writer, FIRST_TAG, grpcStatus);
  }
  writeText(writer, DETAILS, details);
}

function writeText(writer: Writer, number: number, text: string): void {
  const size = utf8Size(text);
  writer.field(number, size);
  writer.text(text, size);
}

function wholeMs(ms: number): number {
  return Math.max(SHORTEST_TIMEOUT_MS, Math.ceil(ms));
}

const secondsOf = (ms: number) => Math.floor(wholeMs(ms) / 1000);
const nanosOf = (ms: number) => (wholeMs(ms) % 1000) * NANOS_PER_MS;

function durationSize(ms: number): number {
  return numberSize(secondsOf(ms)) + numberSize(nanosOf(ms));
}

function writeDuration(writer: Writer, ms: number): void {
  writer.field(OVERRIDE_MESSAGE_TIMEOUT, durationSize(ms));
  writeNumber(writer, FIRST_TAG, secondsOf(ms));
  writeNumber(writer, SECOND_TAG, nanosOf(ms));
}

/** Bytes that `writeInstruction` will write. */
export function instructionSize(instruction: Instruction): number {
  const { kind } = instruction;
  switch (kind) {
    case 'continue_request':
      return continueSize(instruction, instruction.order !== null);
    case 'continue_response':
      return continueSize(instruction, false);
    case 'continue_other':
      return FLAG_BYTES;
    case 'extend_timeout':
      return fieldSize(durationSize(instruction.ms));
    case 'respond':
      return fieldSize(answerSize(instruction.answer));
    default:
      return kind satisfies never;
  }
}

/** One for all: no instruction is written in the middle of another one. */
const writer = new Writer(Buffer.alloc(0), 0);

/** Writes it into `bytes` from `at` on, where there has to be room for `instructionSize` of it. */
export function writeInstruction(instruction: Instruction, bytes: Buffer, at: number): void {
  writer.moveTo(bytes, at);
  const { kind } = instruction;
  switch (kind) {
    case 'continue_request':
      return writeContinue(writer, REQUEST_HEADERS, instruction, instruction.order !== null);
    case 'continue_response':
      return writeContinue(writer, RESPONSE_HEADERS, instruction, false);
    case 'continue_other':
      return writer.field(PHASES[instruction.phase], 0);
    case 'extend_timeout':
      return writeDuration(writer, instruction.ms);
    case 'respond':
      return writeAnswer(writer, instruction.answer);
    default:
      return kind satisfies never;
  }
}

/** For a transport that wants bytes of its own. */
export function encodeInstruction(instruction: Instruction): Buffer {
  const bytes = Buffer.allocUnsafe(instructionSize(instruction));
  writeInstruction(instruction, bytes, 0);
  return bytes;
}

// `sluice health`: is the Sluice at that address in service? For the health check of an image, for scripts that wait for
// it, and for people. It asks as a kubelet would: grpc.health.v1.Health/Check for the server as a whole.

import { METHODS } from '../server/services.js';
import { type CallResult, callOnce } from '../server/unary-call.js';
import { CHECK_ALL, checkedStatus } from '../wire/health-check.js';
import { CliError } from './http.js';

/** Resolves with the line to print. @throws CliError with what is wrong, where it is not in service. */
export async function health(address: string, timeoutMs: number): Promise<string> {
  const result = await call(address, timeoutMs);
  switch (result.kind) {
    case 'answer':
      return serving(address, result.message);
    case 'unreachable':
      throw new CliError(`nobody answers at ${address} (${result.why}): is Sluice running, and --grpc right?`);
    case 'late':
      throw new CliError(`no answer from ${address} within ${timeoutMs} ms`);
    case 'not_grpc':
      throw new CliError(`what answers at ${address} does not speak gRPC (${result.why}): --grpc wants that of serve`);
    case 'refused':
      throw new CliError(`${address} refused the check with grpc-status ${result.grpcStatus}: ${result.message}`);
    default:
      return result satisfies never;
  }
}

async function call(address: string, timeoutMs: number): Promise<CallResult> {
  try {
    return await callOnce(address, METHODS.healthCheck, CHECK_ALL, timeoutMs);
  } catch (error) {
    throw new CliError(error instanceof Error ? error.message : String(error));
  }
}

function serving(address: string, message: Buffer): string {
  const status = checkedStatus(message);
  if (status === 'serving') return `${address}: serving\n`;
  if (status === undefined) throw new CliError(`${address} answered the check with something that is no health status`);
  throw new CliError(`${address}: ${status}: it is starting, or about to stop`);
}

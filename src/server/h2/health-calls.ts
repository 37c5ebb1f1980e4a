// grpc.health.v1.Health on the direct transport. One message asks; the answer is given when the client has said all.

import { WireError } from '../../wire/error.js';
import { decodeHealthRequest, encodeHealthList, encodeHealthStatus, type HealthStatus } from '../../wire/health.js';
import { type HealthBoard, unknownService, type Watcher } from '../health-board.js';
import type { Call, Responder } from './call.js';
import { STATUS } from './status.js';

/** Keeps the one request message until it is complete that there is no other. */
abstract class OneRequest implements Call {
  protected readonly responder: Responder;
  protected readonly board: HealthBoard;
  private request: Buffer | null = null;

  constructor(responder: Responder, board: HealthBoard) {
    this.responder = responder;
    this.board = board;
  }

  message(bytes: Buffer, start: number, end: number): void {
    if (this.request !== null) this.responder.fail(STATUS.unimplemented, 'more than one request message');
    else this.request = Buffer.from(bytes.subarray(start, end));
  }

  halfClosed(): void {
    if (this.request === null) {
      this.responder.fail(STATUS.unimplemented, 'there is no request message');
      return;
    }
    try {
      this.asked(decodeHealthRequest(this.request).service);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.responder.fail(STATUS.internal, 'the request cannot be read');
    }
  }

  closed(): void {
    this.request = null;
  }

  protected answer(message: Buffer): void {
    this.responder.send(message);
    this.responder.end();
  }

  protected abstract asked(service: string): void;
}

export class CheckCall extends OneRequest {
  protected override asked(service: string): void {
    const status = this.board.statusOf(service);
    if (status === 'service_unknown') this.responder.fail(STATUS.notFound, unknownService(service));
    else this.answer(encodeHealthStatus(status));
  }
}

export class ListCall extends OneRequest {
  protected override asked(): void {
    this.answer(encodeHealthList(this.board.all()));
  }
}

export class WatchCall extends OneRequest implements Watcher {
  service = '';

  update(status: HealthStatus): void {
    this.responder.send(encodeHealthStatus(status));
  }

  end(): void {
    this.responder.end();
  }

  override closed(): void {
    super.closed();
    this.board.unwatch(this);
  }

  protected override asked(service: string): void {
    this.service = service;
    this.board.watch(this);
  }
}

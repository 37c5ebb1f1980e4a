// A request that is not gRPC, or not one that can be read: it is heard out, as HTTP wants it, and told so.

import type { Call, OpenCall, Responder } from './call.js';

class RefusedCall implements Call {
  private readonly responder: Responder;
  private readonly status: number;
  private readonly text: string;

  constructor(responder: Responder, status: number, text: string) {
    this.responder = responder;
    this.status = status;
    this.text = text;
  }

  message(): void {}

  halfClosed(): void {
    this.responder.refuse(this.status, this.text);
  }

  closed(): void {}
}

/** @param text for the person who reads the answer. */
export function refusal(status: number, text: string): OpenCall {
  return (responder) => new RefusedCall(responder, status, text);
}

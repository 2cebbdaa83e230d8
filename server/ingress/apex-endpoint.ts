import type { ErrorCode } from '../../core/errors.ts';

/** A path of the gateway's own host that takes a body by POST, over TLS only. What it does is for whoever fills it in. */
export interface ApexEndpoint {
  /** `/_porthole/oidc` */
  readonly path: string;
  readonly maxBodyBytes: number;
  /** Before the body is read: a function that is called when the visit is over, or undefined for who asks for too much. */
  enter(address: string): (() => void) | undefined;
  /** Never rejects. */
  answer(call: EndpointCall): Promise<EndpointAnswer>;
}

export interface EndpointCall {
  readonly body: Buffer;
  /** The visitor's, as far as it can be believed. */
  readonly address: string;
  readonly requestId: string;
}

/** All of it may be read by whoever asked. */
export type EndpointAnswer =
  | { readonly kind: 'json'; readonly value: unknown }
  | {
      readonly kind: 'failure';
      readonly code: ErrorCode;
      readonly reason?: string;
      readonly next?: string;
      readonly retryAfterSeconds?: number;
    };

import type { ErrorCode } from '../../core/errors.ts';
import type { Answer } from './answer.ts';

/** A path of the gateway's own, over TLS only. What it does is for whoever fills it in. */
export interface OwnEndpoint {
  /** `/_porthole/login` */
  readonly path: string;
  /** Whether it answers all that is below its path, too. */
  readonly below?: boolean;
  /** On the gateway's own host, or on the hosts of all environments, those that are not there included. */
  readonly on: 'gateway' | 'environments';
  readonly methods: readonly ('GET' | 'POST')[];
  /** Of a POST. */
  readonly maxBodyBytes: number;
  /** Before the body is read: a function that is called when the visit is over, or undefined for who asks for too much. */
  enter(address: string): (() => void) | undefined;
  /** Never rejects. */
  answer(call: EndpointCall): Promise<EndpointAnswer>;
}

/** What was asked of an endpoint. Header fields are as sent, and undefined where there was none. */
export interface EndpointCall {
  /** A HEAD is asked as a GET. */
  readonly method: 'GET' | 'POST';
  /** The host that was asked, in lower case, without port and final dot. */
  readonly host: string;
  /** With its query. */
  readonly path: string;
  readonly headers: EndpointHeaders;
  /** Empty for a GET. */
  readonly body: Buffer;
  /** The visitor's, as far as it can be believed. */
  readonly address: string;
  readonly requestId: string;
}

export interface EndpointHeaders {
  readonly accept: string | undefined;
  readonly contentType: string | undefined;
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
  readonly origin: string | undefined;
  readonly referer: string | undefined;
  readonly secFetchSite: string | undefined;
  readonly secFetchMode: string | undefined;
  readonly secFetchDest: string | undefined;
  readonly userAgent: string | undefined;
}

/** All of it may be read by whoever asked. */
export type EndpointAnswer =
  | { readonly kind: 'json'; readonly value: unknown }
  /** As it is: a page, a redirection. */
  | { readonly kind: 'answer'; readonly answer: Answer }
  | {
      readonly kind: 'failure';
      readonly code: ErrorCode;
      readonly reason?: string;
      readonly next?: string;
      readonly retryAfterSeconds?: number;
      /** As a page, to those who prefer one; else as JSON. */
      readonly page?: boolean;
      /** Names and values in turn. */
      readonly headers?: readonly string[];
    };

import type { ErrorCode } from '../../core/errors.ts';

/** `unknown`: something that the parser lets through, such as HTTP/0.9. */
export type HttpVersion = '1.0' | '1.1' | '2' | 'unknown';

/** A request's head as its protocol's parser gave it. */
export interface RawRequest {
  readonly method: string;
  readonly target: string;
  /** Names and values in turn, without HTTP/2's pseudo-headers. */
  readonly rawHeaders: readonly string[];
  readonly version: HttpVersion;
  /** HTTP/2's `:authority`. */
  readonly authority: string | undefined;
  /** Whether a body follows, where the headers need not tell: HTTP/2. */
  readonly hasBody: boolean;
}

/** Where a request comes from and what it is for, as its browser or program says; undefined where it says nothing. */
export interface RequestContext {
  origin: string | undefined;
  referer: string | undefined;
  secFetchSite: string | undefined;
  secFetchMode: string | undefined;
  secFetchDest: string | undefined;
  userAgent: string | undefined;
  contentType: string | undefined;
  /** Of a CORS preflight. */
  corsMethod: string | undefined;
  corsHeaders: string | undefined;
  /** `Service-Worker: script`, with the script of one. */
  serviceWorker: string | undefined;
}

/** Why a head is refused: what the visitor is told. */
export interface HeadProblem {
  readonly code: ErrorCode;
  readonly reason: string;
  /** Most of it is cookies. */
  readonly cookies?: boolean;
  /** How the visitor would like to be told. */
  readonly accept: string;
}

export interface HeadLimits {
  readonly maxHeaderBytes: number;
}

/**
 * A request's head, understood once, strictly: what routing, access and the upstream go by. Routing and access see the same
 * one host, or the request is refused (RFC 9112, 3.2 and 7.1; RFC 9113, 8.3.1).
 */
export class RequestHead {
  readonly method: string;
  readonly version: HttpVersion;
  /** As sent, with its port if it has one. */
  host = '';
  /** The origin form with its query, or `*`. */
  path = '';
  body: 'none' | 'length' | 'chunked' = 'none';
  contentLength: string | undefined;
  trailer: string | undefined;
  takesTrailers = false;
  expect: string | undefined;
  /** What the visitor wants to switch to, in lower case. */
  upgrade: string | undefined;
  cookie: string | undefined;
  accept = '';
  requestId: string | undefined;
  authorization: string | undefined;
  /** `Porthole-Share` and `Porthole-Token`, which never go on. */
  shareHeader: string | undefined;
  tokenHeader: string | undefined;
  readonly context: RequestContext = {
    origin: undefined,
    referer: undefined,
    secFetchSite: undefined,
    secFetchMode: undefined,
    secFetchDest: undefined,
    userAgent: undefined,
    contentType: undefined,
    corsMethod: undefined,
    corsHeaders: undefined,
    serviceWorker: undefined,
  };
  forwardedFor: string | undefined;
  forwardedProto: string | undefined;
  /** The other forwarding headers: names and values in turn. */
  forwarding: string[] | undefined;
  /** What goes to the upstream as it is, after the `Host` at its start. */
  readonly passed: string[] = ['Host', ''];

  constructor(raw: RawRequest) {
    this.method = raw.method;
    this.version = raw.version;
  }

  get pathname(): string {
    const end = this.path.indexOf('?');
    return end === -1 ? this.path : this.path.slice(0, end);
  }

  /** A browser on its way to a page, which can be sent on to another address. */
  get navigation(): boolean {
    if (this.method !== 'GET' && this.method !== 'HEAD') return false;
    const { secFetchMode } = this.context;
    if (secFetchMode !== undefined) return secFetchMode === 'navigate';
    return this.accept.includes('text/html');
  }
}

import type { Pass } from './pass.ts';
import type { Place } from './viewer.ts';

/** Where a request comes from and what it is for, as its browser says; undefined where it says nothing. */
export interface FetchContext {
  readonly origin: string | undefined;
  readonly referer: string | undefined;
  readonly secFetchSite: string | undefined;
  readonly secFetchMode: string | undefined;
  readonly secFetchDest: string | undefined;
  /** Of a CORS preflight. */
  readonly corsMethod: string | undefined;
  readonly corsHeaders: string | undefined;
}

/** What is known of one request or upgrade when it asks for a host of an environment. */
export interface AccessRequest {
  readonly place: Place;
  /** The host that was asked, in lower case, without port and final dot. */
  readonly host: string;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly cookie: string | undefined;
  readonly authorization: string | undefined;
  /** The values of `Porthole-Share` and `Porthole-Token`. */
  readonly shareHeader: string | undefined;
  readonly tokenHeader: string | undefined;
  readonly context: FetchContext;
  /** A browser that goes to a page by GET or HEAD, and can be sent on to another address. */
  readonly navigation: boolean;
  /** It asks to switch protocols: a WebSocket. */
  readonly upgrade: boolean;
  /** The visitor's address, as far as it can be believed. */
  readonly address: string;
}

export type AccessDecision =
  | {
      readonly kind: 'allow';
      readonly via: AccessWay;
      /** `Set-Cookie` values of the gateway's own, to go with the answer. */
      readonly setCookies: readonly string[];
      /** What of the request was for the gateway, and does not go on. */
      readonly spends: 'authorization' | undefined;
      /** What opened it; undefined for what is public, and for a machine's own token. */
      readonly pass: Pass | undefined;
      /**
       * Where a browser on its way to a page is sent first (303): to have the other hosts of the environment opened too, or to the same address without the
       * link in it. It comes back, or may be let in at once: it is allowed either way.
       */
      readonly detour?: Redirection;
    }
  /** Something must be computed first: when this has settled (it never rejects), the decision is asked for once more. */
  | { readonly kind: 'prove'; prove(): Promise<void> }
  /** A CORS preflight that the gateway answers: names and values in turn. */
  | { readonly kind: 'preflight'; readonly headers: readonly string[] }
  /** A navigation that the login pages can help: a redirection (303). */
  | ({ readonly kind: 'hand-over' } & Redirection)
  /** It shows nothing that opens anything: 401, with these values of `WWW-Authenticate`. */
  | { readonly kind: 'login'; readonly challenges: readonly string[] }
  /** Whoever asks is known, and may not know of it: answered as what is not there. */
  | { readonly kind: 'unknown' }
  /** It shows a cookie, from a page that may not use it. */
  | { readonly kind: 'origin' }
  /** Too many wrong secrets from there, or for this environment. */
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number };

export interface Redirection {
  readonly location: string;
  /** `Set-Cookie` values. */
  readonly setCookies: readonly string[];
}

export type AccessWay = 'public' | 'session' | 'link' | 'token' | 'password' | 'machine';

/** The one decision on who may visit: asked for every request and every upgrade, on what is true at that moment. */
export interface Doorkeeper {
  /** Never throws; costs microseconds, and nothing that waits. */
  decide(request: AccessRequest): AccessDecision;
  /** Called when what was allowed may be so no longer: whatever goes on is asked again. */
  onChange(callback: () => void): void;
}

/** What of an `Authorization` header takes its time to check: passwords, tokens that machines sign. It remembers what it found. */
export interface Proofs {
  look(
    authorization: string,
    asked: { readonly place: Place; readonly address: string },
  ):
    | { readonly kind: 'not-ours' }
    | { readonly kind: 'proven'; readonly via: 'password' | 'machine'; readonly pass: Pass | undefined }
    | { readonly kind: 'refused' }
    | { readonly kind: 'limited'; readonly retryAfterSeconds: number }
    | { readonly kind: 'unproven'; prove(): Promise<void> };
}

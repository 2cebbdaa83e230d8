import type { Log } from '../../core/log.ts';
import type { AccessWay, Doorkeeper } from '../access/decision.ts';
import type { Owned } from '../access/owner-mark.ts';
import type { Router } from '../routing/resolution.ts';
import type { OwnEndpoint } from '../pages/own-endpoint.ts';

/** What the ingress must know of a connection; captured when it was accepted, since a socket forgets when its peer goes. */
export interface ConnectionInfo {
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Came through TLS. */
  readonly secure: boolean;
  /** The name asked for by SNI, in lower case. */
  readonly servername: string | undefined;
}

export interface IngressLimits {
  /** For the whole head of a request, from the connection's or the last answer's end. */
  readonly headerTimeoutMs: number;
  readonly maxHeaderBytes: number;
  /** To the first byte of the answer, from the last byte of the request. */
  readonly responseTimeoutMs: number;
  /** Without a byte either way, for an open request. */
  readonly idleTimeoutMs: number;
  /** The same for upgrades and server-sent events. */
  readonly streamIdleTimeoutMs: number;
  /** How long a request waits for a tunnel that is about to be back. */
  readonly holdMs: number;
  /** What the requests that wait may keep in memory, of one environment and in all. */
  readonly maxHeldBytesPerEnv: number;
  readonly maxHeldBytes: number;
  /** In flight for one environment. */
  readonly maxRequests: number;
  /** In flight for all of them. */
  readonly maxRequestsTotal: number;
  /** How long a connection without a request is kept. */
  readonly keepAliveMs: number;
  /** For the TLS handshake with a `scheme=https` upstream. */
  readonly tlsHandshakeTimeoutMs: number;
}

/** Where visitors reach the gateway: what links, redirects and `X-Forwarded-*` say. */
export interface PublicAddress {
  readonly protocol: 'http' | 'https';
  readonly port: number;
}

/** What happened to one request, told when it is over. The access-log line is the same object. */
export interface RequestEntry {
  readonly requestId: string;
  /** Undefined for the gateway's own host and for hosts of others. */
  readonly env: string | undefined;
  /** Undefined for the default service. */
  readonly service: string | undefined;
  readonly port: number | undefined;
  readonly tunnelId: string | undefined;
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  /** 0 when the visitor left before there was an answer. */
  readonly status: number;
  /** The error code, when the gateway itself answered with one. */
  readonly code: string | undefined;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly durationMs: number;
  /** Of that, the time that it waited for a tunnel to be back, if it had to. */
  readonly heldMs?: number;
  readonly remote: string;
  /** What let the visitor in, if anything did. */
  readonly via?: AccessWay;
  readonly upgraded: boolean;
  /** The answer did not reach its end. */
  readonly aborted: boolean;
}

/** What the ingress counts. Called on the path of each request: cheap, and never throws. */
export interface IngressMetrics {
  /** A request or upgrade is over. */
  requestEnded(entry: RequestEntry): void;
  /** A request was sent a second time. */
  requestRetried(): void;
  /** A request went out on a channel: a new one, or one that an earlier request had left. */
  channelUsed(reused: boolean): void;
}

/** All that the ingress needs of the rest of the gateway. */
export interface IngressDependencies {
  readonly router: Router;
  readonly doorkeeper: Doorkeeper;
  readonly log: Log;
  readonly metrics: IngressMetrics;
  readonly limits: IngressLimits;
  /** The gateway's domain, in lower case. */
  readonly domain: string;
  /** Another host of its own, for the login pages; in lower case. */
  readonly adminDomain?: string | undefined;
  readonly publicAddress: PublicAddress;
  /** What nobody has said anything of is open to all: the gateway's own `access`. */
  readonly publicByDefault: boolean;
  /** Whether pages of this origin may read what the gateway itself answers on hosts of this environment. */
  mayRead?(origin: string, env: string): boolean;
  /** What a browser shows that has been cleared of what former owners of the name had put there. */
  ownerMark(owned: Owned): string;
  /** Whether a peer's forwarding headers are believed. */
  isTrustedProxy(address: string): boolean;
  /** Whether the gateway takes new work: `/readyz`. */
  ready(): boolean;
  /** The live list of requests in SSH sessions. */
  onRequest?(entry: RequestEntry): void;
  /** What other parts serve: on the gateway's own host, and below `/_porthole/` on those of environments. */
  readonly endpoints?: readonly OwnEndpoint[];
  /** The key authorization of an ACME HTTP-01 challenge (RFC 8555, 8.3). */
  acmeChallenge?(token: string): string | undefined;
  /** Milliseconds since the epoch. */
  now(): number;
}

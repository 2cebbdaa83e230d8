import { createHash } from 'node:crypto';
import { fingerprint } from '../../core/fingerprint.ts';
import type { Claims } from './choose-policy.ts';
import type { ExchangeRequest } from './exchange-request.ts';

/** Who sends what. */
export interface ExchangeCall {
  readonly body: Buffer;
  readonly address: string;
  readonly requestId: string;
}

/** One exchange whose token has proven to be the issuer's. */
export class ExchangeVisit {
  readonly request: ExchangeRequest;
  readonly call: ExchangeCall;
  readonly claims: Claims;
  /** Of the key that a certificate is for. */
  readonly fingerprint: string | undefined;

  constructor(request: ExchangeRequest, call: ExchangeCall, claims: Claims) {
    this.request = request;
    this.call = call;
    this.claims = claims;
    this.fingerprint = request.kind === 'certificate' ? fingerprint(request.key.blob) : undefined;
  }

  /** Without the signature, of which there may be several for one token. */
  get tokenId(): string {
    const { iss, jti } = this.claims;
    const signed = this.request.token.slice(0, this.request.token.lastIndexOf('.'));
    const own = typeof jti === 'string' && jti !== '' ? ['jti', jti] : ['token', signed];
    return createHash('sha256')
      .update(JSON.stringify([iss, ...own]))
      .digest('base64');
  }

  get expiresAt(): number {
    return Number(this.claims['exp']) * 1000;
  }
}

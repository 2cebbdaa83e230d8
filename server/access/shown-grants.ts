import { readAuthorization } from './authorization-header.ts';
import type { AccessRequest } from './decision.ts';
import type { GrantRecord, Grants } from './grant-record.ts';
import { grantIdOf, tokenPrefix } from './grant-token.ts';
import type { GrantTokenKind } from './grant-token.ts';
import { passOpens } from './opens.ts';
import type { PassSources } from './opens.ts';
import type { OwnQuery } from './own-query.ts';
import type { Place } from './viewer.ts';

export interface ShownGrantsOptions extends PassSources {
  readonly grants: Pick<Grants, 'byId' | 'ofEnv'>;
  /** Signs links and tokens. */
  readonly shareKey: Uint8Array;
}

/** What the links and tokens that a request shows are worth. */
export type ShownFinding =
  | { readonly kind: 'opens'; readonly grant: GrantRecord }
  /** One is not genuine: somebody guesses, or has lost some characters of it. */
  | { readonly kind: 'wrong' }
  /** None, or none that opens this. */
  | { readonly kind: 'nothing' };

interface Shown {
  readonly kind: GrantTokenKind;
  readonly text: string;
}

/** Reads the links and tokens that programs show, in header fields or in the query. */
export class ShownGrants {
  readonly #options: ShownGrantsOptions;

  constructor(options: ShownGrantsOptions) {
    this.#options = options;
  }

  inHeaders(request: AccessRequest, nowMs: number): ShownFinding {
    const { tokenHeader, shareHeader, authorization } = request;
    const own = authorization === undefined ? undefined : ownTokenIn(authorization);
    return this.#look(
      [
        ...(tokenHeader === undefined ? [] : [{ kind: 'token', text: tokenHeader } as const]),
        ...(own === undefined ? [] : [{ kind: 'token', text: own } as const]),
        ...(shareHeader === undefined ? [] : [{ kind: 'link', text: shareHeader } as const]),
      ],
      request.place,
      nowMs,
    );
  }

  inQuery({ tokens, shares }: OwnQuery, place: Place, nowMs: number): ShownFinding {
    return this.#look(
      [
        ...tokens.map((text) => ({ kind: 'token', text }) as const),
        ...shares.map((text) => ({ kind: 'link', text }) as const),
      ],
      place,
      nowMs,
    );
  }

  #look(shown: readonly Shown[], place: Place, nowMs: number): ShownFinding {
    let wrong = false;
    for (const { kind, text } of shown) {
      const id = grantIdOf(this.#options.shareKey, kind, text);
      wrong ||= id === undefined;
      const grant = id === undefined ? undefined : this.#options.grants.byId(id);
      if (grant?.kind === kind && this.#opens(grant, place, nowMs)) return { kind: 'opens', grant };
    }
    return { kind: wrong ? 'wrong' : 'nothing' };
  }

  /** A link that only so many browsers may take is taken on the login pages, where it is counted. */
  #opens(grant: GrantRecord, place: Place, nowMs: number): boolean {
    if (grant.kind === 'link' && grant.maxUses !== undefined) return false;
    return passOpens({ kind: 'grant', id: grant.id }, place, nowMs, this.#options);
  }
}

/** The token of the gateway's own in an `Authorization`. */
export function ownTokenIn(authorization: string): string | undefined {
  const shown = readAuthorization(authorization);
  if (shown === undefined) return undefined;
  const texts = shown.kind === 'bearer' ? [shown.token] : [shown.password, shown.user];
  return texts.find((text) => text.startsWith(tokenPrefix));
}

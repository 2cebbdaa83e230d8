import { PortholeError } from '../../core/errors.ts';
import type { Grants, NewGrant } from '../access/grant-record.ts';
import { grantToken } from '../access/grant-token.ts';
import { newGrantId } from '../access/record-ids.ts';

export interface VisitTokensOptions {
  readonly grants: Pick<Grants, 'change'>;
  /** Signs tokens. */
  readonly grantKey: Uint8Array;
  /** Whose an environment is; undefined for one that is not there. */
  readonly ownerOf: (env: string) => string | undefined;
}

export interface VisitTokenRequest {
  readonly env: string;
  /** Who the job is. */
  readonly principal: string;
  readonly policy: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly address: string;
  readonly now: number;
}

export interface VisitToken {
  /** For lists, and to revoke it. */
  readonly id: string;
  readonly token: string;
}

/** Tokens by which CI jobs visit one environment that exists already, whoever owns it: grants like those of `token create`. */
export class VisitTokens {
  readonly #options: VisitTokensOptions;

  constructor(options: VisitTokensOptions) {
    this.#options = options;
  }

  knows(env: string): boolean {
    return this.#options.ownerOf(env) !== undefined;
  }

  /** On the disk, with its line of the audit, before it is given. Rejects as the store does, and with `ERR_ENV_UNKNOWN`. */
  async issue(request: VisitTokenRequest): Promise<VisitToken> {
    const { grants, grantKey, ownerOf } = this.#options;
    const { env, principal, policy, expiresAt, address, now } = request;
    const owner = ownerOf(env);
    if (owner === undefined) throw new PortholeError('ERR_ENV_UNKNOWN');
    const id = newGrantId();
    const grant: NewGrant = {
      ...{ id, kind: 'token', env, service: undefined, owner },
      ...{ name: `oidc ${policy}`, createdAt: now, createdBy: principal, expiresAt },
      ...{ emails: [], maxUses: undefined, hash: undefined },
    };
    const detail = { id, policy, until: new Date(expiresAt).toISOString() };
    await grants.change([{ kind: 'add', grant }], {
      ...{ at: now, action: 'token.create', principal, address, target: env, result: 'ok', detail },
    });
    return { id, token: grantToken(grantKey, 'token', id) };
  }
}

import type { Log } from '../../core/log.ts';
import type { GrantRecord, Grants, NewGrant } from './grant-record.ts';
import { newGrantId } from './record-ids.ts';

export interface StandingLinksOptions {
  readonly grants: Grants;
  /** How long each of them is good. */
  readonly ttlMs: number;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

const name = 'standing';

/**
 * The one link that each owner has for an environment without having asked for it: to all that is private there. It is listed and revoked like
 * every other. Connecting never waits for it, and where it cannot be kept there is none.
 */
export class StandingLinks {
  readonly #grants: Grants;
  readonly #ttlMs: number;
  readonly #log: Log;
  readonly #now: () => number;
  /** By environment. */
  readonly #pending = new Map<string, Promise<void>>();

  constructor({ grants, ttlMs, log, now = Date.now }: StandingLinksOptions) {
    this.#grants = grants;
    this.#ttlMs = ttlMs;
    this.#log = log;
    this.#now = now;
  }

  /** The id of the one that is good for longest. */
  current(env: string, owner: string): string | undefined {
    return this.#newest(env, owner)?.id;
  }

  /** Makes one, unless there is one with more than half of its life left. */
  ensure(env: string, owner: string): void {
    if (this.#pending.has(env)) return;
    const now = this.#now();
    const { expiresAt = 0 } = this.#newest(env, owner) ?? {};
    if (expiresAt - now > this.#ttlMs / 2) return;
    const making = this.#make(env, owner, now).finally(() => {
      this.#pending.delete(env);
    });
    this.#pending.set(env, making);
  }

  /** Settles when what is being made for the environment is there, or cannot be made; undefined when nothing is. Never rejects. */
  pending(env: string): Promise<void> | undefined {
    return this.#pending.get(env);
  }

  #newest(env: string, owner: string): GrantRecord | undefined {
    const now = this.#now();
    return this.#grants
      .ofEnv(env)
      .filter((grant) => isStanding(grant, owner) && (grant.expiresAt ?? 0) > now)
      .reduce<GrantRecord | undefined>((best, grant) => {
        return best === undefined || (grant.expiresAt ?? 0) > (best.expiresAt ?? 0) ? grant : best;
      }, undefined);
  }

  async #make(env: string, owner: string, at: number): Promise<void> {
    const expiresAt = at + this.#ttlMs;
    const grant: NewGrant = {
      ...{ id: newGrantId(), kind: 'link', env, service: undefined, owner, name },
      ...{ createdAt: at, createdBy: owner, expiresAt, emails: [], maxUses: undefined, hash: undefined },
    };
    const detail = { id: grant.id, name, until: new Date(expiresAt).toISOString() };
    const entry = {
      at,
      principal: owner,
      action: 'share.create',
      target: env,
      result: 'ok',
      detail,
    } as const;
    try {
      await this.#grants.change([{ kind: 'add', grant }], entry);
    } catch (err) {
      this.#log.warn({ err, env }, 'no share link could be made for an environment');
    }
  }
}

function isStanding(grant: GrantRecord, owner: string): boolean {
  return (
    grant.kind === 'link' &&
    grant.name === name &&
    grant.owner === owner &&
    grant.service === undefined &&
    grant.emails.length === 0 &&
    grant.maxUses === undefined &&
    grant.revokedAt === undefined
  );
}

import type { RouteName } from '../../core/names.ts';
import type { Grants } from '../access/grant-record.ts';
import type { Account, Sessions } from '../access/session-record.ts';
import type { OwnedEnvironmentServices } from './owned-environment.ts';

/** What the commands need by which others get to see previews. */
export interface VisitServices extends OwnedEnvironmentServices {
  readonly grants: Grants;
  readonly sessions: Sessions;
  readonly urls: { urlOf(route: RouteName): string };
  /** What the bearer of a link or a token shows: a MAC over its id. */
  readonly secretOf: (kind: 'link' | 'token', id: string) => string;
  readonly hashPassword: (text: string) => Promise<string>;
  /** Links that log somebody in, once. */
  readonly loginLinks: {
    make(
      account: Account,
      /** The login ends no later. */
      until?: number,
    ): { readonly url: string; readonly expiresAtMs: number };
  };
  /** Whether people can log in with an address that somebody vouches for. */
  readonly hasLoginProviders: () => boolean;
  /** How long a link is good if its maker says nothing else. */
  readonly shareTtlMs: number;
}

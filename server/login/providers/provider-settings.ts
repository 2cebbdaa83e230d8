import type { Parsed } from '../../../core/parsed.ts';

/** One `[[provider]]` of the login file. */
export interface ProviderSettings {
  readonly name: string;
  readonly title: string;
  readonly issuer: string;
  readonly clientId: string;
  /** Read anew for each login, so that the file of it may change; undefined for a public client, which has PKCE alone. */
  readonly clientSecret: (() => Parsed<string>) | undefined;
  readonly scopes: readonly string[];
  /** The claim that lists the groups, or the way to it: `realm_access.roles`. */
  readonly groupsClaim: string;
  /** Whether its addresses count though it says nothing of whether they are verified. */
  readonly trustEmail: boolean;
}

const googleIssuer = 'https://accounts.google.com';

/** Google's addresses tell where somebody works only together with `hd`: anybody may have an account with an address of elsewhere. */
export function isGoogle({ issuer }: Pick<ProviderSettings, 'issuer'>): boolean {
  return issuer.replace(/\/$/, '') === googleIssuer;
}

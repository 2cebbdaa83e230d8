import type { PersonAccount } from '../../access/people-rules.ts';
import { isGoogle, type ProviderSettings } from './provider-settings.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** What a provider says of somebody, in its signed token and, where it was asked, at its userinfo endpoint. */
export interface ToldClaims {
  readonly token: Claims;
  readonly userInfo: Claims | undefined;
}

const maxGroups = 200;
const longestGroup = 255;
/** Of all groups together: a session is kept with them. */
const maxGroupsLength = 30_000;
const longestName = 128;

/** The account that a provider's claims describe. Its address is there only if it is verified. */
export function personOf(provider: ProviderSettings, { token, userInfo }: ToldClaims): PersonAccount {
  const email = verifiedEmail(provider, token) ?? (userInfo && verifiedEmail(provider, userInfo));
  const hostedDomain = isGoogle(provider) && typeof token['hd'] === 'string' ? token['hd'] : undefined;
  return {
    kind: 'person',
    provider: provider.name,
    issuer: provider.issuer,
    subject: String(token['sub']),
    email,
    ...(hostedDomain === undefined ? {} : { hostedDomain: hostedDomain.toLowerCase() }),
    name: nameOf(token) ?? (userInfo && nameOf(userInfo)),
    groups:
      groupsIn(token, provider.groupsClaim) ?? (userInfo && groupsIn(userInfo, provider.groupsClaim)) ?? [],
  };
}

/** The address that a provider tells, verified or not: to say to its owner why it does not count. */
export function toldEmail({ token, userInfo }: ToldClaims): string | undefined {
  const email = token['email'] ?? userInfo?.['email'];
  return typeof email === 'string' ? email.slice(0, 254) : undefined;
}

/** Whether the userinfo endpoint might say more than the token does. */
export function isMore(
  provider: ProviderSettings,
  token: Claims,
  needs: { readonly groups: boolean },
): boolean {
  const knowsEmail = token['email'] !== undefined && isVerified(provider, token) !== undefined;
  return !knowsEmail || (needs.groups && groupsIn(token, provider.groupsClaim) === undefined);
}

/** The lists of OpenID providers are claims with their own name, or deep inside one: `realm_access.roles`. Undefined where there is none. */
export function groupsIn(claims: Claims, name: string): readonly string[] | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : along(claims, name.split('.'));
  const told: unknown[] | undefined =
    typeof value === 'string' ? [value] : Array.isArray(value) ? value : undefined;
  return told && bounded(told.filter((group) => typeof group === 'string'));
}

function bounded(told: readonly string[]): readonly string[] {
  const groups = [...new Set(told)].filter((group) => group !== '' && group.length <= longestGroup);
  let length = 0;
  return groups.slice(0, maxGroups).filter((group) => (length += group.length) <= maxGroupsLength);
}

function along(claims: Claims, steps: readonly string[]): unknown {
  return steps.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Claims)[step]
        : undefined,
    claims,
  );
}

/**
 * An address of ASCII, its letters in lower case. Others do not count: Unicode's own lower case makes some of them equal to addresses of other people (the
 * Kelvin sign is a k).
 */
function verifiedEmail(provider: ProviderSettings, claims: Claims): string | undefined {
  const { email } = claims;
  if (typeof email !== 'string' || email.length > 254 || isVerified(provider, claims) !== true)
    return undefined;
  const address = email.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(address)
    ? address
    : undefined;
}

/** Undefined where the provider does not say. */
function isVerified(provider: ProviderSettings, claims: Claims): boolean | undefined {
  const told = claims['email_verified'] ?? (isEntra(provider) ? claims['xms_edov'] : undefined);
  if (told === undefined) return provider.trustEmail ? true : undefined;
  return told === true || told === 'true' || (isEntra(provider) && (told === 1 || told === '1'));
}

/** Microsoft Entra ID: its administrators may write any address; `xms_edov` says whether its domain was verified. */
function isEntra({ issuer }: ProviderSettings): boolean {
  return new URL(issuer).hostname === 'login.microsoftonline.com';
}

function nameOf(claims: Claims): string | undefined {
  const told = [claims['name'], claims['preferred_username']].find((name) => typeof name === 'string');
  const name = told?.replace(/\p{C}/gu, '').trim().slice(0, longestName);
  return name === '' ? undefined : name;
}

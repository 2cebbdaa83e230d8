import { z } from 'zod';
import type { Parsed } from '../../../core/parsed.ts';
import { isFetchable } from '../../oidc/issuer-address.ts';
import { readBy, type EntryProblem, type ReadEntry } from './entry-problem.ts';
import type { ProviderSettings } from './provider-settings.ts';

const maxSecretLength = 4096;
const isText = 'takes one text';

/** A name is in URLs, and before the colon of what an account is called. */
const name = z
  .string('is needed: a short name in lower case, such as google')
  .regex(/^[a-z0-9][a-z0-9_.-]{0,31}$/, 'is at most 32 of a-z, 0-9, hyphens, dots and underscores');

const schema = z.strictObject({
  name,
  title: z
    .string(isText)
    .regex(/^[^\p{C}]{1,60}$/u, 'is what the button says: 1 to 60 characters')
    .optional(),
  issuer: z.string('is needed: the address of the provider, such as https://accounts.google.com'),
  'client-id': z
    .string('is needed: what the provider calls this gateway')
    .regex(/^[\x20-\x7e]{1,512}$/, 'is 1 to 512 characters of ASCII'),
  'client-secret': z
    .string(isText)
    .min(1, 'is empty: a public client has none at all')
    .max(maxSecretLength, 'is too long')
    .optional(),
  'client-secret-file': z.string(isText).min(1, 'is empty').optional(),
  scopes: z
    .array(z.string(), 'takes a list of words, such as ["openid", "email"]')
    .max(32, 'has more than 32')
    .refine((scopes) => scopes.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(scope)), {
      error: 'takes words without spaces and quotes',
    })
    .refine((scopes) => scopes.includes('openid'), { error: 'must have "openid" among them' })
    .optional(),
  'groups-claim': z.string(isText).min(1, 'is empty').max(256, 'is too long').optional(),
  'trust-email': z.boolean('is true or false').optional(),
});

const known = Object.keys(schema.shape);

/** Reads one `[[provider]]`, and finds everything that is wrong with it. `readSecret` gives the text of a file of a secret. */
export function readProvider(
  entry: unknown,
  readSecret: (path: string) => Parsed<string>,
): ReadEntry<ProviderSettings> {
  const read = readBy(schema, entry, known);
  const issuer = Object(entry) as Record<string, unknown>;
  const more = [...issuerProblems(issuer['issuer']), ...secretProblems(issuer, readSecret)];
  if ('problems' in read) return { problems: [...read.problems, ...more] };
  if (more.length > 0) return { problems: more };
  const { value } = read;
  return {
    value: {
      name: value.name,
      title: value.title ?? value.name,
      issuer: value.issuer,
      clientId: value['client-id'],
      clientSecret: secretOf(value, readSecret),
      scopes: value.scopes ?? ['openid', 'email', 'profile'],
      groupsClaim: value['groups-claim'] ?? 'groups',
      trustEmail: value['trust-email'] ?? false,
    },
  };
}

function secretOf(
  value: z.infer<typeof schema>,
  readSecret: (path: string) => Parsed<string>,
): ProviderSettings['clientSecret'] {
  const { 'client-secret': secret, 'client-secret-file': path } = value;
  if (path !== undefined) return () => secretIn(path, readSecret);
  return secret === undefined ? undefined : () => ({ ok: true, value: secret });
}

/** Editors end a file with a newline, which is no part of the secret. */
function secretIn(path: string, readSecret: (path: string) => Parsed<string>): Parsed<string> {
  const read = readSecret(path);
  if (!read.ok) return read;
  const value = read.value.trim();
  if (value === '') return { ok: false, problem: 'the file is empty' };
  return value.length > maxSecretLength
    ? { ok: false, problem: 'there is more than a secret in the file' }
    : { ok: true, value };
}

function secretProblems(
  { 'client-secret': secret, 'client-secret-file': path }: Record<string, unknown>,
  readSecret: (path: string) => Parsed<string>,
): EntryProblem[] {
  if (typeof path !== 'string' || path === '') return [];
  const key = 'client-secret-file';
  if (secret !== undefined) return [{ key, text: 'there is a client-secret as well: give one of them' }];
  const read = secretIn(path, readSecret);
  return read.ok ? [] : [{ key, text: read.problem }];
}

function issuerProblems(issuer: unknown): EntryProblem[] {
  const text = typeof issuer === 'string' ? issuerProblem(issuer) : undefined;
  return text === undefined ? [] : [{ key: 'issuer', text }];
}

/** OpenID Connect Discovery 1.0, section 3; and what operators get wrong with well-known ones. */
function issuerProblem(issuer: string): string | undefined {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  if (url === undefined) return 'is not a URL such as https://accounts.google.com';
  if (!isFetchable(url))
    return 'must be https (http is only for a provider on this machine: 127.0.0.1, [::1], localhost)';
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return 'is a URL without user, query and fragment';
  if (url.pathname.includes('/.well-known/'))
    return 'is the address without /.well-known/..., which is found by itself';
  if (url.hostname === 'github.com')
    return 'GitHub is no OpenID provider for people: put a bridge such as Dex in between';
  if (isManyTenants(url)) return 'is of all tenants in the world: name yours in place of it';
  return undefined;
}

function isManyTenants({ hostname, pathname }: URL): boolean {
  return (
    hostname === 'login.microsoftonline.com' &&
    /^\/(?:common|organizations|consumers)(?:\/|$)/i.test(pathname)
  );
}

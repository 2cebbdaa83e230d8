import { z } from 'zod';
import { problem, type Parsed } from '../../core/parsed.ts';
import { roles } from '../identity/identity.ts';
import type { KeyAccount } from './key-account.ts';
import { isGrantId, newGrantId } from './record-ids.ts';
import type { Sealer } from './seal.ts';

/** What tokens for the API begin with, so that scanners for leaked secrets know one. */
export const apiTokenPrefix = 'pha_';
/** The longest that one may be good. */
export const longestApiTokenMs = 24 * 3_600_000;

export interface ApiTokensOptions {
  readonly sealer: Sealer;
  /** The gateway's own host: a token of another gateway opens nothing. */
  readonly host: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export interface ApiToken {
  /** No secret. */
  readonly id: string;
  readonly token: string;
  readonly expiresAt: number;
}

/** What a genuine token says. Whether its account is still one is not asked. */
export type ShownApiToken =
  | {
      readonly kind: 'good';
      readonly id: string;
      readonly account: KeyAccount;
      /** Milliseconds since the epoch. */
      readonly expiresAt: number;
    }
  | { readonly kind: 'expired' };

const statement = z.strictObject({
  id: z.string().refine(isGrantId),
  until: z.int(),
  principal: z.string(),
  key: z.string(),
  certificate: z
    .strictObject({
      role: z.enum(roles),
      env: z.array(z.string()),
      serial: z.string(),
      id: z.string(),
      authority: z.string(),
      until: z.int().optional(),
    })
    .optional(),
});
type Statement = z.infer<typeof statement>;

/** Of what a sealer takes. */
const maxStatementBytes = 2048;

/** Tokens with which programs give commands over HTTP: sealed statements whose account speaks until when. Nothing of them is stored. */
export class ApiTokens {
  readonly #options: Required<ApiTokensOptions>;

  constructor(options: ApiTokensOptions) {
    this.#options = { now: Date.now, ...options };
  }

  /** A problem only for what a certificate says at too great length. */
  make(account: KeyAccount, ttlMs: number): Parsed<ApiToken> {
    const { sealer, host, now } = this.#options;
    const id = newGrantId();
    const expiresAt = now() + Math.min(ttlMs, longestApiTokenMs);
    const text = JSON.stringify(statementOf(account, { id, until: expiresAt }));
    if (Buffer.byteLength(text) > maxStatementBytes)
      return problem(
        'the certificate that you log in with says too much for a token: log in with the key alone',
      );
    return {
      ok: true,
      value: { id, token: apiTokenPrefix + sealer.seal('api-token', host, text), expiresAt },
    };
  }

  /** Undefined for what is no token of this gateway. */
  accountOf(token: string): ShownApiToken | undefined {
    const { sealer, host, now } = this.#options;
    if (!token.startsWith(apiTokenPrefix)) return undefined;
    const opened = sealer.open('api-token', host, token.slice(apiTokenPrefix.length));
    const said = opened === undefined ? undefined : read(opened.text);
    if (said === undefined) return undefined;
    if (said.until <= now()) return { kind: 'expired' };
    return { kind: 'good', id: said.id, account: accountIn(said), expiresAt: said.until };
  }
}

/** What a key alone may do is looked up each time; what a certificate says is known from nowhere else. */
function statementOf(
  { principal, fingerprint, role, envPatterns, certificate }: KeyAccount,
  { id, until }: Pick<Statement, 'id' | 'until'>,
): Statement {
  const who = { id, until, principal, key: fingerprint };
  if (certificate === undefined) return who;
  const { serial, id: certificateId, authority, expiresAt } = certificate;
  return {
    ...who,
    certificate: { role, env: [...envPatterns], serial, id: certificateId, authority, until: expiresAt },
  };
}

function accountIn({ principal, key, certificate }: Statement): KeyAccount {
  return {
    kind: 'key',
    principal,
    fingerprint: key,
    role: certificate?.role ?? 'machine',
    envPatterns: certificate?.env ?? [],
    certificate: certificate && {
      serial: certificate.serial,
      id: certificate.id,
      authority: certificate.authority,
      expiresAt: certificate.until,
    },
  };
}

/** It was sealed here, but perhaps by another version. */
function read(text: string): Statement | undefined {
  try {
    const said = statement.safeParse(JSON.parse(text));
    return said.success ? said.data : undefined;
  } catch {
    return undefined;
  }
}

import { z } from 'zod';
import { isSessionId } from '../access/record-ids.ts';
import { accountName, type Account, type NewSession, type SessionRecord } from '../access/session-record.ts';
import { roles } from '../identity/identity.ts';
import {
  lineOfText,
  moment,
  parseJson,
  storableLine,
  wholeOrNull,
  wordsOf,
  type ReadRow,
} from './record-fields.ts';
import type { SessionsTable } from './tables.ts';

const maxUserAgentLength = 256;
const maxGroups = 1000;
const maxNameLength = 256;

const serial = z.string().regex(/^\d{1,20}$/);
const print = z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/);
const name = lineOfText.min(1);

/** JSON has no undefined: what is not there is left out. */
const account: z.ZodType = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('key'),
    principal: name,
    fingerprint: print,
    role: z.enum(roles),
    envPatterns: z.array(z.string().regex(/^[a-z0-9*?-]+$/)).max(1000),
    certificate: z
      .strictObject({ serial, id: lineOfText, authority: print, expiresAt: moment.optional() })
      .optional(),
  }),
  z.strictObject({
    kind: z.literal('person'),
    provider: name,
    issuer: lineOfText.optional(),
    subject: name,
    email: z.string().min(3).max(320).optional(),
    hostedDomain: lineOfText.optional(),
    name: lineOfText.optional(),
    groups: z.array(lineOfText).max(maxGroups),
  }),
]);

const storedSession = z.object({
  id: z.string().refine(isSessionId),
  account_name: z.string(),
  account: z.string().max(65_536),
  created_at: moment,
  created_from: lineOfText,
  user_agent: lineOfText.max(maxUserAgentLength),
  last_seen_at: moment,
  last_seen_from: lineOfText,
  expires_at: moment,
  ended_at: moment.nullable(),
  ended_reason: lineOfText.nullable(),
});

/** A login that begins: it was last seen when it was made. */
export function toSessionRow(session: NewSession): SessionsTable {
  const from = storableLine(session.createdFrom, 64);
  return {
    id: session.id,
    account_name: storableLine(accountName(session.account), 1024),
    account: JSON.stringify(cleanAccount(session.account)),
    created_at: Math.trunc(session.createdAt),
    created_from: from,
    user_agent: storableLine(session.userAgent, maxUserAgentLength),
    last_seen_at: Math.trunc(session.createdAt),
    last_seen_from: from,
    expires_at: Math.trunc(session.expiresAt),
    ended_at: wholeOrNull(undefined),
    ended_reason: null,
  };
}

/** A provider may say anything; a group that would not be the same any more is left out. */
function cleanAccount(who: Account): Account {
  if (who.kind === 'key') return who;
  const groups = who.groups.filter((group) => lineOfText.safeParse(group).success && group.isWellFormed());
  const called = who.name === undefined ? undefined : storableLine(who.name, maxNameLength);
  return { ...who, name: called, groups: groups.slice(0, maxGroups) };
}

export function fromSessionRow(row: unknown): ReadRow<SessionRecord> {
  const parsed = storedSession.safeParse(row);
  if (!parsed.success) return { ok: false, problem: wordsOf(parsed.error) };
  const stored = parsed.data;
  const who = readAccount(stored.account);
  if (who === undefined) return { ok: false, problem: 'account: not what is written there' };
  // Whoever ends the logins of an account goes by its name.
  if (storableLine(accountName(who), 1024) !== stored.account_name)
    return { ok: false, problem: 'account_name: not of this account' };
  return {
    ok: true,
    record: {
      id: stored.id,
      account: who,
      createdAt: stored.created_at,
      createdFrom: stored.created_from,
      userAgent: stored.user_agent,
      lastSeenAt: stored.last_seen_at,
      lastSeenFrom: stored.last_seen_from,
      expiresAt: stored.expires_at,
      endedAt: stored.ended_at ?? undefined,
      endedReason: stored.ended_reason ?? undefined,
    },
  };
}

function readAccount(json: string): Account | undefined {
  const value = parseJson(json);
  if (!account.safeParse(value).success) return undefined;
  const read = value as Account;
  return read.kind === 'key'
    ? {
        ...read,
        certificate: read.certificate && { ...read.certificate, expiresAt: read.certificate.expiresAt },
      }
    : { ...read, email: read.email, name: read.name };
}

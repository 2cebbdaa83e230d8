import { formatDeadline, formatTime, approximately } from '../../core/moment.ts';
import type { GrantKind, GrantRecord } from '../access/grant-record.ts';
import { answer, type Answer, type Call } from './answer.ts';
import { mayDecide } from './owned-environment.ts';
import { placeName } from './shared-place.ts';
import { short, table } from './table.ts';
import type { VisitServices } from './visit-services.ts';

/** What a grant is at this moment. */
export type GrantState = 'live' | 'revoked' | 'expired' | 'used up' | 'void';

/** Grants that are listed at once. */
const maxListed = 1000;

const words: Readonly<Record<GrantKind, string>> = { link: 'links', token: 'tokens', password: 'passwords' };

/** `void`: the name of the environment is somebody else's now. */
export function grantState(
  grant: GrantRecord,
  { now, ownerOf }: { readonly now: number; readonly ownerOf: (env: string) => string | undefined },
): GrantState {
  if (grant.revokedAt !== undefined) return 'revoked';
  if (grant.expiresAt !== undefined && grant.expiresAt <= now) return 'expired';
  const owner = ownerOf(grant.env);
  if (owner !== undefined && owner !== grant.owner) return 'void';
  return grant.maxUses !== undefined && grant.uses >= grant.maxUses ? 'used up' : 'live';
}

/** What `share list`, `token list` and `password list` answer: what was given out for the caller's environments; never what opens them. */
export function grantList(
  { caller, values, now }: Call<{ env?: string | undefined; all?: true | undefined }>,
  { grants, environments, envNameOf }: VisitServices,
  kind: GrantKind,
): Answer {
  const { identity } = caller;
  const env = values.env === undefined ? undefined : nameOf(values.env);
  const moment = { now, ownerOf: (name: string) => environments.view(name)?.owner };
  const known = [...grants.all()].filter(
    (grant) =>
      grant.kind === kind && mayDecide(identity, grant) && (env === undefined || env.includes(grant.env)),
  );
  const rows = known.map((grant) => ({ grant, state: grantState(grant, moment) })).sort(newestFirst);
  const wanted = values.all === true ? rows : rows.filter(({ state }) => isOpen(state));
  const listed = wanted.slice(0, maxListed);
  return answer(
    listed.map(({ grant, state }) => grantJson(grant, state)),
    listed.length === 0 ? [] : table([columnsOf(kind), ...listed.map((row) => cellsOf(row, now))]),
    notesOf({
      kind,
      listed: listed.length,
      wanted: wanted.length,
      known: known.length,
      all: values.all === true,
    }),
  );

  function nameOf(text: string): readonly string[] {
    return [text, envNameOf(identity, text)];
  }
}

/** Browsers that opened it already are let in until it ends: it is not over when it is used up. */
function isOpen(state: GrantState): boolean {
  return state === 'live' || state === 'used up';
}

/** One of them, for programs. */
export function grantJson(grant: GrantRecord, state: GrantState): object {
  const { id, env, service, owner, name, createdAt, createdBy, expiresAt } = grant;
  return {
    id,
    kind: grant.kind,
    env,
    service: service ?? null,
    owner,
    name,
    state,
    created: iso(createdAt),
    createdBy,
    expires: isoOrNull(expiresAt),
    ...(grant.kind === 'link' && { emails: grant.emails, maxUses: grant.maxUses ?? null, uses: grant.uses }),
    lastUsed: isoOrNull(grant.lastUsedAt),
    lastUsedFrom: grant.lastUsedFrom ?? null,
    revoked: isoOrNull(grant.revokedAt),
  };
}

function columnsOf(kind: GrantKind): string[] {
  const uses = kind === 'link' ? ['FOR', 'USES'] : [];
  const until = kind === 'password' ? [] : ['UNTIL'];
  return ['ID', 'OPENS', 'NAME', 'BY', 'MADE', ...until, ...uses, 'LAST USED', 'STATE'];
}

function cellsOf({ grant, state }: { grant: GrantRecord; state: GrantState }, now: number): string[] {
  const { id, name, createdBy, createdAt, expiresAt, lastUsedAt, lastUsedFrom, kind } = grant;
  const until = expiresAt === undefined ? 'revoked' : untilText(expiresAt, now);
  const uses = kind === 'link' ? [short(forText(grant)), usesText(grant)] : [];
  const used =
    lastUsedAt === undefined
      ? 'never'
      : `${approximately(Math.max(0, now - lastUsedAt))} ago${fromText(lastUsedFrom)}`;
  return [
    id,
    placeName(grant),
    name === '' ? '-' : short(name),
    short(createdBy),
    formatTime(createdAt),
    ...(kind === 'password' ? [] : [until]),
    ...uses,
    used,
    state,
  ];
}

function untilText(expiresAt: number, now: number): string {
  return expiresAt <= now ? formatTime(expiresAt) : formatDeadline(expiresAt, now);
}

function forText({ emails }: GrantRecord): string {
  return emails.length === 0 ? 'anybody' : emails.join(' ');
}

function usesText({ uses, maxUses }: GrantRecord): string {
  return maxUses === undefined ? String(uses) : `${String(uses)} of ${String(maxUses)}`;
}

function fromText(address: string | undefined): string {
  return address === undefined ? '' : ` from ${address}`;
}

function notesOf(count: {
  kind: GrantKind;
  listed: number;
  wanted: number;
  known: number;
  all: boolean;
}): string[] {
  const over = count.known - count.wanted;
  return [
    ...(count.listed === 0 ? [`no ${words[count.kind]}`] : []),
    ...(count.wanted > count.listed
      ? [`${String(count.wanted - count.listed)} more, made longer ago: name an environment`]
      : []),
    ...(over > 0 && count.kind !== 'password'
      ? [`${String(over)} that are over: --all shows ${over === 1 ? 'it' : 'them'}`]
      : []),
  ];
}

function newestFirst(a: { grant: GrantRecord }, b: { grant: GrantRecord }): number {
  return b.grant.createdAt - a.grant.createdAt || (a.grant.id < b.grant.id ? -1 : 1);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function isoOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : iso(ms);
}

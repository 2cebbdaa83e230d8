import type { CommandValues } from '../../core/command-values.ts';
import { approximately, formatDeadline, formatTime } from '../../core/moment.ts';
import type { Identity } from '../identity/identity.ts';
import { accountName, type SessionRecord } from '../access/session-record.ts';
import { answer, failed, notAllowed, wrongUsage, type Answer, type Call, type Handlers } from './answer.ts';
import { browserName } from '../access/browser-name.ts';
import { auditOf } from './command-audit.ts';
import { short, table } from './table.ts';
import type { VisitServices } from './visit-services.ts';

const maxListed = 1000;
const columns = ['ID', 'ACCOUNT', 'SINCE', 'UNTIL', 'LAST SEEN', 'BROWSER', 'STATE'];
const action = 'session.end';

/** Logins of browsers: everybody's own, and for administrators all. */
export function sessionHandlers(services: VisitServices): Handlers<'session list' | 'session end'> {
  return {
    'session list': (call) => Promise.resolve(list(call, services)),
    'session end': (call) => end(call, services),
  };
}

function list(
  { caller, values, now }: Call<CommandValues['session list']>,
  { sessions }: VisitServices,
): Answer {
  const { identity } = caller;
  const { principal, all } = values;
  if (principal !== undefined && identity.role !== 'admin' && principal !== identity.principal)
    return notAllowed(
      'who else is logged in is for administrators; leave --principal out for your own sessions',
    );
  const known = visible(sessions.all(), identity).filter(
    (session) => principal === undefined || accountName(session.account) === principal,
  );
  const wanted = all === true ? known : known.filter((session) => isLive(session, now));
  const listed = wanted.sort((a, b) => b.lastSeenAt - a.lastSeenAt).slice(0, maxListed);
  return answer(
    listed.map((session) => sessionJson(session, now)),
    listed.length === 0 ? [] : table([columns, ...listed.map((session) => cellsOf(session, now))]),
    [
      ...(listed.length === 0 ? ['nobody is logged in'] : []),
      ...(wanted.length > listed.length
        ? [`${String(wanted.length - listed.length)} more: name a --principal`]
        : []),
    ],
  );
}

async function end(call: Call<CommandValues['session end']>, services: VisitServices): Promise<Answer> {
  const { id, all, account } = call.values;
  if ([id, all, account].filter((given) => given !== undefined).length !== 1)
    return wrongUsage('name one: the ID of a session, --all for all of your own, or --account NAME');
  const found = id === undefined ? ofAccount(call, services) : oneOf(id, call, services);
  if ('kind' in found) return found;
  if (found.length === 0) return answer({ ended: [] }, ['no session is open']);
  const { principal } = call.caller.identity;
  const target = id ?? account ?? principal;
  const detail = { sessions: found.map((session) => session.id).slice(0, 50), count: found.length };
  await services.sessions.end(
    found.map((session) => session.id),
    `ended by ${principal}`,
    auditOf(call, { action, target, detail }),
  );
  return answer({ ended: found.map((session) => session.id) }, [
    `ended ${found.length === 1 ? `session ${found[0]?.id ?? ''}` : `${String(found.length)} sessions`} of ${short(namesOf(found))}: what they had open ends now`,
  ]);
}

/** Somebody else's is answered like one that never was. */
function oneOf(
  id: string,
  call: Call<unknown>,
  { sessions, audit }: VisitServices,
): readonly SessionRecord[] | Answer {
  const { caller, now } = call;
  const session = sessions.byId(id);
  if (session !== undefined && maySee(session, caller.identity)) return isLive(session, now) ? [session] : [];
  audit.record({ ...auditOf(call, { action, target: id }), result: 'refused' });
  return failed(`there is no session ${id}${caller.identity.role === 'admin' ? '' : ' of yours'}`);
}

function ofAccount(
  call: Call<CommandValues['session end']>,
  { sessions, audit }: VisitServices,
): readonly SessionRecord[] | Answer {
  const { caller, values, now } = call;
  const { role, principal } = caller.identity;
  const { account = principal } = values;
  if (role !== 'admin' && account !== principal) {
    audit.record({ ...auditOf(call, { action, target: account }), result: 'refused' });
    return notAllowed('the sessions of others are for administrators');
  }
  const live = visible(sessions.all(), caller.identity).filter((session) => isLive(session, now));
  if (values.all === true) return live.filter((session) => isOwn(session, caller.identity));
  return live.filter((session) => accountName(session.account) === account);
}

function visible(sessions: Iterable<SessionRecord>, identity: Identity): SessionRecord[] {
  return [...sessions].filter((session) => maySee(session, identity));
}

function maySee(session: SessionRecord, identity: Identity): boolean {
  return identity.role === 'admin' || isOwn(session, identity);
}

function isOwn({ account }: SessionRecord, { principal }: Identity): boolean {
  return account.kind === 'key' && account.principal === principal;
}

function isLive({ endedAt, expiresAt }: SessionRecord, now: number): boolean {
  return endedAt === undefined && expiresAt > now;
}

function namesOf(sessions: readonly SessionRecord[]): string {
  return [...new Set(sessions.map(({ account }) => accountName(account)))].join(', ');
}

function cellsOf(session: SessionRecord, now: number): string[] {
  const { id, account, createdAt, expiresAt, lastSeenAt, lastSeenFrom, userAgent } = session;
  return [
    id,
    short(accountName(account)),
    formatTime(createdAt),
    expiresAt <= now ? formatTime(expiresAt) : formatDeadline(expiresAt, now),
    `${approximately(Math.max(0, now - lastSeenAt))} ago from ${lastSeenFrom}`,
    browserName(userAgent),
    stateOf(session, now),
  ];
}

function stateOf({ endedAt, endedReason, expiresAt }: SessionRecord, now: number): string {
  if (endedAt !== undefined) return `ended ${formatTime(endedAt)}: ${short(endedReason ?? '')}`;
  return expiresAt <= now ? 'expired' : 'live';
}

function sessionJson(session: SessionRecord, now: number): object {
  const { id, account, createdAt, createdFrom, lastSeenAt, lastSeenFrom, expiresAt, endedAt } = session;
  return {
    id,
    account: accountName(account),
    since: iso(createdAt),
    from: createdFrom,
    lastSeen: iso(lastSeenAt),
    lastSeenFrom,
    expires: iso(expiresAt),
    browser: browserName(session.userAgent),
    userAgent: session.userAgent,
    live: isLive(session, now),
    ended: endedAt === undefined ? null : iso(endedAt),
    endedReason: session.endedReason ?? null,
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

import type { CommandValues } from '../../core/command-values.ts';
import { formatDeadline, formatTime, resolveExpiry } from '../../core/moment.ts';
import { newGrantId } from '../access/record-ids.ts';
import type { Identity } from '../identity/identity.ts';
import type { AuditDetail } from '../store/audit-entry.ts';
import type { ReachGrant } from '../targets/target-record.ts';
import { answer, failed, notAllowed, wrongUsage, type Answer, type Call, type Handlers } from './answer.ts';
import { auditOf } from './command-audit.ts';
import type { GateServices } from './gate-services.ts';
import { mayDecide } from './owned-environment.ts';
import { short, table } from './table.ts';

/** Grants that are listed at once. */
const maxListed = 1000;
const columns = ['ID', 'WHO', 'ENVS', 'SERVICES', 'OS USERS', 'UNTIL', 'BY'];

/** What lets somebody reach machines that their keys alone would not: given by administrators, and by owners for their own environments. */
export function grantHandlers(services: GateServices): Handlers<'grant add' | 'grant list' | 'grant rm'> {
  return {
    'grant add': (call) => add(call, services),
    'grant list': (call) => Promise.resolve(list(call, services)),
    'grant rm': (call) => remove(call, services),
  };
}

async function add(call: Call<CommandValues['grant add']>, services: GateServices): Promise<Answer> {
  const { caller, values, now } = call;
  const envPatterns = [...new Set(values.env)];
  if (envPatterns.length === 0) return wrongUsage('--env is missing: give at least one pattern');
  const refusal = refusalFor(caller.identity, services, envPatterns);
  if (refusal !== undefined) {
    const refused = auditOf(call, {
      action: 'grant.add',
      target: values.principal,
      detail: { env: envPatterns },
    });
    services.audit.record({ ...refused, result: 'refused' });
    return notAllowed(refusal);
  }
  const expiry = resolveExpiry(values.expires ?? { kind: 'never' }, now);
  if (!expiry.ok) return wrongUsage(`--expires: ${expiry.problem}`);
  const expiresAt = expiry.value;
  const { role, principal: giver } = caller.identity;
  const grant: ReachGrant = {
    ...{ id: newGrantId(), principal: values.principal, envPatterns },
    ...(role !== 'admin' && { owner: giver }),
    services: [...new Set(values.service ?? [])],
    osUsers: [...new Set(values['os-user'] ?? [])],
    ...(expiresAt !== undefined && { expiresAt }),
    ...{ createdAt: now, createdBy: giver },
  };
  const audit = auditOf(call, { action: 'grant.add', target: grant.principal, detail: detailOf(grant) });
  await services.book.change([{ kind: 'add-grant', grant }], audit);
  return answer(
    grantJson(grant, now),
    [grant.id],
    [`lets ${tellGrant(grant, now)}`, ...notesOn(grant, services)],
  );
}

function list(call: Call<CommandValues['grant list']>, services: GateServices): Answer {
  const { caller, values, now } = call;
  const { principal, all } = values;
  const known = [...services.book.grants()].filter(
    (grant) =>
      maySee(caller.identity, services, grant) && (principal === undefined || grant.principal === principal),
  );
  const wanted = all === true ? known : known.filter((grant) => !isOver(grant, now));
  const listed = wanted.sort(newestFirst).slice(0, maxListed);
  const over = known.length - wanted.length;
  return answer(
    listed.map((grant) => grantJson(grant, now)),
    listed.length === 0 ? [] : table([columns, ...listed.map((grant) => cellsOf(grant, now))]),
    [
      ...(listed.length === 0 ? ['no grants'] : []),
      ...(wanted.length > listed.length
        ? [`${String(wanted.length - listed.length)} more, made longer ago: name a principal`]
        : []),
      ...(over > 0 ? [`${String(over)} expired: --all shows ${over === 1 ? 'it' : 'them'}`] : []),
    ],
  );
}

async function remove(call: Call<CommandValues['grant rm']>, services: GateServices): Promise<Answer> {
  const { caller, values } = call;
  const action = 'grant.rm';
  const grant = services.book.grant(values.id);
  if (grant === undefined || !mayTakeBack(caller.identity, services, grant)) {
    services.audit.record({ ...auditOf(call, { action, target: values.id }), result: 'refused' });
    const isTheirs = grant !== undefined && maySee(caller.identity, services, grant);
    if (isTheirs) return notAllowed(`the grant ${values.id} is for you, not yours to take back`);
    return failed(`there is no grant ${values.id}${caller.identity.role === 'admin' ? '' : ' of yours'}`);
  }
  const audit = auditOf(call, { action, target: grant.principal, detail: detailOf(grant) });
  await services.book.change([{ kind: 'remove-grant', id: grant.id }], audit);
  return answer({ id: grant.id, principal: grant.principal, env: grant.envPatterns, removed: true }, [
    `took back what let ${tellGrant(grant, call.now)}: what it alone let in ends`,
  ]);
}

/** Undefined when somebody may let others into these. */
function refusalFor(
  identity: Identity,
  services: GateServices,
  patterns: readonly string[],
): string | undefined {
  if (mayGive(identity, services, patterns)) return undefined;
  const wild = patterns.find((pattern) => /[*?]/.test(pattern));
  if (wild !== undefined)
    return `the pattern ${wild} is for administrators: name environments of yours, each with its own --env`;
  const foreign = patterns.find((env) => !ownsEnv(identity, services, env)) ?? '';
  return `there is no environment ${foreign} of yours that this key may let others into`;
}

/** Administrators, and the owner of every environment that is named in full. */
function mayGive(identity: Identity, services: GateServices, patterns: readonly string[]): boolean {
  return identity.role === 'admin' || patterns.every((pattern) => ownsEnv(identity, services, pattern));
}

/** Also whoever gave it, when the environments are theirs no more. */
function mayTakeBack(identity: Identity, services: GateServices, grant: ReachGrant): boolean {
  return grant.owner === identity.principal || mayGive(identity, services, grant.envPatterns);
}

function ownsEnv(identity: Identity, { environments }: GateServices, pattern: string): boolean {
  if (/[*?]/.test(pattern)) return false;
  const owner = environments.view(pattern)?.owner;
  return owner !== undefined && mayDecide(identity, { env: pattern, owner });
}

/** Whoever it is for sees it, too. */
function maySee(identity: Identity, services: GateServices, grant: ReachGrant): boolean {
  return grant.principal === identity.principal || mayTakeBack(identity, services, grant);
}

function notesOn({ principal, id, services: limited }: ReachGrant, services: GateServices): string[] {
  const known = services.keys.ofPrincipal(principal);
  return [
    ...(services.principals.has(principal)
      ? []
      : [`nobody is known here as ${principal}: it counts once a key or a certificate speaks for them`]),
    ...(known.length > 0 && known.every(({ role }) => role === 'machine')
      ? [`all keys of ${principal} are machines', which do not pass the gate`]
      : []),
    ...(limited.length > 0 && !limited.includes('ssh') ? ['ssh is not among these services'] : []),
    `take it back with: grant rm ${id}`,
  ];
}

/** `ben into pr-*, services ssh, db, until ...`. */
function tellGrant(
  { principal, envPatterns, services, osUsers, expiresAt }: ReachGrant,
  now: number,
): string {
  return [
    `${principal} into ${envPatterns.join(', ')}`,
    ...(services.length > 0 ? [`services ${services.join(', ')}`] : []),
    ...(osUsers.length > 0 ? [`certificates for ${osUsers.join(', ')}`] : []),
    expiresAt === undefined ? 'for good' : `until ${untilText(expiresAt, now)}`,
  ].join('; ');
}

function detailOf({ id, envPatterns, owner, services, osUsers, expiresAt }: ReachGrant): AuditDetail {
  return {
    id,
    env: envPatterns,
    ...(owner !== undefined && { owner }),
    ...(services.length > 0 && { services }),
    ...(osUsers.length > 0 && { osUsers }),
    expires: expiresAt === undefined ? 'never' : iso(expiresAt),
  };
}

function cellsOf({ id, principal, envPatterns, ...grant }: ReachGrant, now: number): string[] {
  const { services, osUsers, expiresAt, createdBy } = grant;
  return [
    id,
    short(principal),
    short(envPatterns.join(', ')),
    services.length === 0 ? 'all' : short(services.join(', ')),
    osUsers.length === 0 ? 'any' : short(osUsers.join(', ')),
    expiresAt === undefined ? 'taken back' : untilText(expiresAt, now),
    short(createdBy),
  ];
}

/** A grant for programs. */
function grantJson(grant: ReachGrant, now: number): object {
  const { id, principal, envPatterns, owner, services, osUsers, expiresAt, createdAt, createdBy } = grant;
  return {
    id,
    principal,
    env: envPatterns,
    owner: owner ?? null,
    services,
    osUsers,
    expires: expiresAt === undefined ? null : iso(expiresAt),
    expired: isOver(grant, now),
    created: iso(createdAt),
    createdBy,
  };
}

function untilText(expiresAt: number, now: number): string {
  return expiresAt <= now ? `${formatTime(expiresAt)} (expired)` : formatDeadline(expiresAt, now);
}

function isOver({ expiresAt }: ReachGrant, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

function newestFirst(a: ReachGrant, b: ReachGrant): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

import type { Log } from '../../core/log.ts';
import { didYouMean } from '../../core/suggest.ts';
import type { Identity } from '../identity/identity.ts';
import type { Caller } from '../identity/key-record.ts';
import type { EnvironmentView } from '../routing/resolution.ts';
import type { AuditRecorder } from '../store/audit-entry.ts';
import { answer, failed, type Answer, type Call, type Handlers } from './answer.ts';
import { ClaimChanges, type ClaimChangesOptions, type Commit } from './claim-changes.ts';
import { auditOf } from './command-audit.ts';
import { environmentList, type ClaimedName } from './env-list.ts';
import { first, maxCompared, ownedEnvironment } from './owned-environment.ts';

/** What the commands about environment names need of the gateway. */
export interface EnvServices extends ClaimChangesOptions {
  readonly environments: ClaimChangesOptions['environments'] & {
    view(env: string): EnvironmentView | undefined;
    /** Those of one owner, if one is given. */
    views(owner?: string): Iterable<EnvironmentView>;
    /** Milliseconds since the epoch; undefined while it is online. */
    claimEndsAt(env: string): number | undefined;
  };
  readonly principals: Principals;
  /** The environment name that a text stands for: a branch name, too. */
  readonly envNameOf: (identity: Identity, text: string) => string;
  readonly audit: AuditRecorder;
  readonly log: Log;
}

/** Who could own a name. */
export interface Principals {
  has(name: string): boolean;
  names(): Iterable<string>;
  /** Whether one of its keys may dial in under the name; undefined when nothing is known of its keys. */
  mayName(principal: string, env: string): boolean | undefined;
}

type EnvCommand = 'env list' | 'env release' | 'env transfer';

/** The commands about whose an environment name is. Everybody sees and gives away their own; an administrator, all. */
export function envHandlers(services: EnvServices): Handlers<EnvCommand> {
  const changes = new ClaimChanges(services);
  return {
    'env list': (call) => Promise.resolve(list(call, services)),
    'env release': (call) => changes.inTurn((commit) => release(call, services, commit)),
    'env transfer': (call) => changes.inTurn((commit) => transfer(call, services, commit)),
  };
}

function list({ caller, values, now }: Call<{ all?: true | undefined }>, services: EnvServices): Answer {
  const { principal, role } = caller.identity;
  const { environments } = services;
  const names = function* (): Iterable<ClaimedName> {
    for (const view of environments.views(role === 'admin' ? undefined : principal))
      yield { view, endsAt: environments.claimEndsAt(view.name) };
  };
  return environmentList(names(), { principal, now, all: values.all === true });
}

async function release(
  call: Call<{ env: string; force?: true | undefined }>,
  services: EnvServices,
  commit: Commit,
): Promise<Answer> {
  const found = ownedEnvironment(call, services, { env: call.values.env, action: 'env.release' });
  if (!('name' in found)) return found;
  const { name: env, owner } = found;
  const online = services.environments.claimEndsAt(env) === undefined;
  if (online && call.values.force !== true)
    return failed(`${env} is online: end its tunnels first, or cut them with --force`);
  const audit = auditOf(call, { action: 'env.release', target: env, detail: { owner, online } });
  const done = await commit({ owner, change: { kind: 'release', env }, audit });
  if (done === 'overtaken') return overtaken(env);
  services.log.info({ env, owner, by: call.caller.identity.principal, online }, 'env released');
  return answer(
    { env, released: true, owner, online },
    [`released ${env}: whoever dials in for it next owns it`],
    online ? [`its tunnels were cut, and may come back and own it anew; env transfer keeps them out`] : [],
  );
}

async function transfer(
  call: Call<{ env: string; principal: string }>,
  services: EnvServices,
  commit: Commit,
): Promise<Answer> {
  const found = ownedEnvironment(call, services, { env: call.values.env, action: 'env.transfer' });
  if (!('name' in found)) return found;
  const { name: env, owner } = found;
  const to = call.values.principal;
  if (to === owner)
    return answer({ env, owner, changed: false }, [`${env} is ${ownerWord(to, call)} already`]);
  if (!services.principals.has(to)) return failed(unknownPrincipal(to, call.caller, services.principals));
  const change = { kind: 'transfer', env, to, at: call.now } as const;
  const audit = auditOf(call, { action: 'env.transfer', target: env, detail: { from: owner, to } });
  if ((await commit({ owner, change, audit })) === 'overtaken') return overtaken(env);
  services.log.info({ env, from: owner, to, by: call.caller.identity.principal }, 'env transferred');
  const unusable = services.principals.mayName(to, env) === false;
  return answer(
    { env, owner: to, previous: owner, changed: true, usable: !unusable },
    [`${env} belongs to ${to} now`],
    unusable ? [`none of the keys of ${to} may dial in for ${env}: add one with --env ${env}`] : [],
  );
}

/** Only administrators may learn who there is. */
function unknownPrincipal(name: string, { identity }: Caller, principals: Principals): string {
  const known = identity.role === 'admin' ? first(principals.names(), maxCompared) : [];
  return `there is no principal ${name}${didYouMean(name, known)}`;
}

function overtaken(env: string): Answer {
  return failed(`${env} changed hands in this very moment, and nothing was done: look again with env list`);
}

function ownerWord(owner: string, { caller }: Call<unknown>): string {
  return owner === caller.identity.principal ? 'yours' : `${owner}'s`;
}

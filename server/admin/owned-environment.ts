import { didYouMean } from '../../core/suggest.ts';
import { mayNameEnv, type Identity } from '../identity/identity.ts';
import type { EnvironmentView } from '../routing/resolution.ts';
import type { AuditRecorder } from '../store/audit-entry.ts';
import { failed, notAllowed, type Answer, type Call } from './answer.ts';
import { auditOf } from './command-audit.ts';

/** Names that a slip of the pen is compared with. */
export const maxCompared = 2000;

export interface OwnedEnvironmentServices {
  readonly environments: {
    view(env: string): EnvironmentView | undefined;
    views(owner?: string): Iterable<EnvironmentView>;
  };
  /** The environment name that a text stands for: a branch name, too. */
  readonly envNameOf: (identity: Identity, text: string) => string;
  /** For what is refused. */
  readonly audit: AuditRecorder;
}

type Asked = Pick<Call<unknown>, 'caller' | 'now'>;

/** The environment that is meant, if the caller may decide about it; somebody else's is answered like one that is not there. */
export function ownedEnvironment(
  { caller, now }: Asked,
  { environments, envNameOf, audit }: OwnedEnvironmentServices,
  { env, action }: { readonly env: string; readonly action: string },
): EnvironmentView | Answer {
  const { identity } = caller;
  const isAdmin = identity.role === 'admin';
  const view = environments.view(env) ?? environments.view(envNameOf(identity, env));
  if (view !== undefined && mayDecide(identity, { env: view.name, owner: view.owner })) return view;
  if (view === undefined && isAdmin) {
    const known = first(environments.views(), maxCompared).map(({ name }) => name);
    return failed(`there is no environment ${env}${didYouMean(env, known)}`);
  }
  audit.record({ ...auditOf({ caller, now }, { action, target: view?.name ?? env }), result: 'refused' });
  if (view?.owner === identity.principal)
    return notAllowed(`${view.name} is yours, but this key may not use that name: ask with another key`);
  return failed(`there is no environment ${env} of yours`);
}

/** Whether somebody may decide about an environment, or about what was given out for it: its owner, with a key that is good for it, or an administrator. */
export function mayDecide(
  identity: Pick<Identity, 'role' | 'principal' | 'envPatterns'>,
  { env, owner }: { readonly env: string; readonly owner: string },
): boolean {
  if (identity.role === 'admin') return true;
  return owner === identity.principal && mayNameEnv(identity, env);
}

export function first<T>(all: Iterable<T>, max: number): T[] {
  const some: T[] = [];
  for (const each of all) {
    if (some.length >= max) break;
    some.push(each);
  }
  return some;
}

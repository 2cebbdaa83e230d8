import { maxEnvLength } from '../../core/names.ts';
import { mayNameEnv, type Identity } from '../identity/identity.ts';
import { targetNameProblem } from '../targets/target-names.ts';
import type { GateServices } from './gate-services.ts';

/** Why somebody may not call an owner's machine so; undefined when they may. Whose it is otherwise is not told. */
export function nameProblem(
  { book, environments }: Pick<GateServices, 'book' | 'environments'>,
  {
    name,
    owner,
    id,
    by,
  }: {
    readonly name: string;
    readonly owner: string;
    readonly id?: string;
    /** Who has chosen it; undefined for one that is made up here. */
    readonly by: Identity | undefined;
  },
): string | undefined {
  const wrong = targetNameProblem(name);
  if (wrong !== undefined) return wrong;
  if (by !== undefined && !mayChooseName(by, name)) return beyondKey(by, name);
  const holder = book.targetNamed(name);
  const envOwner = environments.view(name)?.owner;
  // Whoever asks for an environment by its name must not get to the machine of somebody else.
  const isTaken =
    (holder !== undefined && holder.id !== id) || (envOwner !== undefined && envOwner !== owner);
  return isTaken ? `the name ${name} is taken` : undefined;
}

/** People write the names of machines after `ssh`: a key chooses among those that it may use for environments, so that none is called like what is none of its business. */
export function mayChooseName(identity: Identity, name: string): boolean {
  return identity.role === 'admin' || mayNameEnv(identity, name);
}

export function beyondKey({ envPatterns }: Identity, name: string): string {
  return `this key may not use the name ${name}, only ${envPatterns.join(', ')}`;
}

/** The name of the environment, or the first of `pr-42-2`, `pr-42-3` and so on that no machine has. */
export function freeTargetName({ book }: Pick<GateServices, 'book'>, env: string): string {
  for (let number = 1; ; number++) {
    const ending = number === 1 ? '' : `-${String(number)}`;
    const name = env.slice(0, maxEnvLength - ending.length).replace(/-$/, '') + ending;
    if (book.targetNamed(name) === undefined) return name;
  }
}

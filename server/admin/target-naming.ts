import { maxEnvLength } from '../../core/names.ts';
import { targetNameProblem } from '../targets/target-names.ts';
import type { GateServices } from './gate-services.ts';

/** Why an owner may not call a machine so; undefined when they may. Whose it is otherwise is not told. */
export function nameProblem(
  { book, environments }: Pick<GateServices, 'book' | 'environments'>,
  { name, owner, id }: { readonly name: string; readonly owner: string; readonly id?: string },
): string | undefined {
  const wrong = targetNameProblem(name);
  if (wrong !== undefined) return wrong;
  const holder = book.targetNamed(name);
  const envOwner = environments.view(name)?.owner;
  // Whoever asks for an environment by its name must not get to the machine of somebody else.
  const isTaken =
    (holder !== undefined && holder.id !== id) || (envOwner !== undefined && envOwner !== owner);
  return isTaken ? `the name ${name} is taken` : undefined;
}

/** The name of the environment, or the first of `pr-42-2`, `pr-42-3` and so on that no machine has. */
export function freeTargetName({ book }: Pick<GateServices, 'book'>, env: string): string {
  for (let number = 1; ; number++) {
    const ending = number === 1 ? '' : `-${String(number)}`;
    const name = env.slice(0, maxEnvLength - ending.length).replace(/-$/, '') + ending;
    if (book.targetNamed(name) === undefined) return name;
  }
}

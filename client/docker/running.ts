import { oneLine } from '../printable.ts';
import { type Container, type ListedContainer, readContainer, readListed } from './container.ts';
import type { Engine } from './engine.ts';
import type { Skipped } from './offers-of.ts';
import { select } from './selection.ts';

/** The containers that run and are wanted, and those that could not be understood. */
export interface Running {
  readonly containers: readonly Container[];
  readonly skipped: readonly Skipped[];
}

/** More than a gateway would take of one connection. */
const maxContainers = 256;
const inspectionsAtOnce = 8;

/** Asks the engine what runs now. Only containers that are wanted are looked at closely. Rejects when the engine fails. */
export async function findRunning(
  engine: Pick<Engine, 'list' | 'inspect'>,
  project: string | undefined,
  signal: AbortSignal,
): Promise<Running> {
  const { wanted, skipped } = wantedOf(await engine.list(signal), project);
  const containers: Container[] = [];
  await inTurns(wanted, async ({ id }) => {
    const answer = await engine.inspect(id, signal);
    if (answer === undefined) return;
    const container = readContainer(answer);
    if (container.ok) containers.push(container.value);
    else skipped.push({ container: id.slice(0, 12), reason: oneLine(container.problem) });
  });
  return { containers, skipped };
}

function wantedOf(
  entries: readonly unknown[],
  project: string | undefined,
): { wanted: readonly ListedContainer[]; skipped: Skipped[] } {
  const skipped: Skipped[] = [];
  const wanted: ListedContainer[] = [];
  for (const entry of entries) {
    const listed = readListed(entry);
    if (!listed.ok) skipped.push({ container: '(unreadable)', reason: oneLine(listed.problem) });
    else if (select(listed.value.labels, project).kind !== 'other') wanted.push(listed.value);
  }
  if (wanted.length > maxContainers)
    skipped.push({ container: '(others)', reason: `more than ${maxContainers} containers are running` });
  return { wanted: wanted.slice(0, maxContainers), skipped };
}

async function inTurns<T>(items: readonly T[], action: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const work = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await action(item);
  };
  await Promise.all(Array.from({ length: inspectionsAtOnce }, work));
}

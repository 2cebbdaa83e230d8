import { cases as allCases } from './cases.ts';
import type { Case } from './cases/case.ts';
import type { BenchOptions } from './options.ts';
import { allPeers } from './peers.ts';
import type { Peer } from './peers/peer.ts';

/** What a run is to measure, and at whom; or a name that means nothing. */
export type Choice =
  | { readonly kind: 'chosen'; readonly cases: readonly Case[]; readonly peers: readonly Peer[] }
  | { readonly kind: 'unknown'; readonly problem: string };

interface Named {
  readonly name: string;
}

function unknownName(what: string, all: readonly Named[], names: readonly string[] = []): string | undefined {
  const unknown = names.find((name) => !all.some((item) => item.name === name));
  if (unknown === undefined) return undefined;
  return `no ${what} is named '${unknown}'; there are ${all.map(({ name }) => name).join(', ')}`;
}

/** Chooses what the command line names, in our own order; all of it when nothing is named. */
export function choose(options: BenchOptions): Choice {
  const every = allPeers(options);
  const problem = unknownName('case', allCases, options.cases) ?? unknownName('peer', every, options.peers);
  if (problem !== undefined) return { kind: 'unknown', problem };
  const isWanted = ({ name, long }: Case): boolean =>
    options.cases?.includes(name) ?? !(options.quick && long === true);
  return {
    kind: 'chosen',
    cases: allCases.filter(isWanted),
    peers: every.filter(({ name }) => options.peers?.includes(name) ?? true),
  };
}

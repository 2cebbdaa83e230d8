import type { Case } from './cases/case.ts';

/** One case at one contestant in one round; rounds count from 1. */
export interface Heat<Contestant> {
  readonly round: number;
  readonly case: Case;
  readonly contestant: Contestant;
}

export interface ScheduleOptions<Contestant> {
  readonly cases: readonly Case[];
  readonly contestants: readonly Contestant[];
  readonly rounds: number;
  readonly canRun: (testCase: Case, contestant: Contestant) => boolean;
}

/** The items in another order for each turn: nobody always runs after the same neighbour. */
function rotated<T>(items: readonly T[], turn: number): T[] {
  const first = items.length === 0 ? 0 : turn % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

/** Rounds interleaved: all cases in each round, and in each case all who can do it, side by side. */
export function schedule<Contestant>(options: ScheduleOptions<Contestant>): Heat<Contestant>[] {
  const rounds = Array.from({ length: options.rounds }, (_, index) => index + 1);
  return rounds.flatMap((round) =>
    options.cases
      .filter(({ maxRounds = Infinity }) => round <= maxRounds)
      .flatMap((testCase) => {
        const able = options.contestants.filter((contestant) => options.canRun(testCase, contestant));
        return rotated(able, round - 1).map((contestant) => ({ round, case: testCase, contestant }));
      }),
  );
}

import { seededRandom, shuffled } from './random.ts';

/** One step of a fleet whose tunnels come and go; the time counts from the start. */
export interface ChurnStep {
  readonly env: string;
  readonly kind: 'kill' | 'connect';
  readonly atMs: number;
}

export interface ChurnOptions {
  readonly envs: readonly string[];
  readonly killsPerSecond: number;
  readonly seconds: number;
  /** How long an environment stays away. */
  readonly gapMs: { readonly least: number; readonly most: number };
  readonly seed: number;
}

/**
 * The kills, evenly in time and in turn, in a random order in which nobody is killed twice before everybody was once; each followed by
 * a new connection. An environment that is still away at its next turn is passed over.
 */
export function churn({ envs, killsPerSecond, seconds, gapMs, seed }: ChurnOptions): ChurnStep[] {
  const random = seededRandom(seed);
  const order = shuffled(envs, random);
  const backAt = new Map<string, number>();
  const steps: ChurnStep[] = [];
  for (let turn = 0; turn < killsPerSecond * seconds; turn++) {
    const env = order[turn % order.length]!;
    const atMs = (turn * 1000) / killsPerSecond;
    const gap = gapMs.least + random() * (gapMs.most - gapMs.least);
    if ((backAt.get(env) ?? -Infinity) >= atMs) continue;
    backAt.set(env, atMs + gap);
    steps.push({ env, kind: 'kill', atMs }, { env, kind: 'connect', atMs: atMs + gap });
  }
  return steps.toSorted((a, b) => a.atMs - b.atMs);
}

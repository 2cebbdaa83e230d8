import type { FleetEvent, RequestRecord } from './records.ts';

/** A time in which an environment had no tunnel, and everybody knew. */
export interface Gap {
  readonly env: string;
  readonly fromMs: number;
  /** Infinity for one that never came back. */
  readonly toMs: number;
}

/** The gaps of all environments: from each kill (or first loss) until the tunnel is up again. */
export function gapsOf(events: readonly FleetEvent[]): Gap[] {
  const open = new Map<string, number>();
  const gaps: Gap[] = [];
  for (const { env, kind, atMs } of events.toSorted((a, b) => a.atMs - b.atMs)) {
    const fromMs = open.get(env);
    if (kind === 'up') {
      if (fromMs !== undefined) gaps.push({ env, fromMs, toMs: atMs });
      open.delete(env);
    } else if (fromMs === undefined) {
      open.set(env, atMs);
    }
  }
  return [...gaps, ...[...open].map(([env, fromMs]) => ({ env, fromMs, toMs: Infinity }))];
}

/** Whether a request ended within a gap of its own environment, or so little after it that the two could not yet know. */
export function endedInGap(
  { env, endedMs }: Pick<RequestRecord, 'env' | 'endedMs'>,
  gaps: readonly Gap[],
  toleranceMs: number,
): boolean {
  return gaps.some((gap) => gap.env === env && endedMs >= gap.fromMs && endedMs <= gap.toMs + toleranceMs);
}

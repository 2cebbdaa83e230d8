/** What came of one check, and what to do about it. */
export type Verdict =
  | { readonly status: 'ok'; readonly detail: string }
  /** It works, and may not for long, or not for all. */
  | { readonly status: 'warning' | 'failed'; readonly detail: string; readonly next: string };

export type CheckResult = (
  | Verdict
  /** It could tell nothing: what it needs had failed. */
  | { readonly status: 'skipped'; readonly detail: string }
) & { readonly name: string; readonly ms: number };

/** One thing to look at. `run` never rejects and always ends. */
export interface Check {
  readonly name: string;
  /** Names of checks before it, without which it makes no sense. */
  readonly needs: readonly string[];
  readonly run: () => Promise<Verdict>;
}

/** Runs checks in order, each after what it needs, and tells each result at once. */
export async function runChecks(
  checks: readonly Check[],
  { signal, onResult }: { signal: AbortSignal; onResult: (result: CheckResult) => void },
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    const result = await runCheck(check, results, signal);
    results.push(result);
    onResult(result);
  }
  return results;
}

async function runCheck(
  { name, needs, run }: Check,
  before: readonly CheckResult[],
  signal: AbortSignal,
): Promise<CheckResult> {
  const missing = before.find((result) => needs.includes(result.name) && !isPassed(result));
  if (missing !== undefined) return { name, status: 'skipped', detail: `needs ${missing.name}`, ms: 0 };
  const start = performance.now();
  const verdict = await unlessStopped(run, signal);
  return { name, ...verdict, ms: Math.round((performance.now() - start) * 10) / 10 };
}

/** Whoever gives up does not want to wait for the end of what runs. */
async function unlessStopped(
  run: Check['run'],
  signal: AbortSignal,
): Promise<Verdict | { status: 'skipped'; detail: string }> {
  const stopped = { status: 'skipped', detail: 'stopped' } as const;
  if (signal.aborted) return stopped;
  const { promise, resolve } = Promise.withResolvers<typeof stopped>();
  const onAbort = (): void => resolve(stopped);
  signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([run(), promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

export function isPassed({ status }: CheckResult): boolean {
  return status === 'ok' || status === 'warning';
}

export function fine(detail: string): Verdict {
  return { status: 'ok', detail };
}

export function failed(detail: string, next: string): Verdict {
  return { status: 'failed', detail, next };
}

export function warning(detail: string, next: string): Verdict {
  return { status: 'warning', detail, next };
}

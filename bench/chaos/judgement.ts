import type { RequestRecord, Sighting } from './records.ts';

/**
 * What a request's ending means.
 * `sent-and-lost`: a POST that the app had been sent, told so: it must not be repeated.
 * `lost-on-the-way`: the same, but the app never saw it: the gateway had sent it into a tunnel that was already dead.
 */
export const verdicts = [
  'served',
  'sent-and-lost',
  'lost-on-the-way',
  'failed',
  'hung',
  'wrong-env',
  'replayed',
] as const;
export type Verdict = (typeof verdicts)[number];

/** A GET may be repeated once, a POST never. */
const mostSightings = { GET: 2, POST: 1 } as const;

export function judgeRequest(record: RequestRecord, sightings: number): Verdict {
  if (sightings > mostSightings[record.method]) return 'replayed';
  if (record.kind === 'hung') return 'hung';
  if (record.answeredBy !== undefined && record.answeredBy !== record.env) return 'wrong-env';
  if (isServed(record)) return sightings > 0 ? 'served' : 'failed';
  if (!isTrulyLostPost(record)) return 'failed';
  return sightings > 0 ? 'sent-and-lost' : 'lost-on-the-way';
}

const isServed = ({ kind, status, problem }: RequestRecord): boolean =>
  kind === 'answered' && status === 200 && problem === undefined;

const isTrulyLostPost = ({ kind, method, status, code }: RequestRecord): boolean =>
  kind === 'answered' && method === 'POST' && status === 502 && code === 'ERR_UPSTREAM_LOST';

export interface Judged {
  readonly record: RequestRecord;
  readonly sightings: number;
  readonly verdict: Verdict;
}

/** How often each request reached an app. */
export function countSightings(sightings: readonly Sighting[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { id } of sightings) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

export function judgeAll(records: readonly RequestRecord[], sightings: readonly Sighting[]): Judged[] {
  const counts = countSightings(sightings);
  return records.map((record) => {
    const count = counts.get(record.id) ?? 0;
    return { record, sightings: count, verdict: judgeRequest(record, count) };
  });
}

export type Tally = Readonly<Record<Verdict, number>>;

export function tally(judged: readonly Judged[]): Tally {
  const counts = Object.fromEntries(verdicts.map((verdict) => [verdict, 0])) as Record<Verdict, number>;
  for (const { verdict } of judged) counts[verdict] += 1;
  return counts;
}

/** Those that nothing excuses. */
export function unexcused(judged: readonly Judged[]): Judged[] {
  const excused: readonly Verdict[] = ['served', 'sent-and-lost', 'lost-on-the-way'];
  return judged.filter(({ verdict }) => !excused.includes(verdict));
}

/** What may be told of an environment whose tunnel is gone. */
const truths = ['ERR_UPSTREAM_LOST', 'ERR_UPSTREAM_TIMEOUT', 'ERR_ENV_OFFLINE'];

/** Whether a request was served or told, by a whole answer, why not. */
export function isToldTruth({ kind, status, code, problem }: RequestRecord): boolean {
  if (kind !== 'answered' || status === undefined) return false;
  if (status === 200) return problem === undefined;
  return status >= 500 && code !== undefined && truths.includes(code);
}

/** One line about a request that ended badly, for people. */
export function inWords({ record, sightings, verdict }: Judged): string {
  const { id, env, method, mode, startedMs, endedMs, kind, status, code, answeredBy, problem, sentTwice } =
    record;
  const told = [status, code, answeredBy === undefined ? undefined : `from ${answeredBy}`, problem];
  const seen = sightings === 1 ? 'once' : `${sightings} times`;
  return (
    `${verdict}: ${method} ${id} for ${env} by ${mode}${sentTwice === true ? ' (sent twice)' : ''}: ${kind} after ${Math.round(endedMs - startedMs)} ms ` +
    `(${told.filter((word) => word !== undefined).join(' ')}), seen ${seen} by an app`
  );
}

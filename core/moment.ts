import { problem, type Parsed } from './parsed.ts';
import { quote } from './quote.ts';
import { formatDuration, parseDuration } from './units.ts';

/** A point in time as people write it, before it is known what time it is. */
export type Moment =
  | { readonly kind: 'never' }
  | { readonly kind: 'now' }
  /** So long from now, or before now. */
  | { readonly kind: 'distance'; readonly ms: number }
  /** Milliseconds since the epoch. */
  | { readonly kind: 'date'; readonly at: number };

const forms =
  'a time such as 30d, 12h or 15m (m is minutes), a date such as 2027-01-31 or 2027-01-31T18:00Z (UTC)';
const maxYears = 10;
const yearMs = 365.25 * 86_400_000;

/** Reads `30d`, `2027-01-31` (its first moment in UTC), ISO 8601 with a zone, `now` or `never`. */
export function parseMoment(text: string): Parsed<Moment> {
  if (text === 'never' || text === 'now') return { ok: true, value: { kind: text } };
  const ms = parseDuration(text);
  if (ms !== undefined) return { ok: true, value: { kind: 'distance', ms } };
  const date = /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](.+))?$/.exec(text);
  if (date === null) return problem(`${quote(text)} is no time: ${hintFor(text)}`);
  return parseDate(text, date);
}

function hintFor(text: string): string {
  if (/^\d+$/.test(text)) return 'a number needs a unit: ms, s, m (minutes), h or d';
  if (/^\d+ ?(?:mo|M|months?|y|Y|years?|w|W|weeks?)$/.test(text))
    return 'the units are ms, s, m (minutes), h and d: a month is 30d, a year 365d';
  return `write ${forms}`;
}

function parseDate(text: string, parts: RegExpExecArray): Parsed<Moment> {
  const [, year = '', month = '', day = '', time] = parts;
  const midnight = new Date(`${year}-${month}-${day}T00:00:00Z`);
  // A day that the calendar does not have would silently become another.
  if (Number.isNaN(midnight.getTime()) || midnight.getUTCDate() !== Number(day))
    return problem(`${quote(text)}: the calendar has no such day`);
  if (time === undefined) return { ok: true, value: { kind: 'date', at: midnight.getTime() } };
  const clock = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,3})?)?(Z|z|[+-]\d{2}:\d{2})?$/.exec(time);
  if (clock === null) return problem(`${quote(text)} is no time: write ${forms}`);
  if (clock[4] === undefined) {
    return problem(
      `${quote(text)} has no time zone, and the gateway does not know yours: end it with Z (UTC) or with your offset, such as +02:00`,
    );
  }
  const at = Date.parse(`${year}-${month}-${day}T${time.toUpperCase()}`);
  return Number.isNaN(at)
    ? problem(`${quote(text)}: the clock has no such time`)
    : { ok: true, value: { kind: 'date', at } };
}

/**
 * The end of something that begins now: milliseconds since the epoch, or undefined for never. What has passed is a mistake (`now` is not: it
 * is said on purpose), and so is what is more than ten years away.
 */
export function resolveExpiry(moment: Moment, now: number): Parsed<number | undefined> {
  if (moment.kind === 'never') return { ok: true, value: undefined };
  if (moment.kind === 'now') return { ok: true, value: now };
  const at = moment.kind === 'date' ? moment.at : now + moment.ms;
  if (at <= now) return problem(`${formatTime(at)} has passed: it is ${formatTime(now)} now`);
  if (at > now + maxYears * yearMs)
    return problem(`that is more than ${String(maxYears)} years away; if you mean for good, say never`);
  return { ok: true, value: at };
}

/** The beginning of a span that ends now, in milliseconds since the epoch; undefined for one without a beginning (`never`). */
export function resolveSince(moment: Moment, now: number): Parsed<number | undefined> {
  if (moment.kind === 'never') return { ok: true, value: undefined };
  if (moment.kind === 'now') return { ok: true, value: now };
  const at = moment.kind === 'date' ? moment.at : now - moment.ms;
  if (at > now) return problem(`${formatTime(at)} is still to come: it is ${formatTime(now)} now`);
  return { ok: true, value: Math.max(0, at) };
}

/** `2027-01-31 18:00:00 UTC`: the same for everybody who reads it. Milliseconds since the epoch; parts of a second are cut off. */
export function formatTime(at: number): string {
  const iso = new Date(at).toISOString();
  return `${iso.slice(0, -'.000Z'.length).replace('T', ' ')} UTC`;
}

/** `2027-01-31 18:00:00 UTC (in 30 days)`, so that whoever wrote `2m` sees what was understood. */
export function formatDeadline(at: number, now: number): string {
  const left = Math.max(0, at - now);
  return `${formatTime(at)} (in ${approximately(left)})`;
}

const steps = [
  { unit: 'days', ms: 86_400_000 },
  { unit: 'hours', ms: 3_600_000 },
  { unit: 'minutes', ms: 60_000 },
] as const;

/** A span as a person says it: `30 days`, `5 minutes`, `12 seconds`. */
export function approximately(ms: number): string {
  const step = steps.find((each) => ms >= 2 * each.ms) ?? { unit: 'seconds', ms: 1000 };
  const count = Math.round(ms / step.ms);
  return count === 1 ? '1 second' : `${String(count)} ${step.unit}`;
}

/** A duration that a command takes, in milliseconds. */
export function parseSpan(text: string): Parsed<number> {
  const ms = parseDuration(text);
  if (ms === undefined) return problem(`${quote(text)} is no duration: ${hintFor(text)}`);
  if (ms === 0) return problem('a duration of nothing');
  return ms > maxYears * yearMs ? problem(`${formatDuration(ms)} is too long`) : { ok: true, value: ms };
}

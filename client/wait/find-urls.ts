import { setTimeout as delay } from 'node:timers/promises';
import { ask, askEnvName, logInToAsk, notUnderstood, outcomeOf } from '../asking.ts';
import { Backoff } from '../../core/backoff.ts';
import type { SshConnection } from '../connection.ts';
import { type EnvironmentAnswer, parseEnvironment } from '../environment-answers.ts';
import type { GatewayAccess } from '../login.ts';
import type { Outcome } from '../outcome.ts';
import { httpUrl, oneLine } from '../printable.ts';
import type { Truth } from './judge-answer.ts';
import { takeCredentials, type Credentials } from './wait-for-url.ts';

export interface UrlQuestion {
  readonly access: GatewayAccess;
  /** Undefined for all that the environment offers. */
  readonly service: string | undefined;
  /** The monotonic moment when it is too late. */
  readonly untilMs: number;
  readonly signal: AbortSignal;
  readonly onTruth: (truth: Truth) => void;
}

/** The hosts to wait for, and what opens them. */
export interface FoundUrls {
  readonly env: string;
  readonly urls: readonly URL[];
  readonly credentials: Credentials;
}

export type Found =
  | { readonly kind: 'found'; readonly value: FoundUrls }
  | { readonly kind: 'not-ready'; readonly truth: Truth }
  | { readonly kind: 'failed'; readonly outcome: Outcome };

const pollMs = 1000;
const backoff = { initialMs: 500, maxMs: 5000 };

/**
 * Asks the gateway over SSH for the URLs of an environment, and again until there is one: an environment that nobody has offered
 * yet has no link that would open it. Never rejects.
 */
export async function findUrls(question: UrlQuestion): Promise<Found> {
  const { access, signal, untilMs, onTruth } = question;
  const pauses = new Backoff(backoff);
  for (;;) {
    const opened = await logInToAsk(access, signal);
    if (opened.kind === 'refused') return { kind: 'failed', outcome: outcomeOf(opened) };
    let truth: Truth;
    if (opened.kind === 'open') {
      const found = await pollUrls(opened.connection, question);
      await opened.connection.close();
      if (found.kind !== 'lost') return found;
      ({ truth } = found);
    } else {
      truth = unreachable(opened.reason);
    }
    onTruth(truth);
    const leftMs = untilMs - performance.now();
    if (leftMs <= 0 || signal.aborted) return { kind: 'not-ready', truth };
    await delay(Math.min(pauses.next(), leftMs), undefined, { signal }).catch(() => undefined);
  }
}

async function pollUrls(
  connection: SshConnection,
  { service, untilMs, signal, onTruth }: UrlQuestion,
): Promise<Found | { kind: 'lost'; truth: Truth }> {
  const name = await askEnvName(connection);
  if (!name.ok) return { kind: 'lost', truth: unreachable(reasonOf(name.outcome)) };
  for (let isFirst = true; ; isFirst = false) {
    const environment = await askEnvironment(connection, name.text);
    if (environment === 'lost') return { kind: 'lost', truth: unreachable(await connection.closed) };
    if (environment !== undefined && environment.services.length > 0)
      return toWaitFor(connection, environment, service);
    const truth = notYetOffered(name.text);
    if (isFirst) onTruth(truth);
    const leftMs = untilMs - performance.now();
    if (leftMs <= 0 || signal.aborted) return { kind: 'not-ready', truth };
    const timer = delay(Math.min(pollMs, leftMs), undefined, { signal }).catch(() => undefined);
    await Promise.race([timer, connection.closed]);
  }
}

/** Undefined when there is none of that name. */
async function askEnvironment(
  connection: SshConnection,
  env: string,
): Promise<EnvironmentAnswer | undefined | 'lost'> {
  const answer = await connection.run(`status ${env}`);
  return answer === undefined ? 'lost' : parseEnvironment(answer.stdout);
}

async function toWaitFor(
  connection: SshConnection,
  { env, services }: EnvironmentAnswer,
  service: string | undefined,
): Promise<Found> {
  const link = services.find(({ shareUrl }) => shareUrl !== undefined)?.shareUrl;
  const { credentials } = link === undefined ? { credentials: {} } : takeCredentials(new URL(link));
  if (service !== undefined) {
    const url = await askUrl(connection, service);
    return url.ok
      ? { kind: 'found', value: { env, urls: [url.url], credentials } }
      : { kind: 'failed', outcome: url.outcome };
  }
  const urls = services.filter((each) => each.service !== 'ssh').map(({ url }) => new URL(url));
  return { kind: 'found', value: { env, urls, credentials } };
}

async function askUrl(
  connection: SshConnection,
  service: string,
): Promise<{ ok: true; url: URL } | { ok: false; outcome: Outcome }> {
  const said = await ask(connection, `tunnel-url ${service}`);
  if (!said.ok) return said;
  const [url] = urlsIn(said.text);
  return url === undefined ? notUnderstood(said.text) : { ok: true, url };
}

function urlsIn(json: string): URL[] {
  try {
    return Object.values(JSON.parse(json) as object)
      .filter((value) => typeof value === 'string')
      .map(httpUrl)
      .filter((url) => url !== undefined)
      .map((url) => new URL(url));
  } catch {
    return [];
  }
}

function notYetOffered(env: string): Truth {
  return { code: 'ERR_ENV_UNKNOWN', reason: `there is no environment ${env} of yours yet`, state: undefined };
}

function unreachable(reason: string): Truth {
  return { code: 'UNREACHABLE', reason: oneLine(reason), state: undefined };
}

function reasonOf(outcome: Outcome): string {
  return outcome.kind === 'ok' ? '' : outcome.reason;
}

import { setTimeout as delay } from 'node:timers/promises';
import type { SecureContext } from 'node:tls';
import { askHttp } from '../http-ask.ts';
import { judgeAnswer, type Truth } from './judge-answer.ts';

/** What to wait for, and how it is asked. */
export interface WaitQuestion {
  /** Of any host of an environment; only its origin counts. */
  readonly url: URL;
  /** Header fields that open what is private. */
  readonly credentials: Credentials;
  readonly trust: SecureContext | undefined;
  /** The monotonic moment (`performance.now()`) when it is too late. */
  readonly untilMs: number;
  readonly signal: AbortSignal;
  /** Told of each new reason why it is not ready yet. */
  readonly onTruth: (truth: Truth) => void;
}

/** A share link's token, or one for programs, each in its own field. */
export type Credentials = Readonly<Partial<Record<(typeof credentialNames)[number], string>>>;

export type Waited = { readonly kind: 'ready' } | { readonly kind: 'not-ready'; readonly truth: Truth };

/** The longest single question: proxies in between end connections that are silent for longer. */
const maxQuestionSeconds = 30;
/** The gateway answers by itself when its time is over. */
const answerMarginMs = 10_000;
/** What the parameters of a URL are called, and the header fields. */
const credentialNames = ['porthole-share', 'porthole-token'] as const;
const nothingYet: Truth = { code: 'ETIMEDOUT', reason: 'there was no time to ask', state: undefined };

/** Waits until the gateway says that this URL serves; asks again for as long as there is time. Never rejects. */
export async function waitForUrl(question: WaitQuestion): Promise<Waited> {
  const { untilMs, signal, onTruth } = question;
  let truth = nothingYet;
  for (;;) {
    const leftMs = untilMs - performance.now();
    if (leftMs <= 0 || signal.aborted) return { kind: 'not-ready', truth };
    const verdict = judgeAnswer(await askOnce(question, leftMs));
    if (verdict.kind === 'ready') return { kind: 'ready' };
    // What was cut off by the end of the time says less than what was said before.
    const isCutOff = verdict.truth.code === 'ETIMEDOUT' && truth !== nothingYet;
    if (!isCutOff) {
      if (verdict.truth.reason !== truth.reason) onTruth(verdict.truth);
      ({ truth } = verdict);
    }
    if (verdict.kind === 'hopeless') return { kind: 'not-ready', truth };
    const pauseMs = Math.max(0, Math.min(verdict.retryMs, untilMs - performance.now()));
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

function askOnce(
  { url, credentials, trust, signal }: WaitQuestion,
  leftMs: number,
): ReturnType<typeof askHttp> {
  const seconds = Math.min(maxQuestionSeconds, Math.max(1, Math.floor(leftMs / 1000)));
  const headers = { accept: 'application/json', ...credentials };
  return askHttp({
    url: new URL(`/_porthole/wait?state=ready&timeout=${seconds}`, url),
    headers,
    trust,
    timeoutMs: Math.min(leftMs + 1000, seconds * 1000 + answerMarginMs),
    signal,
  });
}

/** A URL without what opens it, and that. */
export function takeCredentials(link: URL): { url: URL; credentials: Credentials } {
  const url = new URL(link);
  const found = credentialNames.flatMap((name) => {
    const value = url.searchParams.get(name);
    url.searchParams.delete(name);
    return value === null ? [] : [[name, value] as const];
  });
  return { url, credentials: Object.fromEntries(found) };
}

import { maxTimerMs } from '../../core/lifecycle.ts';
import { identityWithCertificate } from '../certificates.ts';
import { refused, type Failure } from '../failure.ts';
import type { Identity } from '../identity.ts';
import type { RenewedCredential } from '../renewed-credential.ts';
import type { CredentialEvent } from '../report.ts';
import type { Exchanged } from './exchange-token.ts';
import type { JobKey } from './job-key.ts';

export interface JobCredentialOptions {
  readonly key: JobKey;
  readonly obtain: (signal: AbortSignal) => Promise<Exchanged | Failure>;
  readonly onEvent: (event: CredentialEvent) => void;
  readonly nowMs?: () => number;
  /** Calls back after the time; the result stops that. */
  readonly after?: (ms: number, callback: () => void) => () => void;
}

interface Current extends Exchanged {
  readonly identity: Identity;
}

/** A certificate that has less left is renewed before it is used. */
const marginMs = 30_000;
const minDelayMs = 1000;
const retryMs = 30_000;
/** How long connections with the old certificate may go on beside new ones. */
const maxGraceMs = 30_000;

/** The key of a job with a certificate that is renewed in time, for as long as the job's tokens are good. */
export class JobCredential implements RenewedCredential {
  readonly #options: JobCredentialOptions;
  readonly #nowMs: () => number;
  readonly #listeners = new Set<(graceMs: number) => void>();
  readonly #closed = new AbortController();
  #current: Current | undefined;
  #obtaining: Promise<Failure | undefined> | undefined;
  #cancelTimer: () => void = () => undefined;

  constructor(options: JobCredentialOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
  }

  get identities(): readonly Identity[] {
    return this.#current === undefined ? [] : [this.#current.identity];
  }

  async ready(): Promise<Failure | undefined> {
    if (this.#leftMs > marginMs) return undefined;
    const failure = await this.#obtain();
    // What is left of the old one is better than nothing.
    return this.#leftMs > 0 ? undefined : failure;
  }

  onRenewed(listener: (graceMs: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#closed.abort();
    this.#cancelTimer();
  }

  get #leftMs(): number {
    return (this.#current?.expiresAt ?? 0) - this.#nowMs();
  }

  /** However many ask, there is one exchange. */
  #obtain(): Promise<Failure | undefined> {
    this.#obtaining ??= this.#exchange().finally(() => {
      this.#obtaining = undefined;
    });
    return this.#obtaining;
  }

  async #exchange(): Promise<Failure | undefined> {
    const result = await this.#options.obtain(this.#closed.signal);
    if (this.#closed.signal.aborted) return refused('authentication', 'stopped');
    if (result.kind === 'exchanged') return this.#take(result);
    this.#notRenewed(result);
    return result;
  }

  #take(exchanged: Exchanged): Failure | undefined {
    const identity = identityWithCertificate(this.#options.key.identity, exchanged.certificate);
    if (!identity.ok)
      return refused('authentication', `the certificate of the gateway cannot be used: ${identity.problem}`);
    const graceMs = Math.min(maxGraceMs, this.#leftMs);
    const isFirst = this.#current === undefined;
    this.#current = { ...exchanged, identity: identity.value };
    const { principal, role, env } = exchanged;
    const expiresAt = new Date(exchanged.expiresAt).toISOString();
    this.#options.onEvent({
      event: 'certificate',
      state: isFirst ? 'obtained' : 'renewed',
      principal,
      role,
      env,
      expiresAt,
    });
    this.#renewAfter((this.#leftMs * 2) / 3);
    if (graceMs > 0) for (const listener of this.#listeners) listener(graceMs);
    return undefined;
  }

  /** Without one at all the login that waits for it tells why. */
  #notRenewed(failure: Failure): void {
    if (this.#current === undefined) return;
    const expiresAt = new Date(this.#current.expiresAt).toISOString();
    this.#options.onEvent({ event: 'certificate', state: 'not-renewed', reason: failure.reason, expiresAt });
    // A token that was refused is not tried again; a job that can get another one has its next login.
    if (failure.kind === 'lost' && this.#leftMs > 0) this.#renewAfter(Math.min(retryMs, this.#leftMs / 2));
  }

  #renewAfter(ms: number): void {
    this.#cancelTimer();
    const { after = timer } = this.#options;
    this.#cancelTimer = after(Math.min(maxTimerMs, Math.max(minDelayMs, ms)), () => void this.#obtain());
  }
}

function timer(ms: number, callback: () => void): () => void {
  const handle = setTimeout(callback, ms).unref();
  return () => clearTimeout(handle);
}

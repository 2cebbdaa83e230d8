import { createHmac, randomBytes } from 'node:crypto';
import type { AuditRecorder } from '../store/audit-entry.ts';
import type { AttemptLimits } from './attempt-limits.ts';
import { readAuthorization } from './authorization-header.ts';
import type { Proofs } from './decision.ts';
import type { GrantRecord, Grants } from './grant-record.ts';
import {
  isMachineToken,
  machineTokenUser,
  verifyMachineToken,
  type MachineKey,
  type MachineKeys,
} from './machine-tokens.ts';
import { PendingBySource } from './pending-by-source.ts';
import { passwordProblem } from './passwords.ts';
import { findPassword, passwordsOf } from './place-passwords.ts';
import { proofEntry } from './proof-audit.ts';
import { ProofMemory, type Finding } from './proof-memory.ts';

export interface ProofsOptions {
  readonly grants: Pick<Grants, 'ofEnv' | 'used'>;
  readonly machines: MachineKeys;
  readonly attempts: Pick<AttemptLimits, 'check' | 'failed' | 'succeeded'>;
  readonly audit: AuditRecorder;
  readonly domain: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

type Asked = Parameters<Proofs['look']>[1];
type Look = ReturnType<Proofs['look']>;

/** A secret that is to be looked at, and what it may be the one of. */
type Question = { readonly name: string; readonly asked: Asked } & (
  | { readonly kind: 'password'; readonly password: string; readonly grants: readonly GrantRecord[] }
  | { readonly kind: 'machine'; readonly token: string; readonly keys: readonly MachineKey[] }
);

const maxRemembered = 4096;
/** For whoever tries the same again. */
const wrongForMs = 30_000;
const busySeconds = 1;
/** That one source may have looked at, at the same time. */
const maxPendingOfSource = 4;

/**
 * Checks what of an `Authorization` header takes its time: the password of an environment, and tokens that its machine has signed. What was found is
 * remembered under a name that only this process can make (an HMAC with a key that it never tells), so that it costs microseconds the next time. The name
 * says which passwords and keys there were: when these change, it is looked at anew. Where an environment has no password, the same work is done.
 */
export class AuthorizationProofs implements Proofs {
  readonly #options: Required<ProofsOptions>;
  readonly #memory = new ProofMemory(maxRemembered);
  readonly #secret = randomBytes(32);
  /** By the name of what is being looked at. */
  readonly #pending = new Map<string, Promise<void>>();
  readonly #pendingBySource = new PendingBySource(maxPendingOfSource);

  constructor(options: ProofsOptions) {
    this.#options = { now: Date.now, ...options };
  }

  look(authorization: string, asked: Asked): Look {
    const question = this.#read(authorization, asked);
    if (question === undefined) return { kind: 'not-ours' };
    const found = this.#memory.get(question.name, this.#options.now());
    const allowed = this.#options.attempts.check(asked.address, asked.place.env);
    // Nobody guesses a signature: it is good from where others have failed, too. A password may be guessed: whoever has to wait learns nothing of it.
    const mayWait = question.kind === 'password' || found?.kind === 'wrong';
    if (mayWait && !allowed.ok) return { kind: 'limited', retryAfterSeconds: allowed.retryAfterSeconds };
    if (found?.kind === 'wrong') this.#countAgain(found, asked);
    if (found !== undefined) {
      this.#noteUse(found, asked);
      return tell(question, found);
    }
    if (this.#hasTooMany(question)) return { kind: 'limited', retryAfterSeconds: busySeconds };
    return { kind: 'unproven', prove: () => this.#prove(question) };
  }

  #read(authorization: string, asked: Asked): Question | undefined {
    const shown = readAuthorization(authorization);
    if (shown === undefined) return undefined;
    if (shown.kind === 'basic' && shown.user !== machineTokenUser)
      return passwordProblem(shown.password) === undefined
        ? this.#password(shown.password, asked)
        : undefined;
    const token = shown.kind === 'basic' ? shown.password : shown.token;
    return isMachineToken(token) ? this.#machineToken(token, asked) : undefined;
  }

  #password(password: string, asked: Asked): Question {
    const { place } = asked;
    const { grants: all, now } = this.#options;
    const grants = passwordsOf(place, { grants: all, nowMs: now() });
    const hashes = grants.flatMap(({ id, hash = '' }) => [id, hash]);
    const name = this.#nameOf(['password', place.env, place.service ?? '', password, ...hashes]);
    return { kind: 'password', name, asked, password, grants };
  }

  #machineToken(token: string, asked: Asked): Question {
    const { env } = asked.place;
    const keys = this.#options.machines.keysOf(env);
    const fingerprints = [...new Set(keys.map(({ fingerprint }) => fingerprint))].sort();
    return {
      kind: 'machine',
      name: this.#nameOf(['machine', env, token, ...fingerprints]),
      asked,
      token,
      keys,
    };
  }

  #nameOf(parts: readonly string[]): string {
    return createHmac('sha256', this.#secret).update(JSON.stringify(parts)).digest('base64');
  }

  /** The request that had it looked at is told first, and was counted then. */
  #countAgain(found: Finding & { kind: 'wrong' }, { address, place }: Asked): void {
    if (found.told) this.#options.attempts.failed(address, place.env);
    found.told = true;
  }

  #hasTooMany({ name, asked }: Question): boolean {
    if (this.#pending.has(name)) return false;
    return this.#pendingBySource.isFull(asked.address);
  }

  /** Several requests that show the same wait for the same. Never rejects. */
  async #prove(question: Question): Promise<void> {
    const { name, asked } = question;
    const pending = this.#pending.get(name);
    if (pending !== undefined) return pending;
    const end = this.#pendingBySource.begin(asked.address);
    const proof = this.#find(question).then((finding) => {
      this.#memory.set(name, finding);
      this.#pending.delete(name);
      end();
      this.#count(finding, question);
    });
    this.#pending.set(name, proof);
    return proof;
  }

  #count(finding: Finding, { kind, asked: { address, place } }: Question): void {
    const { attempts, audit, now } = this.#options;
    if (finding.kind === 'wrong') attempts.failed(address, place.env);
    if (finding.kind === 'proven') attempts.succeeded(address, place.env);
    const entry = proofEntry(finding, { kind, place, address, at: now() });
    if (entry !== undefined) audit.record(entry);
  }

  #noteUse(found: Finding, { address }: Asked): void {
    const { grants, now } = this.#options;
    if (found.kind === 'proven' && found.grantId !== undefined)
      grants.used(found.grantId, { at: now(), address });
  }

  async #find(question: Question): Promise<Finding> {
    try {
      return question.kind === 'password'
        ? await this.#findPassword(question)
        : await this.#findToken(question);
    } catch {
      return { kind: 'busy', untilMs: this.#options.now() + busySeconds * 1000 };
    }
  }

  async #findPassword({ password, grants, asked }: Question & { kind: 'password' }): Promise<Finding> {
    const grant = await findPassword(password, asked.place, grants);
    return grant === undefined ? this.#wrong() : { kind: 'proven', grantId: grant.id, untilMs: Infinity };
  }

  async #findToken({ token, keys, asked }: Question & { kind: 'machine' }): Promise<Finding> {
    const { domain, now } = this.#options;
    const untilMs = await verifyMachineToken(token, { env: asked.place.env, keys, domain, nowMs: now() });
    return untilMs === undefined ? this.#wrong() : { kind: 'proven', grantId: undefined, untilMs };
  }

  #wrong(): Finding {
    return { kind: 'wrong', untilMs: this.#options.now() + wrongForMs, told: false };
  }
}

function tell(question: Question, found: Finding): Look {
  switch (found.kind) {
    case 'busy':
      return { kind: 'limited', retryAfterSeconds: busySeconds };
    case 'wrong': {
      // The app may want it, where something else lets the request in.
      const isOurs = question.kind === 'machine' || question.grants.length > 0;
      return { kind: isOurs ? 'refused' : 'not-ours' };
    }
    case 'proven': {
      const { grantId } = found;
      if (grantId === undefined) return { kind: 'proven', via: 'machine', pass: undefined };
      return { kind: 'proven', via: 'password', pass: { kind: 'grant', id: grantId } };
    }
  }
}

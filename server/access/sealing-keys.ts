import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { maxTimerMs } from '../../core/lifecycle.ts';
import type { Log } from '../../core/log.ts';
import { WatchedFile } from '../identity/watched-file.ts';
import type { Sealer, SealPurpose } from './seal.ts';
import {
  changeSealingKeys,
  newSealingKey,
  parseSealingKeys,
  readOrMakeSealingKeys,
  readSealingKeys,
  sealingKeyPath,
  type SealingKey,
} from './sealing-key-file.ts';

export interface SealingKeysOptions {
  readonly stateDir: string;
  /** The age at which the newest key is replaced. */
  readonly rotationMs: number;
  /** How long what was sealed with a key may still be opened after that was replaced. */
  readonly keepMs: number;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly pollMs?: number;
  readonly settleMs?: number;
  /** How often it is looked whether the newest key is due. */
  readonly checkMs?: number;
}

interface OldKey {
  readonly key: SealingKey;
  /** Milliseconds since the epoch. */
  readonly goodUntil: number;
}

const cipher = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
const maxTextBytes = 2048;
/** `KEYID.` and the nonce, the text and the tag. */
const sealedForm = /^([a-z2-7]{8})\.([\w-]{38,2768})$/;
/** A key that is not known may be one that another process has just made; strangers can name as many as they like. */
const rereadMs = 250;

/** The keys that seal cookies: `session.keys` in the state directory. The newest seals; those before it still open for a while. */
export class SealingKeys implements Sealer {
  readonly #options: Required<SealingKeysOptions>;
  readonly #file: WatchedFile;
  #newest: SealingKey;
  #old: ReadonlyMap<string, OldKey> = new Map();
  #timer: NodeJS.Timeout | undefined;
  #rereadAt = -Infinity;

  /** Makes the first key where there is none. Rejects with `ERR_STATE_DIR`; a damaged file is never overwritten. */
  // eslint-disable-next-line @typescript-eslint/require-await -- all that is opened is opened alike
  static async open(options: SealingKeysOptions): Promise<SealingKeys> {
    return new SealingKeys(options);
  }

  private constructor(options: SealingKeysOptions) {
    const defaults = { now: Date.now, pollMs: 1000, settleMs: 100, checkMs: 60_000 };
    this.#options = { ...defaults, ...options };
    const { stateDir, pollMs, settleMs, log, now } = this.#options;
    const keys = readOrMakeSealingKeys(stateDir, now());
    this.#newest = keys.at(-1) ?? newSealingKey(now());
    this.#take(keys);
    this.#file = new WatchedFile({
      path: sealingKeyPath(stateDir),
      onText: (text) => {
        this.#onText(text);
      },
      onUnreadable: (err) => {
        log.error({ err }, 'the keys of logins cannot be read again: those of before stay');
      },
      pollMs,
      settleMs,
    });
  }

  seal(purpose: SealPurpose, binding: string, text: string): string {
    const plain = Buffer.from(text);
    if (plain.length > maxTextBytes) throw new RangeError(`more than ${String(maxTextBytes)} bytes to seal`);
    const { id, secret } = this.#newest;
    const nonce = randomBytes(nonceBytes);
    const sealing = createCipheriv(cipher, secret, nonce).setAAD(contextOf(purpose, binding));
    const parts = [nonce, sealing.update(plain), sealing.final(), sealing.getAuthTag()];
    return `${id}.${Buffer.concat(parts).toString('base64url')}`;
  }

  open(
    purpose: SealPurpose,
    binding: string,
    sealed: string,
  ): { readonly text: string; readonly old: boolean } | undefined {
    const [, id, encoded] = sealedForm.exec(sealed) ?? [];
    if (id === undefined || encoded === undefined) return undefined;
    const key = this.#keyOf(id);
    const text = key && unseal(key, contextOf(purpose, binding), encoded);
    return text === undefined ? undefined : { text, old: id !== this.#newest.id };
  }

  /** From now on the newest key is replaced when it is due: for the one process whose state directory it is. */
  startRotating(): void {
    const { checkMs, rotationMs } = this.#options;
    this.#timer ??= setInterval(
      () => {
        this.#rotateIfDue();
      },
      Math.min(checkMs, rotationMs, maxTimerMs),
    ).unref();
    this.#rotateIfDue();
  }

  stopRotating(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  close(): void {
    this.stopRotating();
    this.#file.close();
  }

  #keyOf(id: string): SealingKey | undefined {
    if (id === this.#newest.id) return this.#newest;
    const old = this.#old.get(id);
    if (old !== undefined) return old.goodUntil > this.#options.now() ? old.key : undefined;
    return this.#reread(id);
  }

  #reread(id: string): SealingKey | undefined {
    const at = performance.now();
    if (at - this.#rereadAt < rereadMs) return undefined;
    this.#rereadAt = at;
    try {
      const keys = readSealingKeys(this.#options.stateDir);
      if (keys === undefined) return undefined;
      this.#take(keys);
    } catch {
      // The watch says so, once.
      return undefined;
    }
    return id === this.#newest.id ? this.#newest : this.#old.get(id)?.key;
  }

  #onText(text: string | undefined): void {
    const { stateDir, log, now } = this.#options;
    if (text !== undefined) {
      const parsed = parseSealingKeys(text);
      if (parsed.ok) this.#take(parsed.value);
      else log.error({ problem: parsed.problem }, 'the keys of logins are damaged: those of before stay');
      return;
    }
    try {
      this.#take(readOrMakeSealingKeys(stateDir, now()));
      log.warn('the keys of logins were removed: there is a new one, and all logins end');
    } catch (err) {
      log.error(
        { err },
        'the keys of logins were removed, and a new one cannot be made: those of before stay',
      );
    }
  }

  #take(keys: readonly SealingKey[]): void {
    const newest = keys.at(-1);
    if (newest === undefined) return;
    const { keepMs } = this.#options;
    this.#newest = newest;
    this.#old = new Map(
      keys.slice(0, -1).map((key, place) => {
        const replacedAt = keys[place + 1]?.createdAt ?? 0;
        return [key.id, { key, goodUntil: replacedAt + keepMs }];
      }),
    );
  }

  #rotateIfDue(): void {
    const { stateDir, rotationMs, keepMs, log, now } = this.#options;
    if (!isDue(this.#newest, now(), rotationMs)) return;
    try {
      const keys = changeSealingKeys(stateDir, now(), (before) => {
        const newest = before.at(-1);
        const isDone = newest !== undefined && !isDue(newest, now(), rotationMs);
        return isDone ? before : withNewKey(before, { now: now(), keepMs });
      });
      if (keys === undefined) return;
      this.#take(keys);
      log.info({ key: this.#newest.id, keys: keys.length }, 'the key of logins was replaced');
    } catch (err) {
      log.error({ err }, 'the key of logins is due and cannot be replaced: it stays');
    }
  }
}

/** Also one from a time that is far ahead: the clock was wrong then. */
function isDue({ createdAt }: SealingKey, now: number, rotationMs: number): boolean {
  return Math.abs(now - createdAt) >= rotationMs;
}

/** The keys with a new one, without those that open nothing any more. */
export function withNewKey(
  keys: readonly SealingKey[],
  { now, keepMs }: { readonly now: number; readonly keepMs: number },
): readonly SealingKey[] {
  const kept = keys.filter((_key, place) => {
    const replacedAt = keys[place + 1]?.createdAt ?? now;
    return replacedAt + keepMs > now;
  });
  return [...kept, newSealingKey(now)];
}

/** No purpose has a space. */
function contextOf(purpose: SealPurpose, binding: string): Buffer {
  return Buffer.from(`porthole ${purpose} ${binding}`);
}

function unseal({ secret }: SealingKey, context: Buffer, encoded: string): string | undefined {
  const bytes = Buffer.from(encoded, 'base64url');
  // Of one text there is one spelling.
  if (bytes.length < nonceBytes + tagBytes || bytes.toString('base64url') !== encoded) return undefined;
  const opening = createDecipheriv(cipher, secret, bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  opening.setAAD(context).setAuthTag(bytes.subarray(-tagBytes));
  try {
    const text = [opening.update(bytes.subarray(nonceBytes, -tagBytes)), opening.final()];
    return Buffer.concat(text).toString();
  } catch {
    return undefined;
  }
}

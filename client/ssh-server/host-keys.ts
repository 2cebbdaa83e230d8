import type { HostKeyKind, HostKeyScan } from './host-key-scan.ts';
import { hostKeyKinds } from './host-key-scan.ts';

export interface HostKeysOptions {
  readonly scan: (kinds: readonly HostKeyKind[]) => Promise<HostKeyScan>;
  /** What the server will show once it runs, as far as that is known: asked where nothing answers. */
  readonly expected: () => readonly string[];
  /** What was seen so short a time ago counts for whoever asks again: several connections begin at once. */
  readonly freshMs: number;
  readonly nowMs: () => number;
}

/** The host keys of one SSH server as they were seen last. */
export class HostKeys {
  readonly #options: HostKeysOptions;
  #seen: HostKeyScan = { kind: 'unreachable', reason: 'nobody has looked yet' };
  #seenAtMs = -Infinity;
  #looking: Promise<HostKeyScan> | undefined;
  #turn = 0;

  constructor(options: HostKeysOptions) {
    this.#options = options;
  }

  /** As they were when they were looked at last; undefined before that, or when that failed. */
  get last(): readonly string[] | undefined {
    return this.#seen.kind === 'keys' ? this.#seen.keys : undefined;
  }

  /** Looks at all of them. Never rejects. */
  read(): Promise<HostKeyScan> {
    return this.#look(() => this.#readAll());
  }

  /** Looks at one of them, another each time, and at the others only when that one has changed. Never rejects. */
  recheck(): Promise<HostKeyScan> {
    return this.#look(() => (this.#seenAtMs === -Infinity ? this.#readAll() : this.#readOne()));
  }

  /** It is said to be another server than a moment ago: one that listens now. */
  forget(): void {
    this.#seenAtMs = -Infinity;
  }

  #look(read: () => Promise<HostKeyScan>): Promise<HostKeyScan> {
    const { freshMs, nowMs } = this.#options;
    if (this.#looking !== undefined) return this.#looking;
    if (this.#seen.kind === 'keys' && nowMs() - this.#seenAtMs < freshMs) return Promise.resolve(this.#seen);
    this.#looking = read().then((seen) => {
      this.#looking = undefined;
      this.#seen = seen;
      this.#seenAtMs = nowMs();
      return seen;
    });
    return this.#looking;
  }

  async #readAll(): Promise<HostKeyScan> {
    const seen = await this.#options.scan(hostKeyKinds);
    if (seen.kind !== 'unreachable') return seen;
    const keys = this.#options.expected();
    return keys.length === 0 ? seen : { kind: 'keys', keys };
  }

  async #readOne(): Promise<HostKeyScan> {
    const keys = this.last ?? [];
    const kind = kindOf(keys[this.#turn++ % keys.length]);
    if (kind === undefined) return this.#readAll();
    const seen = await this.#options.scan([kind]);
    // A server that does not answer now has shown nothing new.
    const isAsBefore = seen.kind !== 'keys' || seen.keys.every((key) => keys.includes(key));
    return isAsBefore ? this.#seen : this.#readAll();
  }
}

function kindOf(key = ''): HostKeyKind | undefined {
  if (key.startsWith('ssh-ed25519 ')) return 'ed25519';
  if (key.startsWith('ecdsa-')) return 'ecdsa';
  return key.startsWith('ssh-rsa ') ? 'rsa' : undefined;
}

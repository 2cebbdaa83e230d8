import type { AuthorizedKey } from '../identity/authorized-keys.ts';
import type { KeyRecord } from '../identity/key-record.ts';
import type { KeyNames } from '../identity/revoked-keys.ts';
import type { AccountCertificate } from './session-record.ts';
import type { KnownKeys, KeyRights } from './account-identities.ts';

interface Changing {
  onChange(callback: () => void): void;
}

/** Where something is known of keys and certificates. */
export interface AccountKeySources {
  readonly stored: Changing & {
    byFingerprint(fingerprint: string): KeyRecord | undefined;
    isDamaged(fingerprint: string): boolean;
  };
  /** The operator's file, if there is one. */
  readonly file: (Changing & { all(): Iterable<AuthorizedKey> }) | undefined;
  /** The operator's list of what is revoked, if there is one. */
  readonly revoked:
    | (Changing & {
        refusal(key: { readonly type: string; readonly blob: Buffer }): string | undefined;
        mayRefuse(names: KeyNames): boolean;
      })
    | undefined;
  readonly authorities: Changing & { knows(fingerprint: string): boolean };
  readonly own: Changing & { readonly current: { readonly fingerprint: string } | undefined };
  /** The certificates of the own authority. */
  readonly issued: Changing & {
    isRevoked(serial: string): boolean;
    keyOf(serial: string): string | undefined;
  };
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

const maxRemembered = 10_000;

/** What the gateway, its operator's files and its authorities say of keys, by their names: the keys themselves are not at hand. */
export class AccountKeys implements KnownKeys {
  readonly stored: AccountKeySources['stored'];
  readonly #sources: AccountKeySources;
  readonly #now: () => number;
  /** By fingerprint. */
  #inFile: ReadonlyMap<string, AuthorizedKey> = new Map();
  /** What the list says of keys. */
  readonly #revoked = new Map<string, boolean>();

  constructor(sources: AccountKeySources) {
    this.#sources = sources;
    this.stored = sources.stored;
    this.#now = sources.now ?? Date.now;
    const { file, revoked, stored } = sources;
    this.#readFile();
    // First, so that whoever else is told of the change finds it here.
    file?.onChange(() => {
      this.#readFile();
    });
    for (const source of [file, revoked, stored]) {
      source?.onChange(() => {
        this.#revoked.clear();
      });
    }
  }

  inFile(fingerprint: string): KeyRights | undefined {
    return this.#inFile.get(fingerprint)?.identity;
  }

  isRevoked(fingerprint: string): boolean {
    if (this.#sources.revoked === undefined) return false;
    const known = this.#revoked.get(fingerprint);
    if (known !== undefined) return known;
    const revoked = this.#lookUp(fingerprint, this.#sources.revoked);
    if (this.#revoked.size >= maxRemembered) this.#revoked.clear();
    this.#revoked.set(fingerprint, revoked);
    return revoked;
  }

  standsFor(certificate: AccountCertificate, fingerprint: string): boolean {
    const { revoked, own, authorities } = this.#sources;
    if (revoked?.mayRefuse({ fingerprint, certificate }) === true) return false;
    if (own.current?.fingerprint === certificate.authority) return this.#hasIssued(certificate, fingerprint);
    return authorities.knows(certificate.authority);
  }

  onChange(callback: () => void): void {
    const { stored, file, revoked, authorities, own, issued } = this.#sources;
    for (const source of [stored, file, revoked, authorities, own, issued]) source?.onChange(callback);
  }

  /** What somebody got for their key ends with the key. */
  #hasIssued({ serial }: AccountCertificate, fingerprint: string): boolean {
    const { issued, stored } = this.#sources;
    if (issued.isRevoked(serial)) return false;
    if (issued.keyOf(serial) === undefined || stored.byFingerprint(fingerprint) !== undefined) return true;
    const listed = this.inFile(fingerprint);
    return listed !== undefined && (listed.expiresAt ?? Infinity) > this.#now();
  }

  #lookUp(fingerprint: string, list: NonNullable<AccountKeySources['revoked']>): boolean {
    const record = this.stored.byFingerprint(fingerprint);
    const key = record && { type: record.type, blob: Buffer.from(record.blob, 'base64') };
    const known = key ?? this.#inFile.get(fingerprint);
    return known === undefined ? list.mayRefuse({ fingerprint }) : list.refusal(known) !== undefined;
  }

  #readFile(): void {
    const keys = [...(this.#sources.file?.all() ?? [])];
    this.#inFile = new Map(keys.map((key) => [key.identity.fingerprint, key]));
  }
}

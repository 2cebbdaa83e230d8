import { PortholeError } from '../../core/errors.ts';
import type { KeyChange, KeyRecord, KeyUpdate, NewKey } from './key-record.ts';
import type { KeyRing } from './key-ring.ts';
import { isUsable } from './key-state.ts';

const maxKeys = 100_000;
const maxKeysOfPrincipal = 1000;

export interface ChangeContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The fingerprints of admin keys that somebody else answers for: those of the operator's file. */
  readonly otherAdmins: Iterable<string>;
}

/** What changes make of a ring, and what of it is to be written. */
export interface AppliedChanges {
  readonly ring: KeyRing;
  readonly put: readonly KeyRecord[];
  /** Fingerprints. */
  readonly removed: readonly string[];
  readonly principals: readonly string[];
  /** The fingerprints of the keys that speak for nobody any more. */
  readonly withdrawn: readonly string[];
}

/** Does the changes one after the other, on a copy. Throws `ERR_CONFLICT` or `ERR_LIMIT` when one of them cannot be. */
export function applyChanges(
  before: KeyRing,
  changes: readonly KeyChange[],
  { now, otherAdmins }: ChangeContext,
): AppliedChanges {
  const draft = new Draft(before.copy(), now);
  for (const change of changes) draft.apply(change);
  const { ring, touched, principals } = draft;
  const others = [...otherAdmins];
  if (hasAdmin(before, others, now) && !hasAdmin(ring, others, now)) {
    throw conflict(
      'this is the last key of an admin, and nobody could manage the gateway without it; make another key an admin first',
    );
  }
  const keys = [...touched].map((fingerprint) => ({ fingerprint, key: ring.byFingerprint(fingerprint) }));
  const fingerprintsOf = (which: (key: KeyRecord | undefined) => boolean): string[] =>
    keys.filter(({ key }) => which(key)).map(({ fingerprint }) => fingerprint);
  return {
    ring,
    put: keys.flatMap(({ key }) => key ?? []),
    removed: fingerprintsOf((key) => key === undefined),
    principals: [...principals],
    withdrawn: fingerprintsOf((key) => key === undefined || key.revokedAt !== undefined),
  };
}

/** Whether anybody may manage the gateway. What the store says of a key goes before the file. */
function hasAdmin(ring: KeyRing, others: readonly string[], now: number): boolean {
  for (const key of ring.all()) if (key.role === 'admin' && isUsable(key, now)) return true;
  return others.some(
    (fingerprint) => ring.byFingerprint(fingerprint) === undefined && !ring.isDamaged(fingerprint),
  );
}

class Draft {
  readonly ring: KeyRing;
  readonly touched = new Set<string>();
  readonly principals = new Set<string>();
  readonly #now: number;

  constructor(ring: KeyRing, now: number) {
    this.ring = ring;
    this.#now = now;
  }

  apply(change: KeyChange): void {
    switch (change.kind) {
      case 'add':
        this.#add(change.key);
        return;
      case 'principal':
        this.#addPrincipal(change.name);
        return;
      case 'update':
        this.#update(this.#find(change.fingerprint), change.set);
        return;
      case 'prefer':
        this.#prefer(this.#find(change.fingerprint));
        return;
      case 'unprefer':
        this.#put({ ...this.#find(change.fingerprint), preferred: false });
        return;
      case 'revoke':
        this.#revoke(this.#find(change.fingerprint), change.reason, change.at);
        return;
      case 'reinstate':
        this.#reinstate(this.#find(change.fingerprint), change.at);
        return;
      case 'remove':
        this.#remove(change.fingerprint);
        return;
    }
  }

  #add(key: NewKey): void {
    if (this.ring.byFingerprint(key.fingerprint) !== undefined)
      throw conflict('this key is known here already');
    if (this.ring.isDamaged(key.fingerprint)) {
      throw conflict(
        'what the gateway has stored of this key makes no sense; its operator can repair that: portholed admin add',
      );
    }
    this.#refuseTooMany(key.principal);
    this.#addPrincipal(key.principal);
    this.#refuseSameName(key);
    this.#put({ ...key, preferred: false });
  }

  #refuseTooMany(principal: string): void {
    const ofPrincipal = this.ring.ofPrincipal(principal).length;
    if (ofPrincipal >= maxKeysOfPrincipal)
      throw tooMany(`${principal} has ${String(ofPrincipal)} keys already; remove some that nobody uses`);
    if (this.ring.size >= maxKeys) throw tooMany(`there are ${String(this.ring.size)} keys already`);
  }

  #refuseSameName({ principal, name, fingerprint }: NewKey): void {
    const same = this.ring.ofPrincipal(principal).find((other) => other.name === name);
    if (same !== undefined && same.fingerprint !== fingerprint)
      throw conflict(`${principal} has a key of the name ${name} already`);
  }

  #addPrincipal(name: string): void {
    if (this.ring.hasPrincipal(name)) return;
    this.ring.addPrincipal(name);
    this.principals.add(name);
  }

  #update(key: KeyRecord, { expiresAt, ...rest }: KeyUpdate): void {
    const changed = { ...key, ...rest };
    this.#refuseSameName(changed);
    if (expiresAt === undefined) this.#put(changed);
    else if (expiresAt === null) this.#put(without(changed, ['expiresAt']));
    else this.#put({ ...changed, expiresAt });
  }

  #prefer(key: KeyRecord): void {
    if (key.revokedAt !== undefined)
      throw conflict('this key was revoked, so it cannot be the preferred one');
    if (!isUsable(key, this.#now)) throw conflict('this key has expired, so it cannot be the preferred one');
    for (const other of this.ring.ofPrincipal(key.principal))
      if (other.preferred) this.#put({ ...other, preferred: false });
    this.#put({ ...key, preferred: true });
  }

  /** What was said first stays. */
  #revoke(key: KeyRecord, revokedReason: string, revokedAt: number): void {
    if (key.revokedAt === undefined) this.#put({ ...key, revokedAt, revokedReason, preferred: false });
  }

  #reinstate(key: KeyRecord, createdAt: number): void {
    this.#put({ ...without(key, ['revokedAt', 'revokedReason']), createdAt });
  }

  #remove(fingerprint: string): void {
    if (!this.ring.remove(fingerprint)) throw unknown();
    this.touched.add(fingerprint);
  }

  #find(fingerprint: string): KeyRecord {
    const key = this.ring.byFingerprint(fingerprint);
    if (key === undefined) throw unknown();
    return key;
  }

  #put(key: KeyRecord): void {
    this.ring.put(key);
    this.touched.add(key.fingerprint);
  }
}

function without(key: KeyRecord, fields: readonly (keyof KeyRecord)[]): KeyRecord {
  return Object.fromEntries(
    Object.entries(key).filter(([field]) => !(fields as readonly string[]).includes(field)),
  ) as unknown as KeyRecord;
}

function conflict(message: string): PortholeError {
  return new PortholeError('ERR_CONFLICT', { message });
}

function unknown(): PortholeError {
  return conflict('there is no such key any more');
}

function tooMany(message: string): PortholeError {
  return new PortholeError('ERR_LIMIT', { message });
}

import type { KeyRecord, Keys } from './key-record.ts';
import type { ListedKey } from './key-listing.ts';

/** What a kept source says of why a key of its went: how its own revocations are told from everybody else's. */
export function noLongerListed(source: string): string {
  return `no longer listed at ${source}`;
}

/** How a key came here that a source listed: what tells its keys from everybody else's. */
export function importedFrom(source: string): string {
  return `import ${source}`;
}

/** A key that is listed, and is not taken. */
export interface PassedOver {
  readonly fingerprint: string;
  readonly why: string;
}

/** What has to be done so that the keys here are those that a source lists. */
export interface Difference {
  /** Not known here. */
  readonly missing: readonly ListedKey[];
  /** Revoked because they were not listed for a while, and listed again. */
  readonly returned: readonly ListedKey[];
  readonly unchanged: readonly KeyRecord[];
  readonly passedOver: readonly PassedOver[];
  /** Listed once, and no more. */
  readonly vanished: readonly KeyRecord[];
}

export interface KnownKeys {
  readonly keys: Pick<Keys, 'all' | 'byFingerprint'>;
  /** The key of that fingerprint in the operator's file. */
  readonly inFile: (fingerprint: string) => Pick<KeyRecord, 'principal'> | undefined;
}

/** Compares what a source lists with what is known; only keys that came from this source for this principal can be returned, unchanged or vanished. */
export function differenceOf(
  { source, principal, listed }: { source: string; principal: string; listed: readonly ListedKey[] },
  { keys, inFile }: KnownKeys,
): Difference {
  const missing: ListedKey[] = [];
  const returned: ListedKey[] = [];
  const unchanged: KeyRecord[] = [];
  const passedOver: PassedOver[] = [];
  for (const each of listed) {
    const known = keys.byFingerprint(each.fingerprint);
    const why =
      known === undefined
        ? whyLeftToFile(inFile(each.fingerprint))
        : whyPassedOver(known, { source, principal });
    if (why !== undefined) passedOver.push({ fingerprint: each.fingerprint, why });
    else if (known === undefined) missing.push(each);
    else if (known.revokedAt !== undefined) returned.push(each);
    else unchanged.push(known);
  }
  const still = new Set(listed.map((each) => each.fingerprint));
  const vanished = [...keys.all()].filter(
    (key) => isOf(key, { source, principal }) && key.revokedAt === undefined && !still.has(key.fingerprint),
  );
  return { missing, returned, unchanged, passedOver, vanished };
}

interface Origin {
  readonly source: string;
  readonly principal: string;
}

function isOf(key: KeyRecord, { source, principal }: Origin): boolean {
  return key.source === importedFrom(source) && key.principal === principal;
}

/** What the store says of a key goes before the file, so an import would change what the operator wrote. */
function whyLeftToFile(inFile: Pick<KeyRecord, 'principal'> | undefined): string | undefined {
  return inFile && `it is in the gateway's file of authorized keys, for ${inFile.principal}`;
}

/** Undefined for a key that the source may manage. */
function whyPassedOver(known: KeyRecord, { source, principal }: Origin): string | undefined {
  const here = `${known.principal}/${known.name}`;
  if (known.principal !== principal) return `it is there already as ${here}, of another principal`;
  if (known.revokedAt !== undefined && known.revokedReason !== noLongerListed(source))
    return `it is there as ${here}, and was revoked${known.revokedReason === undefined ? '' : `: ${known.revokedReason}`}`;
  if (!isOf(known, { source, principal })) return `it is there already as ${here}`;
  return undefined;
}

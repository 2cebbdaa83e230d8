import type { Role } from '../identity/identity.ts';
import type { Caller, KeyRecord } from '../identity/key-record.ts';
import { failed, type Answer } from './answer.ts';
import { fileSource, type KeyServices } from './key-services.ts';

export type Selection =
  { readonly kind: 'found'; readonly key: KeyRecord } | { readonly kind: 'refused'; readonly answer: Answer };

const maxTold = 8;
const leastFingerprint = 6;
const scheme = 'SHA256:';

/** The keys that somebody may know of: all of them for an administrator, else the own. What the store says of a key goes before the file. */
export function* visibleKeys(
  { keys, fileKeys }: Pick<KeyServices, 'keys' | 'fileKeys'>,
  { identity }: Caller,
): Iterable<KeyRecord> {
  const seesAll = identity.role === 'admin';
  yield* seesAll ? keys.all() : keys.ofPrincipal(identity.principal);
  for (const key of fileKeys()) {
    if (!seesAll && key.principal !== identity.principal) continue;
    if (keys.byFingerprint(key.fingerprint) === undefined) yield key;
  }
}

/** The one key that a text names, among those that the caller may know of. Somebody else's is as unknown as one that never was. */
export function selectKey(
  services: Pick<KeyServices, 'keys' | 'fileKeys'>,
  caller: Caller,
  text: string,
): Selection {
  const found = matching([...visibleKeys(services, caller)], text);
  const [key, ...others] = found;
  if (key === undefined)
    return refused(`there is no key ${text}${caller.identity.role === 'admin' ? '' : ' of yours'}`);
  if (others.length === 0) return { kind: 'found', key };
  const told = found.slice(0, maxTold).map((each) => `  ${fullName(each)}  ${each.fingerprint}`);
  const more = found.length > maxTold ? [`  and ${String(found.length - maxTold)} more`] : [];
  return refused(
    [`${text} could be each of these; name one by its fingerprint:`, ...told, ...more].join('\n'),
  );
}

/** The same, of a key that can be changed here. */
export function selectStoredKey(
  services: Pick<KeyServices, 'keys' | 'fileKeys'>,
  caller: Caller,
  text: string,
): Selection {
  const selection = selectKey(services, caller, text);
  if (selection.kind === 'found' && selection.key.source === fileSource)
    return refused(`${labelOf(selection.key)} is in the gateway's file of authorized keys: change it there`);
  return selection;
}

/** `ana/laptop`. */
export function fullName({ principal, name }: Pick<KeyRecord, 'principal' | 'name'>): string {
  return `${principal}/${name}`;
}

/** The same for people: once, where both are the same. */
export function labelOf(key: Pick<KeyRecord, 'principal' | 'name'>): string {
  return key.principal === key.name ? key.name : fullName(key);
}

const ranks: Readonly<Record<Role, number>> = { machine: 0, member: 1, admin: 2 };

/** Whether a role may do all that the other may. */
export function isAtLeast(role: Role, other: Role): boolean {
  return ranks[role] >= ranks[other];
}

/** The most exact way of naming that finds any: a whole fingerprint, a name, the beginning of a fingerprint. */
function matching(keys: readonly KeyRecord[], text: string): readonly KeyRecord[] {
  const ways: ((key: KeyRecord) => boolean)[] = [
    (key) => key.fingerprint === text || key.fingerprint === scheme + text,
    (key) => fullName(key) === text,
    (key) => key.name === text,
    (key) => beginsFingerprint(key, text),
  ];
  for (const fits of ways) {
    const found = keys.filter(fits);
    if (found.length > 0) return found;
  }
  return [];
}

function beginsFingerprint({ fingerprint }: KeyRecord, text: string): boolean {
  const beginning = text.startsWith(scheme) ? text.slice(scheme.length) : text;
  return beginning.length >= leastFingerprint && fingerprint.startsWith(scheme + beginning);
}

function refused(message: string): Selection {
  return { kind: 'refused', answer: failed(message) };
}

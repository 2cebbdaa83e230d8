import { keyId } from '../../core/names.ts';
import type { PublicKey } from '../../core/public-key.ts';

const longest = 64;

/** What to call a key that nobody named: as its comment says, `ana@laptop`, else by its id. */
export function nameFor({ comment, blob }: Pick<PublicKey, 'comment' | 'blob'>): string {
  const name = comment
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^A-Za-z0-9._@+-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .replace(/-+$/, '')
    .slice(0, longest);
  return name === '' ? keyId(blob) : name;
}

/** The name, or the first of `name-2`, `name-3` and so on that is free. */
export function freeName(name: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(name)) return name;
  for (let number = 2; ; number++) {
    const ending = `-${String(number)}`;
    const candidate = name.slice(0, longest - ending.length) + ending;
    if (!isTaken(candidate)) return candidate;
  }
}

import type { ListedKey } from './key-listing.ts';

const maxLength = 64;

/** Names for keys that are imported: from their comments, else `github-1`, `github-2`; none of them is taken yet. */
export function importedNames(keys: readonly ListedKey[], label: string, taken: Iterable<string>): string[] {
  const names = new Set(taken);
  return keys.map(({ key }) => {
    const wanted = nameFrom(key.comment);
    const name = wanted === undefined ? numbered(label, names, 1) : free(wanted, names);
    names.add(name);
    return name;
  });
}

/** What a name may have of a comment; undefined where that is nothing. */
function nameFrom(comment: string): string | undefined {
  const name = comment
    .replace(/[^A-Za-z0-9._@+-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, maxLength)
    .replace(/-+$/, '');
  return name === '' ? undefined : name;
}

function free(name: string, taken: ReadonlySet<string>): string {
  return taken.has(name) ? numbered(name, taken, 2) : name;
}

function numbered(name: string, taken: ReadonlySet<string>, first: number): string {
  for (let number = first; ; number += 1) {
    const ending = `-${number}`;
    const candidate = `${name.slice(0, maxLength - ending.length)}${ending}`;
    if (!taken.has(candidate)) return candidate;
  }
}

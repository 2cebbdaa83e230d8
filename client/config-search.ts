import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** How a project says what it offers, and where. */
export const configName = 'porthole.toml';

/** The most folders that are looked into. */
const maxDepth = 64;

/**
 * The configuration file that holds here: of this folder or the nearest above it, up to the root of the repository or the
 * home directory, whichever comes first. Outside of both only this folder counts: what lies above, in `/tmp` or in `/`,
 * may be anybody's.
 */
export function findConfig(folder: string, home: string): string | undefined {
  const folders = foldersToSearch(resolve(folder), resolve(home));
  return folders.map((each) => join(each, configName)).find(isFile);
}

function foldersToSearch(start: string, home: string): string[] {
  const folders: string[] = [];
  for (let at = start; folders.length < maxDepth; at = dirname(at)) {
    folders.push(at);
    if (at === home || existsSync(join(at, '.git'))) return folders;
    if (at === dirname(at)) break;
  }
  return [start];
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

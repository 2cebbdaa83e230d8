import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { PlannedFile } from './agent-files.ts';

/** No configuration includes names that end so. */
const newSuffix = '.porthole-new';
const oldSuffix = '.porthole-old';
const directoryMode = 0o755;

/**
 * Changes of files that are made one after the other, each whole or not at all, and can all be taken back: what was there before is kept beside, the very
 * file with its owner and mode, until `keep()`.
 */
export class FileChanges {
  readonly #undo: (() => void)[] = [];
  readonly #kept: string[] = [];
  readonly #touched = new Set<string>();
  #changed = false;

  /** Whether anything is another than it was. */
  get changed(): boolean {
    return this.#changed;
  }

  /** Makes a directory that everybody may look into; one that is there becomes one. */
  directory(path: string): void {
    if (!existsSync(path)) {
      mkdirSync(path, { mode: directoryMode });
      this.#did(() => rmdirSync(path));
    }
    const { mode } = statSync(path);
    if ((mode & 0o777) === directoryMode) return;
    chmodSync(path, directoryMode);
    this.#did(() => chmodSync(path, mode & 0o7777));
  }

  /** What is there already stays as it is. */
  write({ path, text, mode }: PlannedFile): void {
    if (isSame({ path, text, mode })) return;
    const temporary = `${path}${newSuffix}`;
    rmSync(temporary, { force: true });
    try {
      writeFileSync(temporary, text, { mode: 0o600, flag: 'wx', flush: true });
      chmodSync(temporary, mode);
      this.#setAside(path);
      renameSync(temporary, path);
    } finally {
      rmSync(temporary, { force: true });
    }
    flushDirectory(dirname(path));
  }

  /** One that is not there is as good as removed. */
  remove(path: string): void {
    if (!isThere(path)) return;
    this.#setAside(path);
    rmSync(path);
    flushDirectory(dirname(path));
  }

  /** With `keep()`, when nothing is left in it then. */
  removeDirectory(path: string): void {
    this.#kept.push(path);
  }

  /** All is as it was. Throws when that cannot be. */
  undo(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo();
    this.#kept.length = 0;
    this.#touched.clear();
    this.#changed = false;
  }

  /** What was there before is gone for good. */
  keep(): void {
    this.#undo.length = 0;
    for (const path of this.#kept.splice(0).sort((a, b) => b.length - a.length)) forget(path);
  }

  /** As it was before the first change. */
  #setAside(path: string): void {
    if (this.#touched.has(path)) return;
    this.#touched.add(path);
    if (!isThere(path)) {
      this.#did(() => rmSync(path, { force: true }));
      return;
    }
    const aside = `${path}${oldSuffix}`;
    rmSync(aside, { force: true });
    linkSync(path, aside);
    this.#kept.push(aside);
    this.#did(() => renameSync(aside, path));
  }

  #did(undo: () => void): void {
    this.#changed = true;
    this.#undo.push(undo);
  }
}

function isSame({ path, text, mode }: PlannedFile): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && (stats.mode & 0o7777) === mode && readFileSync(path, 'utf8') === text;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Directories come after what lies in them: their paths are shorter. */
function forget(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true) rmSync(path, { force: true });
  else if (readdirSync(path).length === 0) rmdirSync(path);
}

/** The name is on the disk as well. */
function flushDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Whether the name is of a file that was set aside, or not yet put in its place. */
export function isSetAside(name: string): boolean {
  return name.endsWith(newSuffix) || name.endsWith(oldSuffix);
}

/** What went wrong with a file, for whoever may be able to change that. */
export function wordsOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'EACCES' || code === 'EPERM' ? `${message}: run it as root` : message;
}

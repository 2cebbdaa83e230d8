import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { problem, type Parsed } from '../../core/parsed.ts';
import { replaceFile } from '../atomic-file.ts';
import { includeLine, ownHostNames, withInclude, withoutInclude } from './include-line.ts';

/** Where the files are that make `ssh NAME` work. */
export interface InstallPlace {
  /** `~/.ssh/config` */
  readonly userConfig: string;
  /** `~/.ssh/porthole` */
  readonly folder: string;
  readonly config: string;
  readonly knownHosts: string;
  readonly certificates: string;
  /** What stands in the user's own file. */
  readonly line: string;
}

export function installPlace(home: string, sshHome: string): Parsed<InstallPlace> {
  const line = includeLine(home, sshHome);
  if (!line.ok) return line;
  const folder = join(home, '.ssh', 'porthole');
  return {
    ok: true,
    value: {
      userConfig: join(home, '.ssh', 'config'),
      folder,
      config: join(folder, 'config'),
      knownHosts: join(folder, 'known_hosts'),
      certificates: join(folder, 'certificates'),
      line: line.value,
    },
  };
}

/** Names that the user's own file gives a meaning. */
export function namesOfUser({ userConfig }: InstallPlace): Set<string> {
  return ownHostNames(readIfPresent(userConfig) ?? '');
}

export interface InstallTexts {
  readonly config: string;
  readonly knownHosts: string;
}

/** Writes the files, and the one line into the user's own. Again and again it changes nothing but what has changed. */
export function install(place: InstallPlace, { config, knownHosts }: InstallTexts): Parsed<undefined> {
  return attempt(() => {
    privateFolder(join(place.folder, '..'));
    privateFolder(place.folder);
    chmodSync(place.folder, 0o700);
    privateFolder(place.certificates);
    replaceFile(place.knownHosts, knownHosts, 0o600);
    replaceFile(place.config, config, 0o600);
    const before = readIfPresent(place.userConfig);
    const after = withInclude(before ?? '', bytes(place.line));
    if (after === before) return undefined;
    const refusal = readOnly(place.userConfig);
    if (refusal !== undefined)
      return `${refusal}; the rest is written: add this line at its top yourself: ${place.line}`;
    return writeUserConfig(place.userConfig, after);
  });
}

/** Takes away what `install` has written, and nothing else. */
export function uninstall(place: InstallPlace): Parsed<undefined> {
  return attempt(() => {
    const before = readIfPresent(place.userConfig);
    const after = withoutInclude(before ?? '', bytes(place.line));
    if (before !== undefined && after !== before) {
      const refusal = readOnly(place.userConfig);
      if (refusal !== undefined) return `${refusal}; take this line out of it yourself: ${place.line}`;
      if (after === '' && !lstatSync(place.userConfig).isSymbolicLink()) rmSync(place.userConfig);
      else {
        const failure = writeUserConfig(place.userConfig, after);
        if (failure !== undefined) return failure;
      }
    }
    for (const file of [place.config, place.knownHosts]) rmSync(file, { force: true });
    for (const name of filesIn(place.certificates))
      if (name.endsWith('-cert.pub')) rmSync(join(place.certificates, name));
    for (const folder of [place.certificates, place.folder])
      if (existsSync(folder) && filesIn(folder).length === 0) rmdirSync(folder);
    return undefined;
  });
}

/** A symbolic link stays one: what it leads to is written. The file keeps its mode. */
function writeUserConfig(path: string, text: string): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isSymbolicLink() === true && !existsSync(path))
    return `${path} is a symbolic link to something that is not there`;
  const file = stats === undefined ? path : realpathSync(path);
  replaceFile(file, Buffer.from(text, 'latin1'), stats === undefined ? 0o600 : statSync(file).mode & 0o777);
  return undefined;
}

/** Also for root, who could write it nevertheless. */
function readOnly(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  try {
    accessSync(path, constants.W_OK);
  } catch {
    return `${path} is read-only`;
  }
  return (stats.mode & 0o222) === 0 ? `${path} is read-only` : undefined;
}

function privateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

function filesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** One character a byte, as the user's file is read: whatever is in it stays as it is. */
function bytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function readIfPresent(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'latin1') : undefined;
}

/** What the action says is the problem, or what the system says. */
function attempt(action: () => string | undefined): Parsed<undefined> {
  try {
    const failure = action();
    return failure === undefined ? { ok: true, value: undefined } : problem(failure);
  } catch (error) {
    return problem((error as Error).message);
  }
}

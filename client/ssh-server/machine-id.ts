import { createHash, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ownKeyPath } from '../own-key.ts';

/** Who a machine is at one gateway, for one environment. */
export interface MachineId {
  readonly uuid: string;
  /** What is wrong with how it is kept; it is the machine's for as long as this runs, whatever that is. */
  readonly problem?: string;
}

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The UUID in lower case; undefined for anything else. */
export function parseUuid(text: string): string | undefined {
  const uuid = text.trim().toLowerCase();
  return uuidForm.test(uuid) ? uuid : undefined;
}

/** Where it is kept: beside the client's own key, one file for each gateway and environment. */
export function machineIdPath(
  place: { readonly gateway: string; readonly env: string },
  { env, home }: { env: Readonly<Record<string, string | undefined>>; home: string },
): string {
  return join(dirname(ownKeyPath(env, home)), 'machines', fileName(place.gateway), fileName(place.env));
}

/** As it is, where it can be the name of a file. */
function fileName(text: string): string {
  if (/^[a-z0-9](?:[a-z0-9.-]{0,100}[a-z0-9])?$/.test(text)) return text;
  return `_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
}

/** Reads it, and makes it when there is none, or one that is damaged. */
export function machineId(path: string): MachineId {
  const kept = read(path);
  if (kept === undefined) return keep(path, randomUUID(), placeNew);
  if (kept.uuid !== undefined) return { uuid: kept.uuid };
  const made = keep(path, randomUUID(), replace);
  return { problem: `${path} ${kept.problem}: this machine has a new id now`, ...made };
}

/** Makes another one in its place. */
export function freshMachineId(path: string): MachineId {
  return keep(path, randomUUID(), replace);
}

type Kept = { readonly uuid: string } | { readonly uuid: undefined; readonly problem: string };

function read(path: string): Kept | undefined {
  try {
    const uuid = parseUuid(readFileSync(path, 'utf8'));
    return uuid === undefined ? { uuid, problem: 'is damaged' } : { uuid };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    return { uuid: undefined, problem: `cannot be read (${(error as Error).message})` };
  }
}

/** What another process keeps there meanwhile counts for this one too. */
function keep(path: string, uuid: string, place: typeof replace): MachineId {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    place(path, `${uuid}\n`);
    return { uuid: read(path)?.uuid ?? uuid };
  } catch (error) {
    const reason = (error as Error).message;
    return { uuid, problem: `the id of this machine cannot be kept, and is another next time: ${reason}` };
  }
}

/** The file appears whole, and one that is there stays. */
function placeNew(path: string, text: string): void {
  inTemporary(path, text, (temporary) => {
    try {
      linkSync(temporary, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  });
}

function replace(path: string, text: string): void {
  inTemporary(path, text, (temporary) => renameSync(temporary, path));
}

function inTemporary(path: string, text: string, place: (temporary: string) => void): void {
  const temporary = `${path}.${randomUUID()}`;
  try {
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' });
    place(temporary);
  } finally {
    rmSync(temporary, { force: true });
  }
}

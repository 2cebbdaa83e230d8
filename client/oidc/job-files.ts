import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Parsed } from '../../core/parsed.ts';
import { problem } from '../../core/parsed.ts';
import { writeCertificate } from '../certificate-file.ts';
import { makeOwnKey, readOwnKey } from '../own-key.ts';
import { makeJobKey, readJobKey, type JobKey } from './job-key.ts';

/** A key and its certificate, as `porthole login` leaves them: FILE, FILE.pub and FILE-cert.pub. */
export interface JobFiles {
  readonly file: string;
  readonly publicLine: string;
  /** Writes the certificate, after the key if that is new. */
  write(certificate: string): Parsed<undefined>;
}

/** The client's own key, which `porthole` offers by itself, made when there is none. */
export function openOwnFiles(file: string): Parsed<JobFiles> {
  const key = readOwnKey(file) ?? makeOwnKey(file);
  if (!key.ok) return key;
  const { publicLine } = key.value;
  return {
    ok: true,
    value: { file, publicLine, write: (line) => writeCertificate(`${file}-cert.pub`, line) },
  };
}

/** The key that an earlier login left, or a new one. What is no such key is never written over. */
export function openJobFiles(file: string): Parsed<JobFiles> {
  const key = existsSync(file) ? keyOfEarlierLogin(file) : { ok: true as const, value: makeJobKey() };
  if (!key.ok) return key;
  const { publicLine } = key.value;
  return { ok: true, value: { file, publicLine, write: (line) => writeFiles(file, key.value, line) } };
}

function keyOfEarlierLogin(file: string): Parsed<JobKey> {
  const isOurs = existsSync(`${file}-cert.pub`);
  const key = isOurs ? readJobKey(readText(file)) : undefined;
  if (key !== undefined) return { ok: true, value: key };
  return problem(`${file} is there, and is no key of an earlier login: name another file with --out`);
}

function writeFiles(
  file: string,
  { privateText, publicLine }: JobKey,
  certificate: string,
): Parsed<undefined> {
  try {
    if (!existsSync(file)) {
      writeFileSync(file, privateText, { mode: 0o600, flag: 'wx' });
      writeFileSync(`${file}.pub`, `${publicLine}\n`);
    }
  } catch (error) {
    return problem(`cannot write ${file}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
  return writeCertificate(`${file}-cert.pub`, certificate);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

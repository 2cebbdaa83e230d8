import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Parsed } from '../core/parsed.ts';

const isCertificate = /^[a-z0-9@.-]+-cert-v01@openssh\.com [A-Za-z0-9+/]+={0,2}(?:\s|$)/;
/** As far as one looks. */
const maxLength = 64 * 1024;

/** Writes a certificate where OpenSSH looks for it. Only another certificate is ever written over: a slip must not cost a key. */
export function writeCertificate(file: string, line: string): Parsed<undefined> {
  if (!isCertificate.test(line)) return bad('the gateway answered with something that is no certificate');
  try {
    const before = readIfPresent(file);
    if (before !== undefined && before.trim() !== '' && !isCertificate.test(before))
      return bad(`${file} is there and is no certificate: it is left as it is`);
    replace(file, `${line.trim()}\n`);
    return { ok: true, value: undefined };
  } catch (error) {
    return bad(`cannot write ${file}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').slice(0, maxLength);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whole or not at all: ssh may read it at any moment. */
function replace(file: string, text: string): void {
  const temporary = `${file}.${randomUUID()}`;
  try {
    writeFileSync(temporary, text, { mode: 0o644, flag: 'wx' });
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function bad(problem: string): { ok: false; problem: string } {
  return { ok: false, problem };
}

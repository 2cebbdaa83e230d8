import { readFileSync } from 'node:fs';
import type { Parsed } from '../core/parsed.ts';
import { replaceFile } from './atomic-file.ts';

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
    replaceFile(file, `${line.trim()}\n`, 0o644);
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

function bad(problem: string): { ok: false; problem: string } {
  return { ok: false, problem };
}

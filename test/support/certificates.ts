import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program } from './program.ts';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';
import type { SshKey } from './ssh-keys.ts';

const main = fileURLToPath(new URL('../../server/main.ts', import.meta.url));

export interface SignOptions {
  /** The key id; `ana` if not given. */
  readonly id?: string;
  /** `env:pr-*` if not given. */
  readonly principals?: readonly string[];
  /** As `ssh-keygen -V` takes it. */
  readonly validity?: string;
  readonly serial?: string;
  /** Of the signature of an RSA authority. */
  readonly algorithm?: string;
  /** Further words: `-h`, `-O`, `critical:name`. */
  readonly words?: readonly string[];
}

/** A certificate as `ssh-keygen -s` makes it, beside a copy of its key, where ssh finds both. */
export interface SignedKey extends SshKey {
  readonly certificatePath: string;
  /** The whole line. */
  readonly certificateLine: string;
  readonly certificate: Buffer;
}

/** Has the real ssh-keygen sign a key. The key itself stays as it is. */
export function signKey(
  t: Pick<TestScope, 'teardown'>,
  authority: SshKey,
  key: SshKey,
  options: SignOptions = {},
): SignedKey {
  const { id = 'ana', principals = ['env:pr-*'], validity, serial, algorithm, words = [] } = options;
  const path = copyOf(t, key);
  const optional = (flag: string, value: string | undefined): string[] =>
    value === undefined ? [] : [flag, value];
  execFileSync(
    'ssh-keygen',
    [
      ...['-q', '-s', authority.path, '-I', id],
      ...(principals.length === 0 ? [] : ['-n', principals.join(',')]),
      ...optional('-V', validity),
      ...optional('-z', serial),
      ...optional('-t', algorithm),
      ...words,
      `${path}.pub`,
    ],
    { stdio: 'pipe' },
  );
  const certificatePath = `${path}-cert.pub`;
  const certificateLine = readFileSync(certificatePath, 'utf8').trim();
  const [, base64 = ''] = certificateLine.split(' ');
  return { ...key, path, certificatePath, certificateLine, certificate: Buffer.from(base64, 'base64') };
}

/** What `ssh-keygen -L` says of a certificate. */
export function described(certificatePath: string): string {
  return execFileSync('ssh-keygen', ['-L', '-f', certificatePath], { encoding: 'utf8', stdio: 'pipe' });
}

/** The key as if its user had just put the certificate beside it. */
export function withCertificate(
  t: Pick<TestScope, 'teardown'>,
  key: SshKey,
  line: string,
): SshKey & { readonly certificatePath: string } {
  const path = copyOf(t, key);
  const certificatePath = `${path}-cert.pub`;
  writeFileSync(certificatePath, line);
  return { ...key, path, certificatePath };
}

/** `portholed ca ...` as its own process, which has ended. */
export async function ca(t: TestScope, stateDir: string, ...words: readonly string[]): Promise<Program> {
  const program = new Program(t, process.execPath, [main, 'ca', ...words, '--state-dir', stateDir]);
  await program.exit;
  return program;
}

function copyOf(t: Pick<TestScope, 'teardown'>, key: SshKey): string {
  const path = join(scratchDir(t), 'id');
  copyFileSync(key.path, path);
  copyFileSync(`${key.path}.pub`, `${path}.pub`);
  return path;
}

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';

/** A key pair as `ssh-keygen` makes it. */
export interface SshKey {
  /** The private key's file; the public one is beside it. */
  readonly path: string;
  readonly type: string;
  readonly blob: Buffer;
  /** `TYPE BASE64`, as a line of authorized_keys without its comment. */
  readonly line: string;
  readonly privateKey: string;
}

export interface KeyOptions {
  readonly type?: 'ed25519' | 'rsa' | 'ecdsa' | 'dsa';
  readonly bits?: number;
}

/** Makes a key without a passphrase; Ed25519 unless told otherwise. */
export function makeKey(t: Pick<TestScope, 'teardown'>, { type = 'ed25519', bits }: KeyOptions = {}): SshKey {
  const path = join(scratchDir(t), `id_${type}`);
  const size = bits === undefined ? [] : ['-b', String(bits)];
  execFileSync('ssh-keygen', ['-q', '-t', type, ...size, '-N', '', '-C', 'test', '-f', path], {
    stdio: 'pipe',
  });
  const [keyType = '', base64 = ''] = readFileSync(`${path}.pub`, 'utf8').split(' ');
  return {
    path,
    type: keyType,
    blob: Buffer.from(base64, 'base64'),
    line: `${keyType} ${base64}`,
    privateKey: readFileSync(path, 'utf8'),
  };
}

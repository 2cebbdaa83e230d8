import { createHash, generateKeyPairSync, sign as nodeSign, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wireString, wireUint32 } from '../../core/ssh-wire.ts';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';
import type { SshKey } from './ssh-keys.ts';

/** The flags of CTAP: somebody is there, and it is known who. */
export const userPresent = 1;
export const userVerified = 4;

export interface FidoSignature {
  readonly flags?: number;
  readonly counter?: number;
  /** Signed for, in place of the key's own. */
  readonly application?: string;
}

/** A FIDO key made of software; `path` is the file of its public half. It signs as OpenSSH's PROTOCOL.u2f says. */
export interface FidoKey extends SshKey {
  /** In SSH's form; touched, and the counter one more each time, unless told otherwise. */
  sign(data: Uint8Array, how?: FidoSignature): Buffer;
}

export function makeFidoKey(
  t: Pick<TestScope, 'teardown'>,
  kind: 'ed25519' | 'ecdsa' = 'ed25519',
  application = 'ssh:',
): FidoKey {
  const { type, fields, signBytes } = kind === 'ed25519' ? ed25519() : ecdsa();
  const blob = Buffer.concat([type, ...fields, application].map(wireString));
  const line = `${type} ${blob.toString('base64')}`;
  const path = join(scratchDir(t), 'id_sk.pub');
  writeFileSync(path, `${line} token\n`);
  let last = 0;
  const sign = (data: Uint8Array, how: FidoSignature = {}): Buffer => {
    last = how.counter ?? last + 1;
    const tail = Buffer.concat([Buffer.of(how.flags ?? userPresent), wireUint32(last)]);
    const message = Buffer.concat([sha256(how.application ?? application), tail, sha256(data)]);
    return Buffer.concat([wireString(type), wireString(signBytes(message)), tail]);
  };
  return { path, type, blob, line, privateKey: '', sign };
}

interface Pair {
  readonly type: string;
  readonly fields: readonly (string | Buffer)[];
  readonly signBytes: (message: Buffer) => Buffer;
}

function ed25519(): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  const signBytes = (message: Buffer): Buffer => nodeSign(null, message, privateKey);
  return { type: 'sk-ssh-ed25519@openssh.com', fields: [Buffer.from(x, 'base64url')], signBytes };
}

function ecdsa(): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  return {
    type: 'sk-ecdsa-sha2-nistp256@openssh.com',
    fields: ['nistp256', point],
    signBytes: (message) => ecdsaSignature('sha256', message, privateKey),
  };
}

/** An ECDSA signature as SSH writes it: two mpints. */
export function ecdsaSignature(hash: string, message: Uint8Array, key: KeyObject): Buffer {
  const both = nodeSign(hash, message, { key, dsaEncoding: 'ieee-p1363' });
  const half = both.length / 2;
  return Buffer.concat([both.subarray(0, half), both.subarray(half)].map((each) => wireString(mpint(each))));
}

/** A number above zero in the shortest form (RFC 4251, section 5). */
export function mpint(bytes: Buffer): Buffer {
  const significant = bytes.subarray(bytes.findIndex((byte) => byte !== 0));
  return (significant[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), significant]) : significant;
}

function sha256(data: Uint8Array | string): Buffer {
  return createHash('sha256').update(data).digest();
}

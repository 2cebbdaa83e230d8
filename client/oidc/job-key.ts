import ssh2 from 'ssh2';
import { fingerprint } from '../../core/fingerprint.ts';
import type { Identity } from '../identity.ts';
import { generateKey, publicLineOf } from '../own-key.ts';

/** A key that was made for one job, and is worth nothing without a certificate. */
export interface JobKey {
  readonly identity: Identity;
  /** `ssh-ed25519 AAAA... porthole-job` */
  readonly publicLine: string;
  readonly privateText: string;
}

/** Makes one, in memory. */
export function makeJobKey(): JobKey {
  const key = readJobKey(generateKey('porthole-job').private);
  if (key === undefined) throw new Error('the key that was made cannot be read');
  return key;
}

/** Undefined for what is no plain private key. */
export function readJobKey(privateText: string): JobKey | undefined {
  const key = ssh2.utils.parseKey(privateText);
  const publicLine = publicLineOf(privateText);
  if (key instanceof Error || publicLine === undefined) return undefined;
  const identity: Identity = {
    source: 'the key of this job',
    fingerprint: fingerprint(key.getPublicSSH()),
    signer: { type: 'publickey', key },
  };
  return { identity, publicLine, privateText };
}

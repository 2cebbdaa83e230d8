import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { PortholeError } from '../../core/errors.ts';
import { fingerprint } from '../../core/fingerprint.ts';

export interface HostKey {
  /** The private key in OpenSSH's format. */
  readonly privateKey: string;
  readonly fingerprint: string;
  /** `ssh-ed25519 AAAA...`, the way it stands in a known_hosts line after the host. */
  readonly publicKey: string;
}

const fileName = 'ssh_host_ed25519_key';

/** The gateway's Ed25519 host key: read from the state directory, made there on the first start. Throws `ERR_STATE_DIR`. */
export function loadHostKey(stateDir: string): HostKey {
  return loadOrMakeKey(join(stateDir, fileName));
}

/** An Ed25519 key file in OpenSSH's format, with its public half beside it; made if there is none. Throws `ERR_STATE_DIR`. */
export function loadOrMakeKey(path: string): HostKey {
  try {
    if (!existsSync(path)) create(path);
    return describe(readFileSync(path, 'utf8'), path);
  } catch (cause) {
    if (cause instanceof PortholeError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PortholeError('ERR_STATE_DIR', {
      cause,
      message: `cannot read or make the SSH key ${path}: ${reason}`,
    });
  }
}

/** The line that `ssh` would keep in known_hosts for this gateway. */
export function knownHostsLine(key: HostKey, host: string, port: number): string {
  return `${port === 22 ? host : `[${host}]:${String(port)}`} ${key.publicKey}`;
}

function create(path: string): void {
  const pair = generate();
  const temporary = `${path}.${randomUUID()}.tmp`;
  writeFileSync(temporary, pair.private, { mode: 0o600, flag: 'wx', flush: true });
  renameSync(temporary, path);
  writeFileSync(`${path}.pub`, `${pair.public}\n`, { mode: 0o644 });
}

/** One key in some hundreds that ssh2 generates is written in a form that its own parser refuses. */
function generate(): { private: string; public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}

function describe(privateKey: string, path: string): HostKey {
  const parsed = ssh2.utils.parseKey(privateKey);
  if (parsed instanceof Error || parsed.type !== 'ssh-ed25519' || !parsed.isPrivateKey()) {
    throw new PortholeError('ERR_STATE_DIR', {
      message: `${path} is not an Ed25519 private key in OpenSSH's format`,
    });
  }
  // Only if needed: a key may be mounted read-only.
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  const blob = parsed.getPublicSSH();
  return { privateKey, fingerprint: fingerprint(blob), publicKey: `ssh-ed25519 ${blob.toString('base64')}` };
}

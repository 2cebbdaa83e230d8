import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parsePublicKey } from '../../core/public-key.ts';
import type { LocalTarget } from '../target.ts';

/** Where OpenSSH's server keeps its settings and its keys. */
export const sshFolder = '/etc/ssh';

const maxFiles = 16;
const maxBytes = 64 * 1024;

/**
 * The host keys that this machine's SSH server will show once it runs: those that lie where OpenSSH makes them, as `TYPE BASE64`.
 * None where its settings name others.
 */
export function hostKeysInFiles(folder: string): string[] {
  if (configures(folder, /^\s*HostKey\s/im)) return [];
  const names = listed(folder).filter((name) => /^ssh_host_\w+_key\.pub$/.test(name));
  return names.slice(0, maxFiles).flatMap((name) => {
    const parsed = parsePublicKey(textOf(join(folder, name)));
    return parsed.ok ? [parsed.key.line.split(' ', 2).join(' ')] : [];
  });
}

/** Whether an address is of this machine. */
export function isOfThisMachine(target: LocalTarget): boolean {
  return target.kind === 'unix' || target.hosts.every((host) => loopback.has(host));
}

/** Whether those files are about the server at this address: this machine's own, on its usual port. */
export function isUsualServer(target: LocalTarget): boolean {
  return target.kind === 'tcp' && target.port === 22 && isOfThisMachine(target);
}

const loopback = new Set(['127.0.0.1', '::1']);

function configures(folder: string, setting: RegExp): boolean {
  const more = listed(join(folder, 'sshd_config.d')).map((name) => join('sshd_config.d', name));
  return ['sshd_config', ...more].some((name) => setting.test(textOf(join(folder, name))));
}

/** Empty when it cannot be read. */
function listed(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    const stats = statSync(path);
    return stats.isFile() && stats.size <= maxBytes ? readFileSync(path, 'utf8') : '';
  } catch {
    return '';
  }
}

import { readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';

/**
 * The words before a program for which the home of whoever runs the test is that folder: OpenSSH asks the system's list of users for it, whatever `$HOME` says.
 * They make a mount namespace with another list.
 */
export function withOwnHome(t: TestScope, home: string): [string, ...string[]] {
  const { uid } = userInfo();
  const passwd = join(scratchDir(t), 'passwd');
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  // Inside of a user namespace one is root, too.
  const ids = new Set([String(uid), '0']);
  const changed = lines.map((line) => {
    const fields = line.split(':');
    return ids.has(fields[2] ?? '') ? [...fields.slice(0, 5), home, ...fields.slice(6)].join(':') : line;
  });
  writeFileSync(passwd, changed.join('\n'));
  const enter = `mount --bind '${passwd}' /etc/passwd && exec env HOME='${home}' "$@"`;
  return ['unshare', ...(uid === 0 ? [] : ['--map-root-user']), '--mount', 'sh', '-c', enter, 'sh'];
}

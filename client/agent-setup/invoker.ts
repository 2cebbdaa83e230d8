import { readFileSync } from 'node:fs';
import type { Surroundings } from '../surroundings.ts';

/** Whose keys and files count: of somebody who has become root with sudo, their own. */
export interface Invoker {
  readonly home: string;
  readonly uid: number;
  readonly gid: number;
}

/** Undefined where nobody has become another. */
export function invokerOf(
  { env }: Pick<Surroundings, 'env'>,
  { uid = process.getuid?.(), passwd = '/etc/passwd' }: { uid?: number | undefined; passwd?: string } = {},
): Invoker | undefined {
  const name = env['SUDO_USER'] ?? '';
  if (uid !== 0 || name === '' || name === 'root') return undefined;
  for (const line of readFileSync(passwd, 'utf8').split('\n')) {
    const [user, , uidText, gidText, , home = ''] = line.split(':');
    if (user === name && home.startsWith('/')) return { home, uid: Number(uidText), gid: Number(gidText) };
  }
  return undefined;
}

/** Does something with files as they would do it, who may have put links in the way: what is made is theirs. Only what does not wait for anything. */
export function actingAs<T>({ uid, gid }: Invoker, work: () => T): T {
  process.setegid?.(gid);
  process.seteuid?.(uid);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

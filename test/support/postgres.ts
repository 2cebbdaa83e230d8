import { execFileSync } from 'node:child_process';
import { chownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { lowPort } from './low-port.ts';
import { Program } from './program.ts';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';

/** A database of the test's own, which trusts whoever connects. */
export interface Postgres {
  readonly port: number;
  readonly user: string;
}

const versions = '/usr/lib/postgresql';

/** Starts Debian's PostgreSQL on a scratch directory, and waits until it takes connections. */
export async function startPostgres(t: TestScope): Promise<Postgres> {
  const dir = scratchDir(t);
  const enter = asNobodyOfRoot(dir);
  const [version = ''] = readdirSync(versions).sort((a, b) => Number(b) - Number(a));
  const program = (name: string, ...args: readonly string[]): [string, ...string[]] => {
    const words = [...enter, join(versions, version, 'bin', name), ...args];
    return words as [string, ...string[]];
  };
  const user = 'someone';
  const data = join(dir, 'data');
  const [file, ...args] = program('initdb', '--no-sync', '--auth=trust', `--username=${user}`, '-D', data);
  execFileSync(file, args, { stdio: 'pipe', cwd: dir });

  const port = await lowPort();
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'lc_messages=C'];
  const flags = [`port=${String(port)}`, ...settings].flatMap((setting) => ['-c', setting]);
  const [postgres, ...words] = program('postgres', '-D', data, ...flags);
  const server = new Program(t, postgres, words, { cwd: dir });
  await server.said(/ready to accept connections/);
  return { port, user };
}

/** It refuses to run as root. */
function asNobodyOfRoot(dir: string): string[] {
  if (process.getuid?.() !== 0) return [];
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' })),
  );
  if (uid === undefined || gid === undefined) throw new Error('unreachable');
  chownSync(dir, uid, gid);
  return ['setpriv', `--reuid=${String(uid)}`, `--regid=${String(gid)}`, '--clear-groups'];
}

import { join } from 'node:path';
import { Program } from './program.ts';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';
import type { SshKey } from './ssh-keys.ts';

export interface SshOptions {
  readonly port: number;
  readonly key: SshKey;
  /** The environment's name; `pr-1` if not given. */
  readonly user?: string;
  /** Options before the host, such as `['-N', '-R', '80:localhost:3000']`. */
  readonly args?: readonly string[];
  /** Words after the host. */
  readonly command?: readonly string[];
  /** The gateway's address as the client reaches it. */
  readonly host?: string;
  /** What runs the client: the words before `ssh`. */
  readonly enter?: readonly string[];
}

/** Runs the real `ssh`, with one key and none of this machine's configuration, known hosts or agent. */
export function openssh(
  t: TestScope,
  { port, key, user = 'pr-1', args = [], command = [], host = '127.0.0.1', enter = [] }: SshOptions,
): Program {
  const fixed = [
    ...['-F', '/dev/null', '-p', String(port), '-i', key.path],
    ...[
      '-o',
      `UserKnownHostsFile=${join(scratchDir(t), 'known_hosts')}`,
      '-o',
      'GlobalKnownHostsFile=/dev/null',
    ],
    ...['-o', 'IdentitiesOnly=yes', '-o', 'IdentityAgent=none', '-o', 'BatchMode=yes'],
    ...['-o', 'ConnectTimeout=20', '-o', 'LogLevel=INFO', '-o', 'StrictHostKeyChecking=no'],
  ];
  // The first value of an option counts.
  const [file, ...words] = [...enter, 'ssh'];
  return new Program(t, file, [...words, ...args, ...fixed, `${user}@${host}`, ...command], {
    env: { SSH_AUTH_SOCK: undefined, TERM: 'xterm' },
  });
}

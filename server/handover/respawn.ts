import { spawn, type ChildProcess } from 'node:child_process';
import { forgetListenFds, listenFdsFor, type PassedSockets } from './listen-fds.ts';

export interface RespawnOptions {
  /** The program and the words before its own arguments. */
  readonly program: readonly [file: string, ...words: string[]];
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Sockets that were passed to this process, and which no successor could open by itself. */
  readonly sockets: PassedSockets | undefined;
}

/** Only the process itself knows its id before it runs: the shell becomes the program. */
const script = 'LISTEN_PID=$$ exec "$0" "$@"';

/** Starts this program once more, as the successor of this process, with the same arguments, output and passed sockets. */
export function startSuccessor({ program, argv, env, sockets }: RespawnOptions): ChildProcess {
  const [file, ...words] = program;
  const args = [...words, ...argv.filter((word) => word !== '--replace'), '--replace'];
  const clean = { ...env };
  forgetListenFds(clean);
  const passed = sockets && listenFdsFor(sockets);
  if (passed === undefined) return spawn(file, args, { env: clean, stdio: ['ignore', 'inherit', 'inherit'] });
  return spawn('/bin/sh', ['-c', script, file, ...args], {
    env: { ...clean, ...passed.env },
    stdio: ['ignore', 'inherit', 'inherit', ...passed.descriptors],
  });
}

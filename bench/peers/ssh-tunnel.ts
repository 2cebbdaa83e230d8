import type { Child } from '../child.ts';
import { pathOf } from '../tools.ts';
import type { Workspace } from '../workspace.ts';

export interface SshTunnel {
  readonly port: number;
  readonly user: string;
  readonly identityFile: string;
  /** The arguments of `-R`. */
  readonly forward: string | readonly string[];
}

/** Nothing of the user's configuration, keys or hosts. */
export const sshSettings = {
  BatchMode: 'yes',
  ExitOnForwardFailure: 'yes',
  GlobalKnownHostsFile: '/dev/null',
  IdentitiesOnly: 'yes',
  IdentityAgent: 'none',
  LogLevel: 'ERROR',
  StrictHostKeyChecking: 'no',
  UserKnownHostsFile: '/dev/null',
};

/** The same as words of a command line. */
export const sshOptions: readonly string[] = [
  ...['-F', '/dev/null'],
  ...Object.entries(sshSettings).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
];

/** Starts OpenSSH's own client with one remote forward. */
export function startSshTunnel(
  workspace: Workspace,
  { port, user, identityFile, forward }: SshTunnel,
): Child {
  return workspace.processes.start(pathOf(workspace.tools, 'ssh'), [
    ...sshOptions,
    ...['-N', '-T', '-i', identityFile, '-p', String(port), '-l', user],
    ...[forward].flat().flatMap((each) => ['-R', each]),
    '127.0.0.1',
  ]);
}

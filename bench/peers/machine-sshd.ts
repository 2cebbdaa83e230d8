import type { Child } from '../child.ts';
import { until } from '../patience.ts';
import { accepts, freePort } from '../ports.ts';
import { pathOf } from '../tools.ts';
import type { Workspace } from '../workspace.ts';
import { makeRunDirectory } from './run-sshd.ts';
import type { JumpHost } from './peer.ts';
import { sshSettings } from './ssh-tunnel.ts';

/** sshd with its own defaults, but for a hundred logins at once, which it would drop at whoever does not space them. */
const sshdConfig = (port: number, { hostKey, authorizedKeys }: Record<string, string>): string => `
ListenAddress 127.0.0.1
Port ${port}
HostKey ${hostKey}
AuthorizedKeysFile ${authorizedKeys}
MaxStartups 1000
PidFile none
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
LogLevel ERROR
`;

/** How people reach the jump host, and what they call the machine there. */
export interface WayIn {
  readonly port: number;
  readonly user: string;
  readonly identityFile: string;
  readonly address: string;
  readonly addressPort: number;
}

/** A machine's own sshd. */
export interface Machine {
  readonly child: Child;
  readonly port: number;
  behind(way: WayIn): JumpHost;
}

/** Starts it; the key that logs in at the jump host logs in there too. */
export async function startMachine(
  workspace: Workspace,
  { identityFile }: { readonly identityFile: string },
): Promise<Machine> {
  makeRunDirectory();
  const name = workspace.uniqueName('machine');
  const port = await freePort();
  const hostKey = await workspace.sshKey(`${name}-host`);
  const config = sshdConfig(port, { hostKey, authorizedKeys: `${identityFile}.pub` });
  const args = ['-D', '-e', '-f', workspace.write(`${name}.conf`, config)];
  const child = workspace.processes.start(pathOf(workspace.tools, 'sshd'), args);
  await until(`the machine's sshd listens ${child.lastWords}`, () => accepts(port), 10_000);
  return {
    child,
    port,
    behind: (way) => ({
      configFile: workspace.write(`${name}-client.conf`, clientConfig(workspace.userName, way)),
    }),
  };
}

function clientConfig(userName: string, way: WayIn): string {
  return [
    'Host gw',
    '  HostName 127.0.0.1',
    `  Port ${way.port}`,
    `  User ${way.user}`,
    'Host machine',
    `  HostName ${way.address}`,
    `  Port ${way.addressPort}`,
    `  User ${userName}`,
    '  ProxyJump gw',
    'Host *',
    `  IdentityFile ${way.identityFile}`,
    ...Object.entries(sshSettings).map(([name, value]) => `  ${name} ${value}`),
    '',
  ].join('\n');
}

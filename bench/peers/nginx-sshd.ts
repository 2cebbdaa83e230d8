import type { Child } from '../child.ts';
import { localEndpoint } from '../endpoint.ts';
import { until } from '../patience.ts';
import { accepts, freePort } from '../ports.ts';
import { withDescendants } from '../procfs.ts';
import { untilServes } from '../serving.ts';
import { pathOf } from '../tools.ts';
import type { Workspace } from '../workspace.ts';
import { startMachine } from './machine-sshd.ts';
import type { LoginServer, Peer } from './peer.ts';
import { startReverseProxy } from './reverse-proxy.ts';
import { makeRunDirectory } from './run-sshd.ts';
import { startSshTunnel } from './ssh-tunnel.ts';

/** sshd with its own defaults (but for a hundred people at once, of whom it would drop some), for the user that runs the benchmark: one key, and the certificates of an authority. */
const sshdConfig = (
  port: number,
  { hostKey, authorizedKeys, authority }: Record<'hostKey' | 'authorizedKeys' | 'authority', string>,
): string => `
ListenAddress 127.0.0.1
Port ${port}
HostKey ${hostKey}
AuthorizedKeysFile ${authorizedKeys}
TrustedUserCAKeys ${authority}
PidFile none
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
MaxStartups 1000
LogLevel ERROR
`;

interface Sshd extends LoginServer {
  readonly child: Child;
}

async function startSshd(workspace: Workspace): Promise<Sshd> {
  makeRunDirectory();
  const name = workspace.uniqueName('sshd');
  const port = await freePort();
  const identityFile = await workspace.sshKey(`${name}-user`);
  const authority = await workspace.sshKey(`${name}-authority`);
  const certified = await workspace.certifiedSshKey(`${name}-certified`, {
    authority,
    principals: [workspace.userName],
  });
  const config = sshdConfig(port, {
    hostKey: await workspace.sshKey(`${name}-host`),
    authorizedKeys: `${identityFile}.pub`,
    authority: `${authority}.pub`,
  });
  const args = ['-D', '-e', '-f', workspace.write(`${name}.conf`, config)];
  const child = workspace.processes.start(pathOf(workspace.tools, 'sshd'), args);
  await until(`sshd listens ${child.lastWords}`, () => accepts(port), 10_000);
  return { child, port, user: workspace.userName, identityFile, certified };
}

/** What one would build from what every server has: the measure for everything else here. */
export const nginxSshd: Peer = {
  name: 'nginx-sshd',
  title: "nginx in front of OpenSSH's own `sshd -R` (keep-alive on both hops, bodies stream, access_log off)",
  tools: ['nginx', 'sshd', 'ssh', 'ssh-keygen'],
  start: async ({ workspace, originPort }) => {
    const sshd = await startSshd(workspace);
    const forwardPort = await freePort();
    const machine = await startMachine(workspace, sshd);
    const machinePort = await freePort();
    const tunnel = startSshTunnel(workspace, {
      port: sshd.port,
      user: sshd.user,
      identityFile: sshd.identityFile,
      forward: [
        `127.0.0.1:${forwardPort}:127.0.0.1:${originPort}`,
        `127.0.0.1:${machinePort}:127.0.0.1:${machine.port}`,
      ],
    });
    const { child, httpPort, httpsPort } = await startReverseProxy(workspace, forwardPort);
    const http = localEndpoint('http', httpPort);
    await untilServes(http, [sshd.child, tunnel, child]);
    return {
      http,
      https: httpsPort === undefined ? undefined : localEndpoint('https', httpsPort),
      gatewayPids: () => withDescendants([child.pid, sshd.child.pid]),
      bufferedBytes: undefined,
      liveBytes: undefined,
      tunnelServer: undefined,
      loginServer: sshd,
      keyAdmin: undefined,
      jumpHost: machine.behind({ ...sshd, address: '127.0.0.1', addressPort: machinePort }),
      stop: async () => {
        for (const part of [child, tunnel, sshd.child, machine.child]) await part.stop();
      },
    };
  },
};

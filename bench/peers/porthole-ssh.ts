import { untilServes } from '../serving.ts';
import { startMachine } from './machine-sshd.ts';
import type { Peer } from './peer.ts';
import { asPeer, env, startGateway } from './porthole-gateway.ts';
import type { GatewayOptions } from './porthole-gateway.ts';
import { privateServiceName, privateServiceOf } from './private-service.ts';
import { startSshTunnel } from './ssh-tunnel.ts';

/** Porthole, dialled by OpenSSH's own client. */
export const portholeSsh = (options: GatewayOptions): Peer => ({
  name: 'porthole-ssh',
  title: 'Porthole with stock `ssh -R`',
  tools: ['ssh', 'ssh-keygen', 'sshd'],
  start: async ({ workspace, originPort }) => {
    const gateway = await startGateway(workspace, options);
    const target = `127.0.0.1:${originPort}`;
    const machine = await startMachine(workspace, gateway.loginServer);
    const sshServer = `ssh:22:127.0.0.1:${machine.port}`;
    const forward = [sshServer, `80:${target}`, `/${privateServiceName}?access=private:${target}`];
    const client = startSshTunnel(workspace, { ...gateway.tunnelServer, user: env, forward });
    await untilServes(gateway.http, [gateway.child, client]);
    const peer = asPeer(gateway, client);
    return {
      ...peer,
      privateService: privateServiceOf(workspace, gateway),
      jumpHost: machine.behind({ ...gateway.loginServer, address: env, addressPort: 22 }),
      stop: async () => {
        await peer.stop();
        await machine.child.stop();
      },
    };
  },
});

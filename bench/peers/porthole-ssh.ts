import { untilServes } from '../serving.ts';
import type { Peer } from './peer.ts';
import { asPeer, env, startGateway } from './porthole-gateway.ts';
import type { GatewayOptions } from './porthole-gateway.ts';
import { startSshTunnel } from './ssh-tunnel.ts';

/** Porthole, dialled by OpenSSH's own client. */
export const portholeSsh = (options: GatewayOptions): Peer => ({
  name: 'porthole-ssh',
  title: 'Porthole with stock `ssh -R`',
  tools: ['ssh', 'ssh-keygen'],
  start: async ({ workspace, originPort }) => {
    const gateway = await startGateway(workspace, options);
    const forward = `80:127.0.0.1:${originPort}`;
    const client = startSshTunnel(workspace, { ...gateway.tunnelServer, user: env, forward });
    await untilServes(gateway.http, [gateway.child, client]);
    return asPeer(gateway, client);
  },
});

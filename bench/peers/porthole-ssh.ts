import { untilServes } from '../serving.ts';
import type { Peer } from './peer.ts';
import { asPeer, env, startGateway } from './porthole-gateway.ts';
import type { GatewayOptions } from './porthole-gateway.ts';
import { privateServiceName, privateServiceOf } from './private-service.ts';
import { startSshTunnel } from './ssh-tunnel.ts';

/** Porthole, dialled by OpenSSH's own client. */
export const portholeSsh = (options: GatewayOptions): Peer => ({
  name: 'porthole-ssh',
  title: 'Porthole with stock `ssh -R`',
  tools: ['ssh', 'ssh-keygen'],
  start: async ({ workspace, originPort }) => {
    const gateway = await startGateway(workspace, options);
    const target = `127.0.0.1:${originPort}`;
    const forward = [`80:${target}`, `/${privateServiceName}?access=private:${target}`];
    const client = startSshTunnel(workspace, { ...gateway.tunnelServer, user: env, forward });
    await untilServes(gateway.http, [gateway.child, client]);
    return { ...asPeer(gateway, client), privateService: privateServiceOf(workspace, gateway) };
  },
});

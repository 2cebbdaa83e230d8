import { fileURLToPath } from 'node:url';
import { untilServes } from '../serving.ts';
import type { Peer } from './peer.ts';
import { asPeer, env, ownEnvironment, startGateway } from './porthole-gateway.ts';
import type { GatewayOptions } from './porthole-gateway.ts';

const clientMain = fileURLToPath(new URL('../../client/main.ts', import.meta.url));

/** Porthole, dialled by the client that comes with it. */
export const portholeClient = (options: GatewayOptions): Peer => ({
  name: 'porthole-client',
  title: 'Porthole with the bundled client (SSH inside TLS, its default)',
  tools: ['ssh-keygen'],
  start: async ({ workspace, originPort }) => {
    const gateway = await startGateway(workspace, options);
    const args = [
      ...[clientMain, 'connect', env, `127.0.0.1:${originPort}`, '--server', gateway.serverUrl],
      ...['--ca', gateway.caFile, '--identity', gateway.tunnelServer.identityFile],
    ];
    const client = workspace.processes.start(process.execPath, args, { env: ownEnvironment(workspace) });
    await untilServes(gateway.http, [gateway.child, client]);
    // What idle tunnels and logins cost is the gateway's matter alone, and is measured at the peer with stock ssh.
    return {
      ...asPeer(gateway, client),
      tunnelServer: undefined,
      loginServer: undefined,
      keyAdmin: undefined,
    };
  },
});

import { fileURLToPath } from 'node:url';
import type { Child } from '../child.ts';
import { localEndpoint } from '../endpoint.ts';
import type { Endpoint } from '../endpoint.ts';
import { liveBytes } from '../live-memory.ts';
import { metricValue } from '../metrics.ts';
import { until } from '../patience.ts';
import { accepts, freePort } from '../ports.ts';
import { withDescendants } from '../procfs.ts';
import type { Workspace } from '../workspace.ts';
import type { KeyAdmin, LoginServer, RunningPeer, TunnelServer } from './peer.ts';

const serverMain = fileURLToPath(new URL('../../server/main.ts', import.meta.url));

/** The environment that the measured tunnel belongs to. */
export const env = 'bench';

/** A Porthole gateway that listens and waits for tunnels. */
export interface PortholeGateway {
  readonly child: Child;
  readonly http: Endpoint;
  readonly https: Endpoint;
  readonly tunnelServer: TunnelServer;
  readonly loginServer: LoginServer;
  readonly keyAdmin: KeyAdmin;
  /** The URL for clients that dial in. */
  readonly serverUrl: string;
  /** The certificate of the CA that it made for itself. */
  readonly caFile: string;
  readonly bufferedBytes: () => Promise<number>;
  readonly liveBytes: () => Promise<number>;
}

async function readBufferedBytes(metricsPort: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`, {
    signal: AbortSignal.timeout(5000),
  });
  const value = metricValue(await answer.text(), 'porthole_buffered_bytes');
  if (value === undefined) throw new Error('the gateway has no metric porthole_buffered_bytes');
  return value;
}

/** Nothing of the user's own: no home with SSH files, no agent, no settings of another Porthole. */
export function ownEnvironment(workspace: Workspace): Record<string, string | undefined> {
  const settings = Object.keys(process.env).filter((name) => name.startsWith('PORTHOLE_'));
  return {
    ...Object.fromEntries([...settings, 'SSH_AUTH_SOCK', 'XDG_STATE_HOME'].map((name) => [name, undefined])),
    HOME: workspace.directory,
  };
}

export interface GatewayOptions {
  readonly logLevel: string | undefined;
}

/**
 * Starts a gateway with its defaults, access log included. It trusts this machine as a proxy, so that plain HTTP
 * with `X-Forwarded-Proto: https` is served and not redirected: only so can it be compared with HTTP peers.
 */
export async function startGateway(
  workspace: Workspace,
  { logLevel }: GatewayOptions,
): Promise<PortholeGateway> {
  const name = workspace.uniqueName('porthole');
  const [port, httpPort, metricsPort] = [await freePort(), await freePort(), await freePort()];
  const inspectPort = await freePort();
  const identityFile = await workspace.sshKey(`${name}-user`);
  const authority = await workspace.sshKey(`${name}-authority`);
  const certified = await workspace.certifiedSshKey(`${name}-certified`, {
    authority,
    principals: ['env:*'],
  });
  const args = [
    ...[`--inspect-port=127.0.0.1:${inspectPort}`, serverMain],
    ...['--listen', `127.0.0.1:${port}`, '--http-listen', `127.0.0.1:${httpPort}`],
    ...['--metrics-listen', `127.0.0.1:${metricsPort}`, '--domain', 'localhost'],
    ...['--state-dir', workspace.path(`${name}-state`), '--authorized-keys', `${identityFile}.pub`],
    ...['--user-ca', `${authority}.pub`, '--access', 'public', '--trusted-proxies', '127.0.0.1/32'],
    ...(logLevel === undefined ? [] : ['--log-level', logLevel]),
  ];
  const child = workspace.processes.start(process.execPath, args, {
    env: ownEnvironment(workspace),
    logFile: workspace.path(`${name}.log`),
  });
  const listens = async (): Promise<boolean> => {
    if (!child.running) throw new Error(`the gateway ended: ${child.lastWords}`);
    return accepts(port);
  };
  await until('the gateway listens', listens, 15_000);
  return {
    child,
    http: localEndpoint('http', httpPort, { Host: `${env}.localhost`, 'X-Forwarded-Proto': 'https' }),
    https: localEndpoint('https', port, { Host: `${env}.localhost:${port}` }),
    tunnelServer: { port, identityFile },
    loginServer: { port, user: env, identityFile, certified },
    // Keys of the operator's file are administrators'.
    keyAdmin: { port, user: env, identityFile },
    serverUrl: `https://localhost:${port}`,
    caFile: workspace.path(`${name}-state/ca.pem`),
    bufferedBytes: () => readBufferedBytes(metricsPort),
    liveBytes: () => liveBytes(child, inspectPort),
  };
}

/** The gateway as a peer that serves, with the client that holds its tunnel. */
export function asPeer(gateway: PortholeGateway, client: Child): RunningPeer {
  const { child, http, https, tunnelServer, loginServer, keyAdmin, bufferedBytes, liveBytes } = gateway;
  return {
    http,
    https,
    gatewayPids: () => withDescendants([child.pid]),
    bufferedBytes,
    liveBytes,
    tunnelServer,
    loginServer,
    keyAdmin,
    stop: async () => {
      await client.stop();
      await child.stop();
    },
  };
}

import type { Connection } from 'ssh2';
import type { DirectOpen } from '../tunnel/direct-opens.ts';
import { Tunnel } from '../tunnel/tunnel.ts';
import { tunnelEndEntry } from './audit-trail.ts';
import type { ConnectionOptions } from './connection-options.ts';
import type { Login } from './login.ts';

/** The tunnel of a connection that has logged in: what becomes of it is counted, logged and audited. */
export function openTunnel(
  connection: Connection,
  {
    login,
    remoteAddress,
    onDirectOpen,
  }: { login: Login; remoteAddress: string; onDirectOpen: (open: DirectOpen) => void },
  options: ConnectionOptions,
): Tunnel {
  const { heartbeat, log, maxChannels, maxForwards, channelOpenTimeoutMs, metrics, audit } = options;
  const tunnel = new Tunnel(connection, {
    owner: login.identity.principal,
    remoteAddress,
    maxChannels,
    maxForwards,
    channelOpenTimeoutMs,
    heartbeat,
    log,
    onForwardEnd: options.onForwardEnd,
    onChannelOpen: options.onChannelOpen,
    onDirectOpen,
    ...(options.onDraining && { onDraining: options.onDraining }),
    ...(options.onSilence && { onSilence: options.onSilence }),
  });
  const facts = {
    tunnelId: tunnel.id,
    env: login.env,
    principal: login.identity.principal,
    remote: remoteAddress,
  };
  log.info({ ...facts, fingerprint: login.identity.fingerprint }, 'tunnel opened');
  metrics.tunnelOpened();
  void tunnel.closed.then((reason) => {
    metrics.tunnelClosed(reason);
    log.info({ ...facts, reason }, 'tunnel closed');
    audit?.record(tunnelEndEntry(login, tunnel, reason));
  });
  return tunnel;
}

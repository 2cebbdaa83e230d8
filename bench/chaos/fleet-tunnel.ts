import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import ssh2, { type AcceptConnection, type Channel } from 'ssh2';
import type { FleetTunnel } from './jobs.ts';

/** How a tunnel of a fleet logs in. */
export interface FleetIdentity {
  readonly privateKey: Buffer;
  readonly ca: Buffer;
  readonly port: number;
}

/** A tunnel whose forward is granted. */
export interface DialledTunnel {
  /** Settles with the reason when it is over. */
  readonly closed: Promise<string>;
}

const loginLimitMs = 20_000;

/** SSH in TLS, as the bundled client speaks it, from an address of the tunnel's own: to the gateway each is another machine. */
function dialSocket({ port, ca }: FleetIdentity, sourceAddress: string): Socket {
  const tcp = connectTcp({ host: '127.0.0.1', port, localAddress: sourceAddress, noDelay: true });
  const tls = connectTls({ socket: tcp, ca, servername: 'localhost', ALPNProtocols: ['ssh'] });
  tcp.on('error', (error) => tls.destroy(error));
  tls.once('close', () => tcp.destroy());
  return tls;
}

/** Joins a channel that the gateway opens to the app. */
function serve(appPort: number, accept: AcceptConnection): void {
  const channel: Channel = accept();
  const app = connectTcp({ host: '127.0.0.1', port: appPort, noDelay: true, allowHalfOpen: true });
  channel.on('error', () => app.destroy());
  app.on('error', () => channel.destroy());
  channel.once('close', () => app.destroy());
  channel.pipe(app).pipe(channel);
}

/** Rejects, with the reason, when the login or the forward is refused. When the signal aborts, its socket is destroyed. */
export function dialTunnel(
  identity: FleetIdentity,
  tunnel: FleetTunnel,
  signal: AbortSignal,
): Promise<DialledTunnel> {
  const socket = dialSocket(identity, tunnel.sourceAddress);
  const client = new ssh2.Client();
  let reason = 'closed by the gateway';
  const closed = new Promise<string>((resolve) => void socket.once('close', () => resolve(reason)));
  signal.addEventListener('abort', () => socket.destroy());
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      reason = error.message;
      socket.destroy();
      reject(error);
    };
    socket.on('error', fail);
    client.on('error', fail);
    void closed.then(() => reject(new Error(reason)));
    client.on('tcp connection', (_details, accept) => serve(tunnel.appPort, accept));
    client.on('ready', () => {
      client.forwardIn('localhost', 80, (error) => (error === undefined ? resolve({ closed }) : fail(error)));
    });
    client.connect({
      ...{ sock: socket, username: tunnel.env, privateKey: identity.privateKey, readyTimeout: loginLimitMs },
    });
  });
}

import type { Duplex } from 'node:stream';
import ssh2, { type Connection } from 'ssh2';
import type { Identity } from '../identity/identity.ts';
import type { OfferedKey } from '../identity/admission.ts';
import type { Tunnel } from '../tunnel/tunnel.ts';
import { poolPadding } from '../../core/packet-padding.ts';
import { Turns } from '../../core/turns.ts';
import { serverAlgorithms } from './algorithms.ts';
import { SecurityKeys } from '../identity/security-key.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { SshConnection } from './connection.ts';
import { preferGcm } from './cipher-preference.ts';
import { heedRightGuess } from './first-guess.ts';
import type { HostKey } from './host-key.ts';
import { joinIdentLine } from './ident-line.ts';
import type { LoginFailureKind, LoginOutcome } from './login-outcome.ts';
import { nativePartIsUsed } from './native-part.ts';
import { paceReads } from './paced-reads.ts';
import type { Penalties } from './penalties.ts';
import { Startups } from './startups.ts';

export interface SshServerOptions extends Omit<ConnectionOptions, 'securityKeys'> {
  readonly hostKey: HostKey;
  readonly loginGraceMs: number;
  readonly maxStartups: number;
  readonly maxStartupsPerSource: number;
  /** How often it is looked for connections whose key has expired. */
  readonly expiryCheckMs?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Connections refused before any of their bytes was read, because too many others are logging in. */
  readonly onTooManyStartups: (source: string) => void;
  /** Who has failed too often; nobody, if it is not given. */
  readonly penalties?: Penalties | undefined;
  /** The same of connections whose source is blocked. */
  readonly onPenalised?: (address: string) => void;
  /** Called for every connection that logged in, or tried to. */
  readonly onLogin?: (outcome: LoginOutcome) => void;
}

const defaultExpiryCheckMs = 1000;

/** What comes during logins is read a few pieces at a time, each of up to two milliseconds. */
const readsPerTurn = 8;

interface Arrival {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly release: () => void;
  connection?: SshConnection;
  late?: boolean;
}

/**
 * The software version of RFC 4253, section 4.2. A client made with ssh2, such as Preevy's, asks only those servers for forwards of a socket
 * path that it takes for OpenSSH: because of a slip in its regular expression, those with two digits in a row too.
 */
const ident = 'porthole_ssh2js1.17';

/** Where machines dial in: takes sockets that speak SSH and holds the connections that they become. */
export class SshServer {
  readonly #options: SshServerOptions;
  readonly #server: ssh2.Server;
  readonly #startups: Startups;
  readonly #turns = new Turns(readsPerTurn);
  readonly #securityKeys = new SecurityKeys();
  readonly #arrivals = new WeakMap<Duplex, Arrival>();
  readonly #sockets = new Set<Duplex>();
  /** Those of them that have not said yet what they are. */
  readonly #nameless = new Set<Duplex>();
  readonly #connections = new Set<SshConnection>();
  readonly #expiryTimer: NodeJS.Timeout;
  #refusing: string | undefined;

  constructor(options: SshServerOptions) {
    this.#options = options;
    this.#startups = new Startups({ max: options.maxStartups, maxPerSource: options.maxStartupsPerSource });
    this.#server = new ssh2.Server({
      hostKeys: [options.hostKey.privateKey],
      algorithms: serverAlgorithms,
      ident,
      // The heartbeat does this: ssh2's own only ends the socket of a dead peer, and leaves it half-open for minutes.
      keepaliveInterval: 2 ** 31 - 1,
      keepaliveCountMax: Number.MAX_SAFE_INTEGER,
    });
    this.#server.on('connection', (connection) => {
      this.#onConnection(connection);
    });
    options.log.info({ native: nativePartIsUsed() }, 'ssh2 with its compiled part or without');
    options.admissions.onChange(() => {
      for (const connection of this.#connections) connection.recheck();
    });
    const { now = Date.now, expiryCheckMs = defaultExpiryCheckMs } = options;
    // Not a timer for each moment of expiry: the clock may be set.
    this.#expiryTimer = setInterval(() => {
      for (const connection of this.#connections) connection.recheckExpired(now());
    }, expiryCheckMs).unref();
  }

  get pendingLogins(): number {
    return this.#startups.count;
  }

  get tunnels(): readonly Tunnel[] {
    const tunnels: Tunnel[] = [];
    for (const { tunnel } of this.#connections) if (tunnel !== undefined) tunnels.push(tunnel);
    return tunnels;
  }

  /** Who is logged in, as their keys are now. */
  get logins(): readonly { readonly identity: Identity; readonly address: string }[] {
    const logins: { identity: Identity; address: string }[] = [];
    for (const { login, remoteAddress: address, tunnel } of this.#connections)
      if (login !== undefined && tunnel?.live === true) logins.push({ identity: login.identity, address });
    return logins;
  }

  /** What the live tunnels of an environment dialled in with, by the principals who offer it. */
  keysOf(env: string): readonly { readonly owner: string; readonly key: OfferedKey }[] {
    const keys: { owner: string; key: OfferedKey }[] = [];
    for (const { login, tunnel } of this.#connections) {
      if (login === undefined || tunnel?.live !== true) continue;
      if (tunnel.forwards.some(({ route }) => route.env === env))
        keys.push({ owner: tunnel.owner, key: login.key });
    }
    return keys;
  }

  /** How many more connections could log in at this moment: in all, and from this address. */
  loginRoom(address: string): { inAll: number; ofSource: number } {
    return this.#startups.room(address);
  }

  /** Whether nobody may log in from there now. */
  isBlocked(address: string): boolean {
    return this.#options.penalties?.isBlocked(address) ?? false;
  }

  /** Takes over a socket of which nothing has been read. */
  accept(socket: Duplex, remoteAddress: string, remotePort = 0): void {
    socket.on('error', () => socket.destroy());
    // Its 'close', which gives the place back, may have been already.
    if (socket.destroyed) return;
    if (this.#refusing !== undefined) {
      socket.destroy();
      return;
    }
    if (this.isBlocked(remoteAddress)) {
      this.#options.onPenalised?.(remoteAddress);
      socket.destroy();
      return;
    }
    const leave = this.#startups.enter(remoteAddress);
    if (leave === undefined) {
      this.#options.onTooManyStartups(remoteAddress);
      socket.destroy();
      return;
    }
    const grace = setTimeout(() => {
      this.#options.log.debug({ remote: remoteAddress }, 'login took too long');
      arrival.late = true;
      socket.destroy();
    }, this.#options.loginGraceMs);
    const stopPacing = paceReads(socket, this.#turns);
    const release = (): void => {
      clearTimeout(grace);
      stopPacing();
      leave();
    };
    const arrival: Arrival = { remoteAddress, remotePort, release };
    // The listener allows half-open connections, and ssh2 keeps one that ends before it has said what it is.
    socket.once('end', () => socket.destroy());
    socket.once('close', () => {
      this.#judge(arrival);
      this.#sockets.delete(socket);
      this.#nameless.delete(socket);
      release();
    });
    this.#sockets.add(socket);
    this.#nameless.add(socket);
    this.#arrivals.set(socket, arrival);
    joinIdentLine(socket);
    // Any stream will do, such as the inside of a TLS connection.
    (this.#server as { injectSocket(socket: Duplex): void }).injectSocket(socket);
  }

  /** From now on nobody logs in; logins that are under way end, with the reason. Tunnels are not touched. */
  refuse(reason: string): void {
    this.#refusing ??= reason;
    for (const socket of [...this.#nameless]) socket.destroy();
    for (const connection of [...this.#connections]) connection.refuse(reason);
  }

  /** Ends one tunnel, which may be the one that the command for it came by. */
  withdrawTunnel(tunnel: Tunnel, reason: string): void {
    for (const connection of [...this.#connections])
      if (connection.tunnel === tunnel) connection.withdraw(reason);
  }

  /** Ends one tunnel politely. */
  endTunnel(tunnel: Tunnel, reason: string): void {
    for (const connection of [...this.#connections]) if (connection.tunnel === tunnel) connection.end(reason);
  }

  /** Ends every connection politely. */
  end(reason: string): void {
    for (const connection of [...this.#connections]) connection.end(reason);
  }

  destroy(): void {
    clearInterval(this.#expiryTimer);
    for (const socket of [...this.#sockets]) socket.destroy();
  }

  #onConnection(connection: Connection): void {
    const socket = (connection as unknown as { _sock: Duplex })._sock;
    this.#nameless.delete(socket);
    const arrival = this.#arrivals.get(socket);
    if (arrival === undefined) {
      socket.destroy();
      return;
    }
    heedRightGuess(connection);
    preferGcm(connection);
    connection.on('handshake', () => {
      poolPadding(connection);
    });
    const { remoteAddress: address, remotePort } = arrival;
    let live: (() => void) | undefined;
    const own: SshConnection = new SshConnection(
      { connection, socket, remoteAddress: address, remotePort, tunnels: () => this.tunnels },
      { ...this.#options, securityKeys: this.#securityKeys },
      {
        onReady: (_tunnel, { identity, env, counter }) => {
          arrival.release();
          live = this.#options.penalties?.succeeded(address);
          this.#options.onLogin?.({
            ...{ kind: 'ok', identity, env, address },
            ...(counter !== undefined && { counter }),
          });
        },
        onClosed: () => {
          live?.();
          this.#connections.delete(own);
        },
      },
    );
    arrival.connection = own;
    this.#connections.add(own);
  }

  /** What is to be thought of a connection that is over. */
  #judge({ remoteAddress: address, connection, late = false }: Arrival): void {
    if (this.#refusing !== undefined || connection?.tunnel !== undefined) return;
    const attempt = connection?.failedAttempt;
    let why: LoginFailureKind = 'nothing';
    if (late) why = 'late';
    else if (attempt !== undefined) why = 'refused';
    // A health check connects and leaves.
    else if (connection === undefined) return;
    this.#options.penalties?.failed(address, why);
    this.#options.onLogin?.({ kind: 'failed', why, address, ...(attempt && { attempt }) });
  }
}

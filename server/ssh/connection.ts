import type { Duplex } from 'node:stream';
import type { Connection } from 'ssh2';
import type { DirectOpen } from '../tunnel/direct-opens.ts';
import { sendDisconnect } from '../tunnel/disconnect.ts';
import { internalsOf } from '../../core/ssh2-protocol.ts';
import type { Tunnel } from '../tunnel/tunnel.ts';
import { callerNow } from './admin-commands.ts';
import { commandContext } from './command-context.ts';
import type { ConnectionEvents, ConnectionOptions } from './connection-options.ts';
import { forwardRefusedEntry, takeoverEntry } from './audit-trail.ts';
import { answerForwardRequests } from './forward-requests.ts';
import { Forwarding } from './forwarding.ts';
import { LoginDialogue, userKey, type Login } from './login.ts';
import type { LoginAttempt } from './login-outcome.ts';
import { openTunnel } from './open-tunnel.ts';
import { leadThrough } from './jumps.ts';
import { Sessions } from './session.ts';
import type { LiveTunnel } from './visible-environments.ts';
import { admitAgain, Withdrawal } from './withdrawal.ts';

/** For the last packets to arrive, and for a client to leave on its own. */
const farewellMs = 1000;

/** One SSH connection from its first packet to its last: login, then a tunnel with its forwards and sessions. */
export class SshConnection {
  readonly #connection: Connection;
  readonly #socket: Duplex;
  readonly remoteAddress: string;
  readonly #remotePort: number;
  readonly #tunnels: () => readonly LiveTunnel[];
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  readonly #dialogue: LoginDialogue;
  readonly #withdrawal = new Withdrawal((reason) => this.end(reason));
  #login: Login | undefined;
  #tunnel: Tunnel | undefined;
  #forwarding: Forwarding | undefined;
  #sessions: Sessions | undefined;
  #over = false;
  #refused = false;

  constructor(
    parts: {
      connection: Connection;
      socket: Duplex;
      remoteAddress: string;
      remotePort: number;
      /** All that live, of whomever. */
      tunnels: () => readonly LiveTunnel[];
    },
    options: ConnectionOptions,
    events: ConnectionEvents,
  ) {
    this.#connection = parts.connection;
    this.#socket = parts.socket;
    this.remoteAddress = parts.remoteAddress;
    this.#remotePort = parts.remotePort;
    this.#tunnels = parts.tunnels;
    this.#options = options;
    this.#events = events;
    this.#watchEnd();
    this.#dialogue = new LoginDialogue(parts, options, {
      onLogin: (login) => {
        this.#login = login;
      },
      onFailed: (reason) => {
        this.#hangUp(reason);
      },
      onFlood: () => {
        this.#finish('the client does not read what it asks for');
      },
    });
    this.#connection.on('ready', () => {
      try {
        this.#ready();
      } catch (error) {
        this.#fault(error);
      }
    });
  }

  get tunnel(): Tunnel | undefined {
    return this.#tunnel;
  }

  /** What its user tried in vain so far. */
  get failedAttempt(): LoginAttempt | undefined {
    return this.#dialogue.failedAttempt;
  }

  /** Asks again whether the key is admitted, its name its own, and what it offers within its limits; ends the connection when not. */
  recheck(): void {
    if (this.#login === undefined || this.#over || this.#tunnel?.live === false) return;
    const { remoteAddress } = this;
    const forwards = this.#tunnel?.forwards ?? [];
    const admission = admitAgain(this.#login, { ...this.#options, remoteAddress, forwards });
    if (admission.kind === 'refused') {
      this.withdraw(`access withdrawn: ${admission.reason}`);
      return;
    }
    this.#login = { ...this.#login, identity: admission.identity };
    this.#forwarding?.judgeAgain();
  }

  /** Ends the connection; whoever is being answered over it reads the answer first. */
  withdraw(reason: string): void {
    this.#withdrawal.begin(reason, { isAnswering: this.#sessions?.isAnswering === true });
  }

  /** Asks again once what it logged in with has expired: that is no change which anybody tells. */
  recheckExpired(now: number): void {
    const expiresAt = this.#login?.identity.expiresAt ?? Infinity;
    if (expiresAt <= now) this.recheck();
  }

  /** Who logged in, as the key is now. */
  get login(): Login | undefined {
    return this.#login;
  }

  /** Ends a login that is not over yet, such that its user reads why. */
  refuse(reason: string): void {
    if (this.#tunnel !== undefined || this.#refused) return;
    this.#refused = true;
    this.#hangUp(reason);
  }

  /** Ends the connection politely, with a word to those who watch. */
  end(reason: string): void {
    if (this.#tunnel === undefined) this.#socket.destroy();
    else {
      this.#sessions?.tellEnd(reason);
      this.#tunnel.close(reason);
    }
  }

  // --- after login -----------------------------------------------------------------------------------------------------

  #ready(): void {
    const login = this.#login;
    if (login === undefined || this.#over || this.#refused) {
      this.#socket.destroy();
      return;
    }
    const { remoteAddress } = this;
    const onDirectOpen = (open: DirectOpen): void => this.#leadThrough(open, tunnel, login);
    const tunnel = openTunnel(this.#connection, { login, remoteAddress, onDirectOpen }, this.#options);
    const forwarding = this.#makeForwarding(tunnel, login);
    this.#tunnel = tunnel;
    this.#forwarding = forwarding;
    this.#events.onReady(tunnel, login);
    const sessions = new Sessions(this.#connection, {
      forwarding,
      feed: this.#options.feed,
      context: () =>
        commandContext(this.#login ?? login, forwarding, {
          ...this.#options,
          tunnels: this.#tunnels,
          roundTripMs: tunnel.roundTripMs,
        }),
      admin: this.#options.admin,
      caller: () => callerNow(login, { ...this.#options, remoteAddress }),
      connection: { env: login.env, tunnelId: tunnel.id },
      log: this.#options.log,
      onQuit: () => {
        this.#quit(tunnel);
      },
    });
    this.#sessions = sessions;
    answerForwardRequests(this.#connection, {
      forwarding,
      onRefused: (refusal) => {
        sessions.tellRefusal(refusal);
      },
      onFault: (error) => {
        this.#fault(error);
      },
    });
    tunnel.ping();
  }

  #makeForwarding(tunnel: Tunnel, login: Login): Forwarding {
    const { log, metrics, refusals, audit } = this.#options;
    return new Forwarding({
      ...this.#options,
      tunnel,
      identity: () => (this.#login ?? login).identity,
      env: login.env,
      onRefused: (refusal) => {
        metrics.forwardRefused();
        refusals.add(userKey(login), refusal);
        audit?.record(forwardRefusedEntry(login, tunnel, refusal));
      },
      onTakeover: (forward, from) => {
        metrics.takeover();
        const taken = { service: forward.route.service, from: from.map((older) => older.tunnelId) };
        log.info({ tunnelId: tunnel.id, env: login.env, ...taken }, 'takeover');
        audit?.record(takeoverEntry(login, tunnel, taken));
      },
    });
  }

  #leadThrough(open: DirectOpen, tunnel: Tunnel, login: Login): void {
    const { jumps, log } = this.#options;
    const { remoteAddress } = this;
    leadThrough(open, jumps, {
      login,
      origin: { address: remoteAddress, port: this.#remotePort },
      caller: () => callerNow(login, { ...this.#options, remoteAddress }),
      carriesOneOnly: () =>
        tunnel.channelCount === 1 && tunnel.forwards.length === 0 && (this.#sessions?.count ?? 0) === 0,
      tell: (reason) => this.#sessions?.tellEnd(reason),
      end: (reason) => this.end(reason),
      log,
    });
  }

  /** The URLs go at once. The client leaves by itself when its session is over; one that is told to leave shows an error. */
  #quit(tunnel: Tunnel): void {
    const reason = 'ended by its user';
    tunnel.withdraw(reason);
    setTimeout(() => {
      tunnel.close(reason);
    }, farewellMs).unref();
  }

  // --- the end ---------------------------------------------------------------------------------------------------------

  #watchEnd(): void {
    this.#connection.on('error', (err: Error) => {
      this.#options.log.debug({ err, remote: this.remoteAddress }, 'ssh connection failed');
      this.#finish(failureOf(err));
    });
    this.#connection.on('end', () => {
      this.#finish('the client disconnected');
    });
    this.#connection.on('close', () => {
      this.#finish('the connection was closed');
    });
  }

  /** Ends a connection that has no tunnel, such that what it was told still arrives. */
  #hangUp(reason: string): void {
    sendDisconnect(internalsOf(this.#connection).protocol, reason);
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), farewellMs).unref();
  }

  #finish(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#tunnel?.destroy(reason);
    this.#socket.destroy();
    this.#events.onClosed(this.#tunnel);
  }

  #fault(err: unknown): void {
    this.#options.log.error({ err, remote: this.remoteAddress }, 'ssh connection failed inside the gateway');
    this.#finish('internal error');
  }
}

/** Without words of the client's own: this is a label of a metric. */
function failureOf(error: NodeJS.ErrnoException): string {
  return typeof error.code === 'string' ? `the connection failed (${error.code})` : 'the connection failed';
}

import type { Duplex } from 'node:stream';
import type { Connection } from 'ssh2';
import { mayNameEnv } from '../identity/identity.ts';
import type { RequestFeed } from '../routing/request-feed.ts';
import type { Forward, ForwardEnding, OpenResult } from '../tunnel/forward.ts';
import { sendDisconnect } from '../tunnel/disconnect.ts';
import type { Heartbeat } from '../tunnel/heartbeat.ts';
import { internalsOf } from '../../core/ssh2-protocol.ts';
import { Tunnel } from '../tunnel/tunnel.ts';
import type { CommandContext } from './commands.ts';
import { answerForwardRequests } from './forward-requests.ts';
import { Forwarding } from './forwarding.ts';
import { LoginDialogue, userKey, type Login, type LoginOptions } from './login.ts';
import { Sessions } from './session.ts';
import { VisibleEnvironments, type EnvironmentViews, type LiveTunnel } from './visible-environments.ts';

/** What is counted of dialling in. */
export interface SshMetrics {
  authenticated(result: 'ok' | 'refused' | 'too-many-tries'): void;
  tunnelOpened(): void;
  tunnelClosed(reason: string): void;
  forwardRefused(): void;
  takeover(): void;
}

export interface ConnectionOptions extends LoginOptions {
  readonly onForwardEnd: (forward: Forward, ending: ForwardEnding) => void;
  readonly onChannelOpen: (forward: Forward, result: OpenResult, detail?: string) => void;
  readonly onDraining?: (forward: Forward) => void;
  readonly onSilence?: (forward: Forward, silent: boolean) => void;
  readonly environments: EnvironmentViews;
  readonly heartbeat: Heartbeat;
  readonly feed: RequestFeed;
  readonly maxForwards: number;
  readonly maxChannels: number;
  readonly channelOpenTimeoutMs: number;
  readonly metrics: SshMetrics;
}

export interface ConnectionEvents {
  /** The login is over: the place among the start-ups is free again. */
  readonly onReady: (tunnel: Tunnel) => void;
  readonly onClosed: (tunnel: Tunnel | undefined) => void;
}

/** For the last packets to arrive, and for a client to leave on its own. */
const farewellMs = 1000;

/** One SSH connection from its first packet to its last: login, then a tunnel with its forwards and sessions. */
export class SshConnection {
  readonly #connection: Connection;
  readonly #socket: Duplex;
  readonly #remoteAddress: string;
  readonly #tunnels: () => readonly LiveTunnel[];
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  #login: Login | undefined;
  #tunnel: Tunnel | undefined;
  #sessions: Sessions | undefined;
  #over = false;
  #refused = false;

  constructor(
    parts: {
      connection: Connection;
      socket: Duplex;
      remoteAddress: string;
      /** All that live, of whomever. */
      tunnels: () => readonly LiveTunnel[];
    },
    options: ConnectionOptions,
    events: ConnectionEvents,
  ) {
    this.#connection = parts.connection;
    this.#socket = parts.socket;
    this.#remoteAddress = parts.remoteAddress;
    this.#tunnels = parts.tunnels;
    this.#options = options;
    this.#events = events;
    this.#watchEnd();
    new LoginDialogue(parts, options, {
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

  /** Asks again whether the key is admitted; ends the connection when it no longer is. */
  recheck(): void {
    const problem = this.#login && this.#problemNow(this.#login);
    if (problem !== undefined) this.end(`access withdrawn: ${problem}`);
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

  /** Why the key could not log in again as it did; undefined when it could. */
  #problemNow({ identity, env, key }: Login): string | undefined {
    const admission = this.#options.admissions.admit(key, this.#remoteAddress);
    if (admission.kind === 'refused') return admission.reason;
    if (admission.identity.principal !== identity.principal)
      return 'the key belongs to another principal now';
    const nameLost = mayNameEnv(identity, env) && !mayNameEnv(admission.identity, env);
    return nameLost ? `the key may not use the name ${env} any more` : undefined;
  }

  // --- after login -----------------------------------------------------------------------------------------------------

  #ready(): void {
    const login = this.#login;
    if (login === undefined || this.#over || this.#refused) {
      this.#socket.destroy();
      return;
    }
    const tunnel = this.#makeTunnel(login);
    const forwarding = this.#makeForwarding(tunnel, login);
    this.#tunnel = tunnel;
    this.#events.onReady(tunnel);
    const sessions = new Sessions(this.#connection, {
      forwarding,
      feed: this.#options.feed,
      context: () => this.#context(login, forwarding),
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

  #makeTunnel(login: Login): Tunnel {
    const { heartbeat, log, maxChannels, maxForwards, channelOpenTimeoutMs, metrics } = this.#options;
    const tunnel = new Tunnel(this.#connection, {
      owner: login.identity.principal,
      remoteAddress: this.#remoteAddress,
      maxChannels,
      maxForwards,
      channelOpenTimeoutMs,
      heartbeat,
      log,
      onForwardEnd: this.#options.onForwardEnd,
      onChannelOpen: this.#options.onChannelOpen,
      ...(this.#options.onDraining && { onDraining: this.#options.onDraining }),
      ...(this.#options.onSilence && { onSilence: this.#options.onSilence }),
    });
    const facts = {
      tunnelId: tunnel.id,
      env: login.env,
      principal: login.identity.principal,
      remote: this.#remoteAddress,
    };
    log.info({ ...facts, fingerprint: login.identity.fingerprint }, 'tunnel opened');
    metrics.tunnelOpened();
    void tunnel.closed.then((reason) => {
      metrics.tunnelClosed(reason);
      log.info({ ...facts, reason }, 'tunnel closed');
    });
    return tunnel;
  }

  #makeForwarding(tunnel: Tunnel, login: Login): Forwarding {
    const { routes, defaultAccess, maxForwards, log, metrics, refusals } = this.#options;
    return new Forwarding({
      tunnel,
      identity: login.identity,
      env: login.env,
      routes,
      defaultAccess,
      maxForwards,
      log,
      onRefused: (refusal) => {
        metrics.forwardRefused();
        refusals.add(userKey(login), refusal);
      },
      onTakeover: (forward, from) => {
        metrics.takeover();
        log.info(
          {
            tunnelId: tunnel.id,
            env: login.env,
            service: forward.route.service,
            from: from.map((older) => older.tunnelId),
          },
          'takeover',
        );
      },
    });
  }

  #context(login: Login, forwarding: Forwarding): CommandContext {
    return {
      keyId: login.identity.keyId,
      env: login.env,
      forwards: forwarding.forwards,
      refusals: forwarding.refusals,
      roundTripMs: this.#tunnel?.roundTripMs,
      urls: this.#options.urls(),
      environments: new VisibleEnvironments({
        identity: login.identity,
        views: this.#options.environments,
        tunnels: this.#tunnels,
        urls: this.#options.urls(),
      }),
      envNameOf: (text) => this.#options.envNameOf(login.identity, text),
    };
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
      this.#options.log.debug({ err, remote: this.#remoteAddress }, 'ssh connection failed');
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
    this.#options.log.error({ err, remote: this.#remoteAddress }, 'ssh connection failed inside the gateway');
    this.#finish('internal error');
  }
}

/** Without words of the client's own: this is a label of a metric. */
function failureOf(error: NodeJS.ErrnoException): string {
  return typeof error.code === 'string' ? `the connection failed (${error.code})` : 'the connection failed';
}

import type { Socket } from 'node:net';
import ssh2, { type Client, type ConnectConfig } from 'ssh2';
import { ChannelTable } from '../core/channel-table.ts';
import type { SshChannel } from '../core/channel.ts';
import { poolPadding } from '../core/packet-padding.ts';
import { internalsOf } from '../core/ssh2-protocol.ts';
import type { ForwardRequest } from '../core/forward.ts';
import { deadline, Latch } from '../core/lifecycle.ts';
import type { OpenFailed } from '../core/sent-opens.ts';
import { clientAlgorithms } from './algorithms.ts';
import { Login } from './authentication.ts';
import { type ChannelOpening, takeOpenings } from './channel-openings.ts';
import { type DirectAddress, DirectChannels } from './direct-channel.ts';
import { lost, refused, type Failure } from './failure.ts';
import { GatewayMessages } from './gateway-messages.ts';
import { checkHostKey, type HostKeyPolicy, knownKeyTypes } from './host-key.ts';
import type { Identity } from './identity.ts';
import { keepAlive } from './keepalive.ts';
import { letPresent } from './presented-key.ts';
import { type ExecResult, followCommand, runCommand } from './remote-command.ts';

export interface ConnectionTimings {
  /** From the first SSH byte to the end of the login. */
  readonly handshakeMs: number;
  /** For each answer of the gateway: to a forward, a cancel, a command. */
  readonly answerMs: number;
  readonly keepaliveMs: number;
  readonly keepaliveMisses: number;
  /** From saying goodbye to destroying the socket. */
  readonly endMs: number;
}

export const defaultTimings: ConnectionTimings = {
  handshakeMs: 20_000,
  answerMs: 15_000,
  keepaliveMs: 5000,
  keepaliveMisses: 3,
  endMs: 1000,
};

export interface ConnectionOptions {
  /** Connected, and for TLS verified; the connection owns it from here on. */
  readonly socket: Socket;
  /** The SSH user name: the environment. */
  readonly user: string;
  readonly identities: readonly Identity[];
  readonly hostKey: HostKeyPolicy;
  readonly maxChannels: number;
  readonly onOpening: (opening: ChannelOpening) => void;
  /**
   * The gateway is about to end and asks for another connection; it serves this one for so long. Who cannot
   * move leaves it out.
   */
  readonly onDrain?: ((graceMs: number) => void) | undefined;
  readonly timings: ConnectionTimings;
}

export interface RunOptions {
  /** All that the command reads. */
  readonly stdin?: string;
  /** For a command that may take longer than others. */
  readonly answerMs?: number;
  /** No answer in time is none, and not the end of the connection. */
  readonly mayBeLate?: boolean;
}

export type Answer = 'accepted' | 'refused' | 'lost';

/** Logs in. The failure says whether it is of any use to try again. */
export function openConnection(
  options: ConnectionOptions,
): Promise<{ kind: 'open'; connection: SshConnection } | Failure> {
  const client = new ssh2.Client();
  const login = new Login(options.user, options.identities);
  let failure: Failure | undefined;
  let messages: GatewayMessages | undefined;
  return new Promise((resolve) => {
    const fail = (reason: string): void => {
      failure ??= login.refusal() ?? lost(messages?.farewell ?? reason);
      options.socket.destroy();
      resolve(failure);
    };
    client.on('error', (error: Error & { level?: string }) => {
      // A key that cannot sign is passed over for the next one.
      const ofOneKey = error.level === 'agent' || error.level === 'client-authentication';
      if (!ofOneKey || login.exhausted) fail(error.message);
    });
    client.on('close', () => fail('the gateway closed the connection during the login'));
    client.on('banner', (text) => login.banner(text));
    client.on('handshake', () => poolPadding(client));
    client.once('ready', () => {
      client.removeAllListeners();
      resolve({
        kind: 'open',
        connection: new SshConnection({ client, messages: told, identity: login.offered }, options),
      });
    });
    client.connect(clientConfig(options, login, (problem) => (failure = refused('host-key', problem))));
    letPresent(client);
    const told = new GatewayMessages(client);
    messages = told;
  });
}

function clientConfig(
  { socket, user, hostKey, timings }: ConnectionOptions,
  login: Login,
  onUntrusted: (problem: string) => void,
): ConnectConfig {
  return {
    sock: socket,
    username: user,
    readyTimeout: timings.handshakeMs,
    // Otherwise ssh2 asks only OpenSSH for forwards by socket path.
    strictVendor: false,
    algorithms: clientAlgorithms(knownKeyTypes(hostKey)),
    hostVerifier: (key: Buffer) => {
      const check = checkHostKey(hostKey, key);
      if (!check.ok) onUntrusted(check.problem);
      return check.ok;
    },
    authHandler: login.next,
  };
}

interface LoggedIn {
  readonly client: Client;
  readonly messages: GatewayMessages;
  readonly identity: Identity | undefined;
}

/** A login that stands: forwards, commands, and the channels that the gateway opens in it. */
export class SshConnection {
  /** The key that the gateway let in. */
  readonly identity: Identity | undefined;
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #timings: ConnectionTimings;
  readonly #closed = new Latch<string>();
  readonly #channels: ChannelTable;
  readonly #direct: DirectChannels;
  readonly #messages: GatewayMessages;
  readonly #stopKeepalive: () => void;
  #lastError: string | undefined;

  constructor({ client, messages, identity }: LoggedIn, options: ConnectionOptions) {
    this.identity = identity;
    this.#client = client;
    this.#messages = messages;
    this.#socket = options.socket;
    this.#timings = options.timings;
    this.#channels = new ChannelTable(internalsOf(client), {
      onViolation: (reason) => this.destroy(reason),
      // The channel is destroyed, and with it the service's connection: the visitor learns of it.
      onFault: () => undefined,
    });
    takeOpenings(this.#channels, options);
    this.#direct = new DirectChannels(this.#channels);
    this.#stopKeepalive = keepAlive({
      intervalMs: options.timings.keepaliveMs,
      misses: options.timings.keepaliveMisses,
      received: () => options.socket.bytesRead,
      stuck: () => this.#channels.sendQueue.stuckTicks(),
      ping: () => messages.ping(),
      onLost: () => this.destroy('the gateway does not answer any more'),
    });
    if (options.onDrain !== undefined) messages.onDrain = options.onDrain;
    messages.ping();
    client.on('error', (error) => this.destroy(`the connection broke: ${error.message}`));
    client.on('end', () => this.#ended());
    client.on('close', () => this.#ended());
  }

  /** Settles once, with the reason, when the connection is over. */
  get closed(): Promise<string> {
    return this.#closed.promise;
  }

  /** How long the last ping took to be answered. */
  get roundTripMs(): number | undefined {
    return this.#messages.roundTripMs;
  }

  /** Settles when no channel is open; for after the forwards were cancelled. */
  get drained(): Promise<undefined> {
    return this.#channels.drained;
  }

  forward(request: ForwardRequest): Promise<Answer> {
    return this.#ask((client, done) => {
      if (request.kind === 'streamlocal') client.openssh_forwardInStreamLocal(request.socketPath, done);
      else client.forwardIn(request.bindAddr, request.bindPort, done);
    });
  }

  cancel(request: ForwardRequest): Promise<Answer> {
    return this.#ask((client, done) => {
      if (request.kind === 'streamlocal') client.openssh_unforwardInStreamLocal(request.socketPath, done);
      else client.unforwardIn(request.bindAddr, request.bindPort, done);
    });
  }

  /** A byte stream to what the gate leads to; the half-close of each side is kept. */
  openDirect(address: DirectAddress): Promise<SshChannel | OpenFailed> {
    return this.#usable ? this.#direct.open(address) : Promise.resolve({ kind: 'gone' });
  }

  /** What the gateway answers to a command; undefined when the connection was lost first. */
  run(
    command: string,
    { stdin, answerMs, mayBeLate = false }: RunOptions = {},
  ): Promise<ExecResult | undefined> {
    const result = this.#usable ? runCommand(this.#client, command, stdin) : Promise.resolve(undefined);
    const answer = Promise.race([result, this.closed.then(() => undefined)]);
    if (mayBeLate) return deadline(answer, answerMs ?? this.#timings.answerMs, () => undefined);
    return this.#inTime(answer, undefined, answerMs);
  }

  /** Calls the listener for each line that a command prints, for as long as it runs. The result stops it. */
  follow(command: string, onLine: (line: string) => void): () => void {
    return this.#usable ? followCommand(this.#client, command, onLine) : () => undefined;
  }

  /** Says goodbye and waits, within a bound, until the gateway has closed. */
  async close(): Promise<void> {
    if (!this.#closed.settled) this.#client.end();
    await deadline(this.closed, this.#timings.endMs, () => '');
    this.destroy('closed');
  }

  destroy(reason: string): void {
    this.#lastError ??= reason;
    this.#ended();
  }

  #ended(): void {
    this.#stopKeepalive();
    const reason = this.#messages.farewell ?? this.#lastError ?? 'the gateway closed the connection';
    if (!this.#closed.settle(reason)) return;
    this.#channels.abort(reason);
    this.#socket.destroy();
  }

  /** ssh2 throws when it is asked for something on a socket that is ending. */
  get #usable(): boolean {
    return !this.#closed.settled && this.#socket.writable && !this.#socket.readableEnded;
  }

  #ask(request: (client: Client, done: (error?: Error | null) => void) => void): Promise<Answer> {
    if (!this.#usable) return Promise.resolve('lost');
    const answer = new Promise<Answer>((resolve) => {
      request(this.#client, (error) => {
        if (error === undefined || error === null) resolve('accepted');
        else resolve(this.#closed.settled ? 'lost' : 'refused');
      });
    });
    return this.#inTime(Promise.race([answer, this.closed.then((): Answer => 'lost')]), 'lost');
  }

  #inTime<T>(answer: Promise<T>, late: T, answerMs = this.#timings.answerMs): Promise<T> {
    return deadline(answer, answerMs, () => {
      this.destroy('the gateway did not answer in time');
      return late;
    });
  }
}

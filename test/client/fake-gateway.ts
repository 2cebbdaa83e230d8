import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { text } from 'node:stream/consumers';
import ssh2, { type Connection, type ServerChannel, type SocketBindInfo, type TcpipBindInfo } from 'ssh2';
import { fingerprint } from '../../core/fingerprint.ts';

/** The part of a tap test that fixtures need. */
export interface Teardown {
  teardown(action: () => unknown): void;
}

export interface FakeGatewayOptions {
  /** With it, SSH is spoken in TLS. */
  readonly tls?: TlsOptions;
  readonly port?: number;
  readonly hostKey?: string;
  /** Fingerprints of the keys that may log in; all if absent. */
  readonly admitted?: readonly string[];
  readonly banner?: string;
  /** Why a forward is refused; undefined accepts it. */
  readonly refusal?: (path: string) => string | undefined;
  readonly maxTries?: number;
  /** Answers nothing to commands. */
  readonly mute?: boolean;
  /** Takes no sessions. */
  readonly noSessions?: boolean;
  /** Exec answers by command, instead of the usual ones. */
  readonly answers?: Readonly<Record<string, string>>;
  /** Runs commands that read and end as they like, when all that they read has come; undefined leaves it to the answers. */
  readonly run?: (command: string, stdin: string) => FakeRun | undefined;
  readonly shareUrl?: string;
  /** The port on this machine that every `direct-tcpip` leads to; without one it takes none. */
  readonly directPort?: number;
  /** How many gateways it says there are. */
  readonly nodes?: number;
}

export interface FakeRun {
  readonly stdout?: string;
  readonly stderr?: string;
  /** Without one the command ends without a word of how. */
  readonly code?: number;
}

export interface TestKey {
  readonly private: string;
  /** `ssh-ed25519 AAAA...` */
  readonly public: string;
  readonly fingerprint: string;
}

export function makeKey(): TestKey {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    // ssh2 drops a leading zero byte: one key in 256 cannot be read back.
    if (ssh2.utils.parseKey(pair.private) instanceof Error) continue;
    return { private: pair.private, public: pair.public, fingerprint: fingerprint(publicBlob(pair.public)) };
  }
}

export function publicBlob(publicKey: string): Buffer {
  return Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
}

/** What it takes to send a packet that ssh2 has no function for. */
interface RawProtocol {
  readonly _handlers: Record<string, () => void>;
  readonly _packetRW: {
    readonly write: {
      readonly allocStart: number;
      alloc(bytes: number): Buffer;
      finalize(packet: Buffer): Buffer;
    };
  };
  readonly _cipher: { encrypt(packet: Buffer): void };
}

function sshString(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(text)]);
}

/** One login at the fake gateway. */
export class FakeTunnel {
  readonly connection: Connection;
  readonly socket: Socket;
  readonly user: string;
  readonly forwards: string[] = [];
  readonly cancelled: string[] = [];
  readonly commands: string[] = [];
  readonly closed: Promise<unknown>;

  constructor(connection: Connection, socket: Socket, user: string) {
    this.connection = connection;
    this.socket = socket;
    this.user = user;
    this.closed = once(socket, 'close');
  }

  /** The client's answers to what it was asked, in order: whether it moves. */
  readonly answers: boolean[] = [];

  /** Asks the client to connect anew, as a gateway that ends does. */
  drain(
    graceMs: number,
    { name = 'drain@porthole', payload }: { name?: string; payload?: Buffer } = {},
  ): void {
    const { _handlers } = this.#protocol;
    _handlers['REQUEST_SUCCESS'] = () => void this.answers.push(true);
    _handlers['REQUEST_FAILURE'] = () => void this.answers.push(false);
    const grace = Buffer.alloc(4);
    grace.writeUInt32BE(graceMs);
    const wantReply = Buffer.from([1]);
    this.#send(Buffer.concat([Buffer.from([80]), sshString(name), wantReply, payload ?? grace]));
  }

  /** Says goodbye with these words. */
  disconnect(description: string): void {
    const reason = Buffer.from([0, 0, 0, 11]);
    this.#send(Buffer.concat([Buffer.from([1]), reason, sshString(description), sshString('')]));
    this.socket.end();
  }

  get #protocol(): RawProtocol {
    return (this.connection as unknown as { _protocol: RawProtocol })._protocol;
  }

  #send(payload: Buffer): void {
    const { _packetRW, _cipher } = this.#protocol;
    const packet = _packetRW.write.alloc(payload.length);
    packet.set(payload, _packetRW.write.allocStart);
    _cipher.encrypt(_packetRW.write.finalize(packet));
  }

  /** Opens a channel of a forward, as a visitor's request would. Rejects with the client's reason. */
  open(path: string): Promise<ServerChannel> {
    return new Promise((resolve, reject) => {
      this.connection.openssh_forwardOutStreamLocal(path, (error, channel) => {
        if (error === undefined) resolve(channel);
        else reject(error);
      });
    });
  }
}

/** Sends all of it and then waits for all of the answer. (ssh2's own `end()` would not wait.) */
export async function ask(channel: ServerChannel, question: string): Promise<string> {
  channel.write(question);
  channel.eof();
  return text(channel);
}

/** An SSH server that behaves like a gateway as far as the client can tell, made of nothing but ssh2. */
export class FakeGateway {
  readonly fingerprint: string;
  readonly hostKeyLine: string;
  readonly tunnels: FakeTunnel[] = [];
  readonly sockets = new Set<Socket>();
  readonly #options: FakeGatewayOptions;
  readonly #listener: Server;
  readonly #ssh: ssh2.Server;
  readonly #waiters: ((tunnel: FakeTunnel) => void)[] = [];

  readonly #watchers: (() => void)[] = [];

  static async start(t: Teardown, options: FakeGatewayOptions = {}): Promise<FakeGateway> {
    const gateway = new FakeGateway(options);
    gateway.#listener.listen(options.port ?? 0, '127.0.0.1');
    await once(gateway.#listener, 'listening');
    t.teardown(() => gateway.stop());
    return gateway;
  }

  private constructor(options: FakeGatewayOptions) {
    const hostKey = options.hostKey ?? makeKey().private;
    const parsed = ssh2.utils.parseKey(hostKey);
    if (parsed instanceof Error) throw parsed;
    this.#options = options;
    this.fingerprint = fingerprint(parsed.getPublicSSH());
    this.hostKeyLine = `${parsed.type} ${parsed.getPublicSSH().toString('base64')}`;
    this.#ssh = new ssh2.Server({
      hostKeys: [hostKey],
      ...(options.banner === undefined ? {} : { banner: options.banner }),
    });
    this.#ssh.on('connection', (connection) => {
      this.#serve(connection, (connection as unknown as { _sock: Socket })._sock);
    });
    const onSocket = (socket: Socket): void => {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.sockets.delete(socket));
      this.#ssh.injectSocket(socket);
    };
    this.#listener =
      options.tls === undefined
        ? createServer(onSocket)
        : createTlsServer({ ALPNProtocols: ['ssh'], ...options.tls }, onSocket);
    this.#listener.on('tlsClientError', () => undefined);
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** The next login whose hello was answered. */
  next(): Promise<FakeTunnel> {
    return new Promise((resolve) => void this.#waiters.push(resolve));
  }

  /** Settles when a client has asked for something. */
  activity(): Promise<void> {
    return new Promise((resolve) => void this.#watchers.push(resolve));
  }

  /** Cuts every connection and listens no more. */
  stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    return new Promise((resolve) => void this.#listener.close(() => resolve()));
  }

  #serve(connection: Connection, socket: Socket): void {
    let tries = 0;
    connection.on('error', () => undefined);
    connection.on('authentication', (context) => {
      const key = context.method === 'publickey' ? fingerprint(context.key.data) : undefined;
      if (key !== undefined && (this.#options.admitted?.includes(key) ?? true)) {
        context.accept();
        connection
          .removeAllListeners('ready')
          .once('ready', () => this.#loggedIn(new FakeTunnel(connection, socket, context.username)));
        return;
      }
      context.reject(['publickey']);
      tries += key === undefined ? 0 : 1;
      if (tries >= (this.#options.maxTries ?? Infinity)) socket.destroy();
    });
  }

  #loggedIn(tunnel: FakeTunnel): void {
    const { connection } = tunnel;
    this.tunnels.push(tunnel);
    const { directPort } = this.#options;
    if (directPort !== undefined)
      connection.on('tcpip', (accept) => {
        const channel = accept().on('error', () => undefined);
        const socket = connect(directPort, '127.0.0.1').on('error', () => undefined);
        channel.on('close', () => socket.destroy());
        channel.pipe(socket).pipe(channel);
      });
    connection.on('request', (accept, reject, name: string, info: TcpipBindInfo | SocketBindInfo) => {
      const path = 'socketPath' in info ? info.socketPath : `${info.bindAddr}:${String(info.bindPort)}`;
      if (name.startsWith('cancel')) {
        tunnel.cancelled.push(path);
        tunnel.forwards.splice(tunnel.forwards.indexOf(path) >>> 0, 1);
        accept?.();
      } else if (this.#options.refusal?.(path) !== undefined) {
        reject?.();
      } else {
        tunnel.forwards.push(path);
        accept?.();
      }
      for (const watcher of this.#watchers.splice(0)) watcher();
    });
    connection.on('session', (acceptSession, rejectSession) => {
      if (this.#options.noSessions === true) {
        rejectSession();
        return;
      }
      acceptSession().on('exec', (accept, _reject, { command }) => {
        tunnel.commands.push(command);
        if (this.#options.mute === true) return;
        const channel = accept();
        if (this.#options.run !== undefined) {
          void text(channel).then((stdin) => this.#run(tunnel, channel, { command, stdin }));
          return;
        }
        channel.write(this.#options.answers?.[command] ?? this.#answer(tunnel, command));
        channel.exit(0);
        channel.end();
        if (command === 'hello') for (const waiter of this.#waiters.splice(0)) waiter(tunnel);
      });
    });
  }

  #run(
    tunnel: FakeTunnel,
    channel: ServerChannel,
    { command, stdin }: { command: string; stdin: string },
  ): void {
    const ran = this.#options.run?.(command, stdin) ?? { stdout: this.#answer(tunnel, command), code: 0 };
    if (ran.stderr !== undefined) channel.stderr.write(ran.stderr);
    channel.write(ran.stdout ?? '');
    if (ran.code !== undefined) channel.exit(ran.code);
    channel.end();
  }

  #answer(tunnel: FakeTunnel, command: string): string {
    const env = tunnel.user.toLowerCase();
    const url = (path: string): string =>
      `https://${path.replace(/^\/|\?.*$/g, '').replace('/', '--')}--${env}.example.test/`;
    const { refusal, shareUrl, nodes } = this.#options;
    if (command === 'hello') {
      const tunnels = Object.fromEntries(tunnel.forwards.map((path) => [path, url(path)]));
      return `${JSON.stringify({ clientId: 'abc', env, tunnels, rootUrl: 'https://example.test/', baseUrl: {}, nodes })}\r\n`;
    }
    const forwards = tunnel.forwards.map((request) => ({
      request,
      url: url(request),
      service: 'web',
      port: null,
      access: shareUrl === undefined ? 'public' : 'private',
      state: 'ready',
      ...(shareUrl === undefined ? {} : { shareUrl }),
    }));
    const refused = ['/web', '/api'].flatMap((request) => {
      const reason = refusal?.(request);
      return reason === undefined ? [] : [{ request, reason }];
    });
    return `${JSON.stringify({ env, forwards, refused })}\r\n`;
  }
}

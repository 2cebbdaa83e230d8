import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import ssh2, { type AcceptConnection, type Channel, type ClientChannel, type ConnectConfig } from 'ssh2';
import type { TestScope } from './scope.ts';
import { makeKey, type SshKey } from './ssh-keys.ts';

/** What ssh2's client lets a test do that no honest client does. */
export interface ClientProtocol {
  channelData(id: number, data: Buffer): void;
  channelOpenConfirm(remote: number, local: number, window: number, packetSize: number): void;
  channelOpenFail(remote: number, reason: number, description: string): void;
  channelClose(id: number): void;
  channelEOF(id: number): void;
  channelWindowAdjust(id: number, bytes: number): void;
  tcpipForward(address: string, port: number, wantReply: boolean): void;
  session(id: number, window: number, packetSize: number): void;
  shell(id: number, wantReply: boolean): void;
  exec(id: number, command: string, wantReply: boolean): void;
  env(id: number, name: string, value: string, wantReply: boolean): void;
  ping(): void;
  rekey(): void;
  _onWrite(data: Buffer): void;
  readonly _cipher: { encrypt(packet: Buffer): void };
  readonly _packetRW: {
    write: { allocStart: number; alloc(size: number): Buffer; finalize(packet: Buffer): Buffer };
  };
  readonly _handlers: Record<string, ((...words: never[]) => void) | undefined>;
}

export interface MachineOptions {
  readonly user?: string;
  readonly key?: SshKey;
  /** The gateway's address; `127.0.0.1` if not given. */
  readonly host?: string;
  /** For ssh2's client, on top of what is needed. */
  readonly config?: ConnectConfig;
}

/** A machine that dials in with ssh2's client, and can be made to misbehave. */
export class Machine {
  readonly client: ssh2.Client;
  /** The machine's end of the TCP connection. */
  readonly socket: Socket;
  readonly key: SshKey;
  /** Settles when the gateway has closed the connection. */
  readonly closed: Promise<unknown>;
  banner = '';

  constructor(client: ssh2.Client, socket: Socket, key: SshKey) {
    this.client = client;
    this.socket = socket;
    this.key = key;
    this.closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
    client.on('banner', (text) => {
      this.banner += text;
    });
  }

  get protocol(): ClientProtocol {
    return (this.client as unknown as { _protocol: ClientProtocol })._protocol;
  }

  /** Asks for `-R address:port`; gives the port. Rejects when it is refused. */
  forward(address: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.client.forwardIn(address, port, (error, bound) => {
        if (error) reject(error);
        else resolve(bound);
      });
    });
  }

  /** Asks for `-R path`. Rejects when it is refused. */
  forwardPath(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.client.openssh_forwardInStreamLocal(path, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** Takes every channel that the gateway opens. */
  onChannel(listener: (channel: Channel) => void): void {
    this.onOpening((accept) => {
      const channel = accept();
      channel.on('error', () => undefined);
      listener(channel);
    });
  }

  /** The channels that the gateway asks to open, to be accepted or not. */
  onOpening(listener: (accept: AcceptConnection, reject: () => void) => void): void {
    this.client.on('tcp connection', (_details, accept, reject) => {
      listener(accept, reject);
    });
    this.client.on('unix connection', (_details, accept, reject) => {
      listener(accept, reject);
    });
  }

  /** Runs an exec command to its end. */
  async run(command: string): Promise<{ stdout: string; stderr: string; code: number | null }> {
    const channel = await new Promise<ClientChannel>((resolve, reject) => {
      this.client.exec(command, (error, opened) => {
        if (error) reject(error);
        else resolve(opened);
      });
    });
    let stdout = '';
    let stderr = '';
    channel.on('data', (data: Buffer) => (stdout += data.toString()));
    channel.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    const [code] = (await once(channel, 'close')) as [number | null];
    return { stdout, stderr, code };
  }
}

/** Connects and starts the login, and waits for nothing. */
export function startDialling(t: TestScope, port: number, options: MachineOptions = {}): Machine {
  const key = options.key ?? makeKey(t);
  const socket = connect({ port, host: options.host ?? '127.0.0.1', noDelay: true });
  const client = new ssh2.Client();
  client.on('error', () => undefined);
  const machine = new Machine(client, socket, key);
  t.teardown(() => {
    socket.destroy();
  });
  client.connect({
    sock: socket,
    username: options.user ?? 'pr-1',
    privateKey: key.privateKey,
    readyTimeout: 0,
    ...options.config,
  });
  return machine;
}

/** Dials in and waits until the login is over. Rejects when it failed. */
export async function dialIn(t: TestScope, port: number, options: MachineOptions = {}): Promise<Machine> {
  const machine = startDialling(t, port, options);
  await once(machine.client, 'ready');
  return machine;
}

import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { PortholeError } from '../core/errors.ts';

const lockName = 'portholed.sock';

/**
 * The state directory of a gateway: exists and is writable. The claim on it is a socket in it that this process listens on: unlike a file
 * with a process id, it ends with the process, however that ends; and who finds it taken can ask there.
 */
export class StateDir {
  readonly path: string;
  readonly #directory: number;
  readonly #socketPath: string;
  #claim: Server | undefined;
  #closed = false;

  /** Makes the directory if needed. Throws `ERR_STATE_DIR`. */
  constructor(directoryPath: string) {
    this.path = resolve(directoryPath);
    makeWritable(this.path);
    this.#directory = openSync(this.path, constants.O_RDONLY);
    this.#socketPath = lockPath(this.path, this.#directory);
  }

  /** Makes the directory this process's own until `release()`; false when it is another's. `onPeer` gets whoever asks there. */
  async claim(onPeer: (socket: Socket) => void): Promise<boolean> {
    this.#claim = (await listenOn(this.#socketPath, onPeer)) ?? (await this.#claimAfterTheDead(onPeer));
    return this.#claim !== undefined;
  }

  /** A connection to the process whose directory it is; undefined when there is none. */
  dial(): Promise<Socket | undefined> {
    return dialPath(this.#socketPath);
  }

  /** Gives up the claim at once; connections to it live on. Idempotent. */
  release(): void {
    this.#claim?.close();
    this.#claim = undefined;
  }

  close(): void {
    this.release();
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#directory);
  }

  async #claimAfterTheDead(onPeer: (socket: Socket) => void): Promise<Server | undefined> {
    const alive = await this.dial();
    alive?.destroy();
    if (alive !== undefined) return undefined;
    rmSync(this.#socketPath, { force: true });
    return listenOn(this.#socketPath, onPeer);
  }
}

function makeWritable(path: string): void {
  try {
    makeDirectory(path);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PortholeError('ERR_STATE_DIR', {
      cause,
      message: `the state directory ${path} cannot be used: ${reason}`,
    });
  }
}

/** Not mkdir's `recursive`: where a parent cannot be made (`/proc/...`), Node's loops for ever. */
function makeDirectory(path: string): void {
  const parent = dirname(path);
  if (existsSync(path)) return;
  if (parent !== path) makeDirectory(parent);
  mkdirSync(path, { mode: 0o700 });
}

/** A socket's path may have 107 bytes; on Linux any directory is reached by a short one. */
function lockPath(path: string, directory: number): string {
  const isLong = Buffer.byteLength(join(path, lockName)) > 100;
  return isLong && process.platform === 'linux'
    ? `/proc/self/fd/${String(directory)}/${lockName}`
    : join(path, lockName);
}

/** Undefined when something is there already. */
function listenOn(socketPath: string, onPeer: (socket: Socket) => void): Promise<Server | undefined> {
  return new Promise((settle, reject) => {
    const server = createServer(onPeer);
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') settle(undefined);
      else
        reject(
          new PortholeError('ERR_STATE_DIR', {
            cause: error,
            message: `cannot claim the state directory: ${error.message}`,
          }),
        );
    });
    server.listen(socketPath, () => {
      server.unref();
      settle(server);
    });
  });
}

function dialPath(socketPath: string): Promise<Socket | undefined> {
  return new Promise((settle) => {
    const socket = connect(socketPath);
    socket.once('error', () => settle(undefined));
    socket.once('connect', () => {
      socket.on('error', () => socket.destroy());
      settle(socket);
    });
  });
}

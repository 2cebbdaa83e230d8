import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { PortholeError } from '../core/errors.ts';

const lockName = 'portholed.sock';

/** The state directory of a running gateway: exists, is writable, and belongs to this process alone until `close()`. */
export interface StateDir {
  readonly path: string;
  close(): void;
}

/**
 * Makes the directory if needed, and claims it. The claim is a socket in it that this process listens on: unlike a file with a
 * process id, it ends with the process, however that ends. Throws `ERR_STATE_DIR`.
 */
export async function claimStateDir(directoryPath: string): Promise<StateDir> {
  const path = resolve(directoryPath);
  makeWritable(path);
  const directory = openSync(path, constants.O_RDONLY);
  const socketPath = lockPath(path, directory);
  const claim = (await listenOn(socketPath)) ?? (await listenAfterTheDead(socketPath, path));
  return {
    path,
    close: () => {
      claim.close();
      closeSync(directory);
    },
  };
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
function listenOn(socketPath: string): Promise<Server | undefined> {
  return new Promise((settle, reject) => {
    const server = createServer((socket) => socket.destroy());
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

async function listenAfterTheDead(socketPath: string, path: string): Promise<Server> {
  const alive = await isAnswered(socketPath);
  if (!alive) rmSync(socketPath, { force: true });
  const server = alive ? undefined : await listenOn(socketPath);
  if (server !== undefined) return server;
  throw new PortholeError('ERR_STATE_DIR', {
    message: `another portholed runs on the state directory ${path}; stop it first, or use another --state-dir`,
  });
}

function isAnswered(socketPath: string): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      settle(true);
    });
    socket.once('error', () => {
      settle(false);
    });
  });
}

import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Destroys so that the peer can tell: TCP by a reset, since a FIN would make what is cut short look complete. */
export function abort(stream: Duplex): void {
  if (!(stream instanceof Socket) || stream.destroyed || shutsDown(stream)) {
    stream.destroy();
    return;
  }
  try {
    stream.resetAndDestroy();
  } catch {
    // Not TCP: a unix socket or TLS.
    stream.destroy();
  }
}

/** While a socket shuts down, libuv refuses a reset, and Node then loses the open handle. */
function shutsDown(socket: Socket): boolean {
  return socket.writableEnded && !socket.writableFinished;
}

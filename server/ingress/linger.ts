import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * How long a peer that still sends may take to read its answer. Closing at once would make the kernel reset the connection,
 * and the peer lose the answer (RFC 9112, 9.6).
 */
const lingerMs = 3000;

const lingering = new WeakSet<Socket>();

/** Ends the writing half, discards what still comes, and closes when the peer does, or after a short time. */
export function linger(socket: Socket): void {
  if (lingering.has(socket)) return;
  lingering.add(socket);
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
  socket.once('end', () => socket.destroy());
  socket.resume();
  socket.end();
}

/** The same once the answer is written, instead of closing at once, as Node's server would. */
export function lingerOnEnd(socket: Socket, response: ServerResponse): void {
  socket.destroySoon = () => linger(socket);
  response.once('finish', () => linger(socket));
}

import { once } from 'node:events';
import type { Socket } from 'node:net';

/** Reads so many bytes, and expects that no others came with them. */
export async function take(socket: Socket, bytes: number): Promise<string> {
  let text = '';
  while (text.length < bytes) {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) await once(socket, 'readable');
    else text += chunk.toString('latin1');
  }
  return text;
}

/** Waits until the other side has ended the connection. */
export async function hungUp(client: Socket): Promise<void> {
  if (client.destroyed || client.readableEnded) return;
  const { promise, resolve } = Promise.withResolvers<unknown>();
  client.on('end', resolve).on('close', resolve).resume();
  await promise;
}

/** A turn of the event loop, after which what was decided has been done. */
export async function turn(): Promise<void> {
  await new Promise(setImmediate);
}

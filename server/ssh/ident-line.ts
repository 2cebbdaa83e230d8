import type { Duplex } from 'node:stream';

type DataListener = (data: Buffer) => void;

const lineFeed = 0x0a;
/** RFC 4253 section 4.2: 255 with the line's end. What is longer is left to ssh2, which refuses it. */
const maxLineBytes = 255;

/**
 * Hands the client's identification line to the socket's next reader in one piece. ssh2 loses bytes of one that arrives in
 * more than two.
 */
export function joinIdentLine(socket: Duplex): void {
  const onNewListener = (event: string | symbol, listener: DataListener): void => {
    if (event !== 'data') return;
    socket.off('newListener', onNewListener);
    // This event comes before the listener is there.
    queueMicrotask(() => {
      socket.off('data', listener);
      collectLine(socket, listener);
    });
  };
  socket.on('newListener', onNewListener);
}

function collectLine(socket: Duplex, reader: DataListener): void {
  let seen = Buffer.alloc(0);
  const collect = (data: Buffer): void => {
    seen = Buffer.concat([seen, data]);
    if (!data.includes(lineFeed) && seen.length <= maxLineBytes) return;
    socket.off('data', collect);
    socket.on('data', reader);
    reader(seen);
  };
  socket.on('data', collect);
}

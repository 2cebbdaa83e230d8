import type { Duplex } from 'node:stream';
import type { Turns } from '../../core/turns.ts';

/**
 * Has the socket read only when it is its turn, until the result is called: what comes during a login costs milliseconds a piece, and a thousand machines
 * may log in at once. Its readers notice nothing.
 */
export function paceReads(socket: Duplex, turns: Turns): () => void {
  const read = (): void => {
    // Reading hands what there is to the listeners of 'data'.
    if (!socket.destroyed) socket.read();
  };
  const onReadable = (): void => {
    turns.run(read);
  };
  socket.on('readable', onReadable);
  return () => {
    socket.off('readable', onReadable);
  };
}

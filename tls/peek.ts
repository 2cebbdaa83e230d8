import type { Duplex } from 'node:stream';

/** How looking at the first bytes of a stream ended. `silent`: not one byte came. `late`: some did, and decided nothing. */
export type Peeked<T> =
  | { readonly kind: 'decided'; readonly value: T }
  | { readonly kind: 'silent' }
  | { readonly kind: 'late' }
  | { readonly kind: 'ended' };

export interface PeekOptions<T> {
  /** Asked again with all bytes so far whenever some came; decides within a bounded number of them. */
  readonly decide: (bytes: Buffer) => T | 'more';
  /** How long the peer may stay without sending a first byte. */
  readonly silenceMs: number;
  /** How long all of it may take. */
  readonly deadlineMs: number;
}

/**
 * Looks at the first bytes of a stream and puts them back: whoever gets the stream next finds it as if untouched, and
 * not flowing. The stream is never destroyed here.
 */
export function peek<T>(stream: Duplex, options: PeekOptions<T>): Promise<Peeked<T>> {
  const { decide, silenceMs, deadlineMs } = options;
  const { promise, resolve } = Promise.withResolvers<Peeked<T>>();
  let held: Buffer = Buffer.alloc(0);
  let timer = setTimeout(onQuiet, Math.min(silenceMs, deadlineMs));
  stream.on('readable', onReadable).on('end', onEnd).on('close', onEnd);
  if (stream.destroyed || stream.readableEnded) onEnd();
  return promise;

  function onReadable(): void {
    const chunk = stream.read() as Buffer | null;
    if (chunk === null) return;
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const value = decide(held);
    if (value !== 'more') finish({ kind: 'decided', value });
  }
  function onQuiet(): void {
    if (held.length === 0) finish({ kind: 'silent' });
    else timer = setTimeout(onLate, Math.max(0, deadlineMs - silenceMs));
  }
  function onLate(): void {
    finish({ kind: 'late' });
  }
  function onEnd(): void {
    finish({ kind: 'ended' });
  }
  function finish(result: Peeked<T>): void {
    clearTimeout(timer);
    stream.off('readable', onReadable).off('end', onEnd).off('close', onEnd);
    if (held.length > 0 && !stream.destroyed && !stream.readableEnded) stream.unshift(held);
    resolve(result);
  }
}

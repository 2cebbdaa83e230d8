import type { Channel } from '../tunnel/forward.ts';

/** Which of two joined channels. `near`: the one of whoever came in; `far`: the machine's. */
export type Side = 'near' | 'far';

export interface Break {
  readonly side: Side;
  readonly error: Error;
}

export interface JoinedOptions {
  /** So many bytes have come from there. */
  readonly onBytes: (from: Side, bytes: number) => void;
  /** That channel was broken off; the other one still stands, and is about to be broken off too. */
  readonly onBreak: (broken: Break) => void;
}

/**
 * Joins two channels until both are over. The end of one side ends the other's writing half only; a side that was closed after its end is
 * flushed first; what is broken off on one side is broken off on the other. Memory is bounded by the channels' own windows and marks. Never rejects.
 */
export function joinChannels(near: Channel, far: Channel, options: JoinedOptions): Promise<void> {
  flow('near', { source: near, sink: far }, options);
  flow('far', { source: far, sink: near }, options);
  return Promise.all([overOf(near), overOf(far)]).then(() => undefined);
}

function flow(
  from: Side,
  { source, sink }: { source: Channel; sink: Channel },
  { onBytes, onBreak }: JoinedOptions,
): void {
  source.on('data', (chunk: Buffer) => {
    onBytes(from, chunk.length);
    if (!sink.destroyed && !sink.write(chunk)) source.pause();
  });
  sink.on('drain', () => source.resume());
  source.on('end', () => sink.end());
  source.on('error', (error) => {
    if (!sink.destroyed) onBreak({ side: from, error });
    sink.destroy();
  });
  source.on('close', () => {
    if (source.readableEnded) closeWhenWritten(sink);
    else sink.destroy();
  });
  if (source.destroyed) sink.destroy();
  else source.resume();
}

/** Nobody reads any more what it brings, so that is dropped. */
function closeWhenWritten(sink: Channel): void {
  sink.resume();
  if (sink.writableFinished) sink.destroy();
  else sink.once('finish', () => sink.destroy());
}

function overOf(channel: Channel): Promise<void> {
  if (channel.closed) return Promise.resolve();
  return new Promise((resolve) => void channel.once('close', () => resolve()));
}

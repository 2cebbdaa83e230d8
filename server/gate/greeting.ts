import type { Channel } from '../tunnel/forward.ts';

/** How an SSH server received a connection. What it said is still to be read. */
export type Greeting =
  | { readonly kind: 'greeted' }
  /** It hung up first: it has as many logins as it takes, or does not like where they come from. `said`: its words, if there were any. */
  | { readonly kind: 'turned-away'; readonly said: string | undefined }
  | { readonly kind: 'silent' }
  /** Whatever that is, it is no SSH server. */
  | { readonly kind: 'foreign' };

export interface GreetingOptions {
  readonly timeoutMs: number;
  /** Nobody waits for it any more: the channel is destroyed. */
  readonly signal: AbortSignal;
}

/** A server may send other lines before its identification (RFC 4253, 4.2). */
const maxBytes = 8 * 1024;
const identification = /(?:^|\n)SSH-/;
/** What OpenSSH's sshd says to whom it turns away, if anything: for its `MaxStartups`, and since 9.8 for its penalties. */
const turnedAway = /^(?:Exceeded MaxStartups|Not allowed at this time)?\s*$/;

/**
 * Waits for the identification string with which an SSH server begins. OpenSSH's closes without it when its `MaxStartups` are reached, or with a line that
 * says so. Pauses the channel, so that whoever reads it next gets all that came.
 */
export function awaitGreeting(channel: Channel, { timeoutMs, signal }: GreetingOptions): Promise<Greeting> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const text = (): string => Buffer.concat(chunks).toString('latin1');
    const settle = (greeting: Greeting): void => {
      clearTimeout(timer);
      channel.off('data', onData).off('end', onOver).off('close', onOver);
      signal.removeEventListener('abort', onAbort);
      channel.pause();
      if (greeting.kind === 'greeted') channel.unshift(Buffer.concat(chunks));
      resolve(greeting);
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      const said = text();
      if (identification.test(said)) settle({ kind: 'greeted' });
      else if (said.length > maxBytes) settle({ kind: 'foreign' });
    };
    const onOver = (): void => {
      const said = text();
      if (turnedAway.test(said)) settle({ kind: 'turned-away', said: said.trim() || undefined });
      else settle({ kind: 'foreign' });
    };
    const onAbort = (): void => {
      channel.destroy();
      onOver();
    };
    const timer = setTimeout(() => settle({ kind: 'silent' }), timeoutMs);
    channel.on('data', onData).on('end', onOver).on('close', onOver);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    else if (channel.destroyed) onOver();
  });
}

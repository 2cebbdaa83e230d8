import type { Duplex } from 'node:stream';
import ssh2, { type ServerHostKeyAlgorithm } from 'ssh2';
import type { Parsed } from '../../core/parsed.ts';
import { inspectPublicKey } from '../../core/public-key.ts';
import { hostKeyType } from '../known-hosts.ts';
import { oneLine } from '../printable.ts';

/** What an SSH server shows to whoever connects: all of its host keys, each as `TYPE BASE64`; or why that cannot be told. */
export type HostKeyScan =
  | { readonly kind: 'keys'; readonly keys: readonly string[] }
  /** `mute`: something answered, but not as an SSH server. */
  | { readonly kind: 'unreachable' | 'mute'; readonly reason: string };

export interface ScanOptions {
  /** A new byte stream to the server. */
  readonly open: () => Promise<Parsed<Duplex>>;
  /** For each kind of key. */
  readonly timeoutMs: number;
  /** All, if not given. */
  readonly kinds?: readonly HostKeyKind[];
}

/** A server shows one key of each kind; which of the curves it has, it decides. */
const algorithms = {
  ed25519: ['ssh-ed25519'],
  ecdsa: ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  rsa: ['rsa-sha2-512', 'rsa-sha2-256'],
} as const satisfies Record<string, readonly ServerHostKeyAlgorithm[]>;

export type HostKeyKind = keyof typeof algorithms;
export const hostKeyKinds = Object.keys(algorithms) as readonly HostKeyKind[];

type KindScan =
  | { readonly kind: 'key'; readonly line: string }
  /** It is an SSH server, and has no such key. */
  | { readonly kind: 'none'; readonly reason: string }
  | Exclude<HostKeyScan, { kind: 'keys' }>;

/**
 * Looks at a server's host keys as ssh-keyscan does: one connection for each kind, as far as the server has proven that it has the
 * key; nobody logs in. All of its keys, or none: what one try has missed must not look like a new key to the next.
 */
export async function scanHostKeys({
  open,
  timeoutMs,
  kinds = hostKeyKinds,
}: ScanOptions): Promise<HostKeyScan> {
  const keys: string[] = [];
  let reason = '';
  // One after the other: a server takes only so many who have not logged in.
  for (const kind of kinds) {
    const stream = await open();
    if (!stream.ok) return { kind: 'unreachable', reason: stream.problem };
    const found = await scanKind(stream.value, kind, timeoutMs);
    if (found.kind === 'key') keys.push(found.line);
    else if (found.kind === 'none') reason = found.reason;
    else return found;
  }
  if (keys.length > 0) return { kind: 'keys', keys };
  return { kind: 'mute', reason: `it shows no host key that can be used (${reason})` };
}

function scanKind(stream: Duplex, kind: HostKeyKind, timeoutMs: number): Promise<KindScan> {
  return new Promise((resolve) => {
    const client = new ssh2.Client();
    let blob: Buffer | undefined;
    const settle = (found: KindScan): void => {
      clearTimeout(timer);
      stream.destroy();
      resolve(found);
    };
    const mute = (reason: string): void => settle({ kind: 'mute', reason });
    const timer = setTimeout(
      () => mute(`it did not answer as an SSH server within ${timeoutMs} ms`),
      timeoutMs,
    );
    stream.on('error', (error) => mute(`the connection broke: ${oneLine(error.message)}`));
    stream.on('close', () => mute('it closed the connection'));
    // Stays: ssh2 may find more to complain of on the stream that is gone.
    client.on('error', (error: Error & { level?: string }) => {
      const reason = oneLine(error.message);
      if (error.level === 'handshake' && blob === undefined) settle({ kind: 'none', reason });
      else mute(reason);
    });
    // By now the server has signed with it.
    client.on('handshake', () => settle(keyOf(blob)));
    client.connect({
      sock: stream,
      username: 'host-key-scan',
      readyTimeout: 0,
      algorithms: { serverHostKey: [...algorithms[kind]] },
      hostVerifier: (key: Buffer) => {
        blob = key;
        return true;
      },
      authHandler: () => false,
    });
  });
}

function keyOf(blob: Buffer = Buffer.alloc(0)): KindScan {
  const read = inspectPublicKey(hostKeyType(blob), blob);
  return read.ok ? { kind: 'key', line: read.key.line } : { kind: 'none', reason: read.problem };
}

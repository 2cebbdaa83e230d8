import { inspectPublicKey as inspect, type PublicKeyResult } from '../../core/public-key.ts';

const maxKept = 500;

/** Keys that were found sound, those that were asked for last at the end. What is refused is not kept: anybody could fill it. */
const sound = new Map<string, PublicKeyResult>();

/**
 * The same as core's, which says nothing else of the same bytes ever: a login shows its key several times, and those who log in come
 * back. Bounded; a stranger who shows many keys only makes it slow again.
 */
export function inspectPublicKey(type: string, blob: Uint8Array): PublicKeyResult {
  const name = `${type} ${Buffer.from(blob.buffer, blob.byteOffset, blob.length).toString('latin1')}`;
  const known = sound.get(name);
  if (known !== undefined) {
    sound.delete(name);
    sound.set(name, known);
    return known;
  }
  // A copy, which nobody changes later and which keeps no larger buffer alive.
  const result = inspect(type, Uint8Array.from(blob));
  if (result.ok) keep(name, result);
  return result;
}

function keep(name: string, result: PublicKeyResult): void {
  sound.set(name, result);
  const [oldest] = sound.keys();
  if (sound.size > maxKept && oldest !== undefined) sound.delete(oldest);
}

import type { SecurityKeyPolicy } from './admission.ts';
import { defaultKeyRules } from './key-record.ts';
import type { DeviceProof } from './signature.ts';

const maxKeys = 10_000;

/**
 * Judges what FIDO keys say with their signatures, and remembers their counters: those of keys that are stored nowhere too, and before the
 * store has written them. Bounded: the key that has signed nothing for longest is forgotten first.
 */
export class SecurityKeys {
  readonly #counters = new Map<string, number>();

  /** Why a signature that is good proves too little; undefined when it is enough, and then its counter counts. */
  judge(
    fingerprint: string,
    proof: DeviceProof,
    policy: SecurityKeyPolicy = defaultKeyRules,
  ): string | undefined {
    if (policy.touchRequired && !proof.userPresent) return 'nobody touched the security key';
    if (policy.verifyRequired && !proof.userVerified)
      return 'the security key did not verify who touched it: this key needs a PIN or a fingerprint';
    const last = Math.max(this.#counters.get(fingerprint) ?? 0, policy.lastCounter ?? 0);
    // Devices without a counter always say 0.
    if (proof.counter <= last && last + proof.counter > 0)
      return 'the counter of the security key went back: was the key cloned?';
    this.#note(fingerprint, proof.counter);
    return undefined;
  }

  #note(fingerprint: string, counter: number): void {
    this.#counters.delete(fingerprint);
    this.#counters.set(fingerprint, counter);
    const [oldest] = this.#counters.keys();
    if (this.#counters.size > maxKeys && oldest !== undefined) this.#counters.delete(oldest);
  }
}

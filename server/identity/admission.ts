import { fingerprint } from '../../core/fingerprint.ts';
import { keyId } from '../../core/names.ts';
import { inspectPublicKey } from '../../core/public-key.ts';
import { anyEnv, type Identity } from './identity.ts';
import type { KeyRules } from './key-record.ts';

/** A key as a client offers it: not yet proven to be the client's own. */
export interface OfferedKey {
  readonly type: string;
  readonly blob: Buffer;
}

/** What the signature of a FIDO key must show. */
export interface SecurityKeyPolicy extends KeyRules {
  /** Of its last signature: another one with the same counter, or a lower one, is of a copy of the key. */
  readonly lastCounter?: number;
}

export type Admission =
  | {
      readonly kind: 'admitted';
      readonly identity: Identity;
      /** Where it says more than the defaults. */
      readonly securityKey?: SecurityKeyPolicy;
    }
  /** `reason` may be told to whoever offered the key. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Says whom a key authenticates, now. Asked again for live connections whenever `onChange` fires. */
export interface Admissions {
  /** `address` is where the connection comes from. */
  admit(key: OfferedKey, address: string): Admission;
  onChange(callback: () => void): void;
  close(): void;
}

/** `admission = open`: any sound key may dial in, as its own principal; its environment names carry the key's id. */
export class OpenAdmissions implements Admissions {
  admit(key: OfferedKey): Admission {
    const inspection = inspectPublicKey(key.type, key.blob);
    if (!inspection.ok) return { kind: 'refused', reason: inspection.problem };
    const print = fingerprint(key.blob);
    return {
      kind: 'admitted',
      identity: {
        principal: print,
        role: 'machine',
        envPatterns: anyEnv,
        fingerprint: print,
        keyId: keyId(key.blob),
        source: { kind: 'open' },
      },
    };
  }

  onChange(): void {
    // Nothing here ever changes.
  }

  close(): void {
    // Nothing is held.
  }
}

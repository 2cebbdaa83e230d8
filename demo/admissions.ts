import { OpenAdmissions, type Admission, type OfferedKey } from '../server/identity/admission.ts';
import type { Identity } from '../server/identity/identity.ts';

const demoPrincipal = 'demo';

/** Open admission, with one key that may use plain names: that of the demo's own tunnel. */
export class DemoAdmissions extends OpenAdmissions {
  readonly #demoKey: string;

  /** `publicKey`: `ssh-ed25519 AAAA...` */
  constructor(publicKey: string) {
    super();
    this.#demoKey = publicKey;
  }

  static isDemo(identity: Identity): boolean {
    return identity.principal === demoPrincipal;
  }

  override admit(key: OfferedKey): Admission {
    const admission = super.admit(key);
    const isDemoKey = `${key.type} ${key.blob.toString('base64')}` === this.#demoKey;
    if (admission.kind === 'refused' || !isDemoKey) return admission;
    return { kind: 'admitted', identity: { ...admission.identity, principal: demoPrincipal } };
  }
}

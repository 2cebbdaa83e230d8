import { fingerprint } from '../../core/fingerprint.ts';
import { isCertificateType, parseCertificate } from '../../core/ssh-certificate.ts';
import type { MachineKey, MachineKeys } from './machine-tokens.ts';

/** What a machine has dialled in with: a plain key, or a certificate. */
interface ShownKey {
  readonly type: string;
  readonly blob: Buffer;
}

export interface TunnelKeysOptions {
  /** Of the live tunnels that offer something in the environment. */
  readonly shown: (env: string) => readonly { readonly owner: string; readonly key: ShownKey }[];
  /** Whose the environment is. */
  readonly ownerOf: (env: string) => string | undefined;
}

/** The plain keys of the machines that serve an environment at this moment, and belong to its owner. */
export class TunnelKeys implements MachineKeys {
  readonly #options: TunnelKeysOptions;
  /** Of the same key there is the same object, as long as its tunnel lives. */
  readonly #plain = new WeakMap<ShownKey, MachineKey>();

  constructor(options: TunnelKeysOptions) {
    this.#options = options;
  }

  keysOf(env: string): readonly MachineKey[] {
    const owner = this.#options.ownerOf(env);
    if (owner === undefined) return [];
    const shown = this.#options.shown(env).filter((each) => each.owner === owner);
    return shown.flatMap(({ key }) => this.#plainKeyOf(key) ?? []);
  }

  #plainKeyOf(key: ShownKey): MachineKey | undefined {
    const known = this.#plain.get(key);
    if (known !== undefined) return known;
    const plain = plainPart(key);
    if (plain === undefined) return undefined;
    const made = { type: plain.type, blob: plain.blob, fingerprint: fingerprint(plain.blob) };
    this.#plain.set(key, made);
    return made;
  }
}

function plainPart(key: ShownKey): ShownKey | undefined {
  if (!isCertificateType(key.type)) return key;
  const certificate = parseCertificate(key.blob);
  return certificate.ok ? certificate.value.subject : undefined;
}

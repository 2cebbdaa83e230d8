import ssh2, { type AuthContext, type Connection, type PublicKeyAuthContext } from 'ssh2';
import type { Admission, Admissions, OfferedKey } from '../identity/admission.ts';
import type { Identity } from '../identity/identity.ts';

export interface AuthenticationOptions {
  readonly admissions: Admissions;
  /** Where the connection comes from. */
  readonly remoteAddress: string;
  readonly maxTries: number;
  /** Called with the user name as sent, before the success is sent; what it shows the user may be a banner. */
  readonly onAdmitted: (identity: Identity, user: string, key: OfferedKey) => void;
  /** Why the client was not admitted; called for each try. */
  readonly onRefused: (reason: string, key: OfferedKey | undefined, user: string) => void;
  /** Nothing that the client sends is looked at any more. */
  readonly onTooManyTries: () => void;
}

const certificateSuffix = '-cert-v01@openssh.com';

/**
 * Public-key login on one connection. A client asks twice: first without a signature (may this key try?), then with one.
 * Only a signature that verifies makes an identity; the question alone never does.
 */
export function authenticate(connection: Connection, options: AuthenticationOptions): void {
  let asked = 0;
  let tries = 0;
  connection.on('authentication', (context) => {
    asked += 1;
    const decision = decide(context, options);
    if (decision.kind === 'admitted') {
      if (decision.proven) options.onAdmitted(decision.identity, context.username, decision.key);
      context.accept();
      return;
    }
    // Clients begin with the method `none`, to learn which ones there are.
    if (context.method !== 'none' || asked > 1) {
      tries += 1;
      options.onRefused(decision.reason, decision.key, context.username);
    }
    // The last one is left unanswered: ssh2 looks at no other before it is.
    if (tries >= options.maxTries) options.onTooManyTries();
    else context.reject(['publickey']);
  });
}

type Decision =
  | { kind: 'admitted'; identity: Identity; proven: boolean; key: OfferedKey }
  | { kind: 'refused'; reason: string; key: OfferedKey | undefined };

function decide(context: AuthContext, options: AuthenticationOptions): Decision {
  if (context.method !== 'publickey')
    return { kind: 'refused', reason: 'only public keys are accepted', key: undefined };
  const key: OfferedKey = { type: context.key.algo, blob: Buffer.from(context.key.data) };
  const admission = admitOffered(context, key, options);
  if (admission.kind === 'refused') return { kind: 'refused', reason: admission.reason, key };
  if (context.signature === undefined)
    return { kind: 'admitted', identity: admission.identity, proven: false, key };
  if (!signatureIsGood(context, key)) return { kind: 'refused', reason: 'the signature is wrong', key };
  return { kind: 'admitted', identity: admission.identity, proven: true, key };
}

function admitOffered(
  context: PublicKeyAuthContext,
  key: OfferedKey,
  { admissions, remoteAddress }: AuthenticationOptions,
): Admission {
  if (key.type.endsWith(certificateSuffix))
    return { kind: 'refused', reason: 'certificates are not accepted here, only plain keys' };
  if (key.type === 'ssh-rsa' && context.hashAlgo === undefined) {
    return {
      kind: 'refused',
      reason: 'RSA signatures with SHA-1 are not accepted; use a newer client or an ed25519 key',
    };
  }
  return admissions.admit(key, remoteAddress);
}

function signatureIsGood(context: PublicKeyAuthContext, key: OfferedKey): boolean {
  if (context.signature === undefined || context.blob === undefined) return false;
  // Parsed from text of a checked form: given bytes, ssh2 guesses what they are.
  const parsed = ssh2.utils.parseKey(`${key.type} ${key.blob.toString('base64')}`);
  if (parsed instanceof Error || parsed.isPrivateKey()) return false;
  // An Error when it cannot be checked, whatever the type says: that is no yes.
  const verified: unknown = parsed.verify(context.blob, context.signature, context.hashAlgo);
  return verified === true;
}

import type { AuthContext, Connection, PublicKeyAuthContext } from 'ssh2';
import type { Admissions, OfferedKey } from '../identity/admission.ts';
import type { Identity } from '../identity/identity.ts';
import type { SecurityKeys } from '../identity/security-key.ts';
import { verifyWith, type Verdict } from '../identity/signature.ts';
import { readLoginOffer, type LoginOffer } from './login-offer.ts';
import { watchLoginRequests, type LoginRequest } from './login-request.ts';
import { tellSignatureAlgorithms } from './signature-algorithms.ts';

/** Somebody who has proven to have the key that was offered. */
export interface Proven {
  readonly identity: Identity;
  readonly key: OfferedKey;
  /** The user name as sent. */
  readonly user: string;
  /** The signature counter of a FIDO key. */
  readonly counter?: number;
}

export interface AuthenticationOptions {
  readonly admissions: Admissions;
  readonly securityKeys: SecurityKeys;
  /** Where the connection comes from. */
  readonly remoteAddress: string;
  readonly maxTries: number;
  /** Called before the success is sent; what it shows the user may be a banner. */
  readonly onAdmitted: (proven: Proven) => void;
  /** Why the client was not admitted; called for each try. */
  readonly onRefused: (reason: string, key: OfferedKey | undefined, user: string) => void;
  /** Nothing that the client sends is looked at any more. */
  readonly onTooManyTries: () => void;
}

/**
 * Public-key login on one connection. A client asks twice: first without a signature (may this key try?), then with one.
 * Only a signature that verifies makes an identity; the question alone never does. To be called before the keys are exchanged.
 */
export function authenticate(connection: Connection, options: AuthenticationOptions): void {
  let asked = 0;
  let tries = 0;
  tellSignatureAlgorithms(connection);
  const currentRequest = watchLoginRequests(connection);
  connection.on('authentication', (context) => {
    asked += 1;
    const decision = decide(currentRequest(), context, options);
    if (decision.kind === 'admitted') {
      const { kind: _kind, proven, ...facts } = decision;
      if (proven) options.onAdmitted({ ...facts, user: context.username });
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
  | {
      readonly kind: 'admitted';
      readonly identity: Identity;
      readonly proven: boolean;
      readonly key: OfferedKey;
      readonly counter?: number;
    }
  | { readonly kind: 'refused'; readonly reason: string; readonly key: OfferedKey | undefined };

function decide(
  request: LoginRequest | undefined,
  context: AuthContext,
  { admissions, remoteAddress, securityKeys }: AuthenticationOptions,
): Decision {
  if (context.method !== 'publickey' || request === undefined)
    return { kind: 'refused', reason: 'only public keys are accepted', key: undefined };
  const offer = readLoginOffer(request);
  const key: OfferedKey = { type: offer.type, blob: request.blob };
  if (!offer.ok) return { kind: 'refused', reason: offer.reason, key };
  const admission = admissions.admit(key, remoteAddress);
  if (admission.kind === 'refused') return { ...admission, key };
  const { identity, securityKey } = admission;
  if (request.signature === undefined) return { kind: 'admitted', identity, proven: false, key };
  const verdict = verifyLogin(request.signature, offer, signedBytes(request, context));
  if (!verdict.ok) return { kind: 'refused', reason: verdict.reason, key };
  const { device } = verdict;
  if (device === undefined) return { kind: 'admitted', identity, proven: true, key };
  const problem = securityKeys.judge(identity.fingerprint, device, securityKey);
  if (problem !== undefined) return { kind: 'refused', reason: problem, key };
  return { kind: 'admitted', identity, proven: true, key, counter: device.counter };
}

function verifyLogin(
  signature: Buffer,
  { subject, algorithm }: LoginOffer & { ok: true },
  data: Buffer | undefined,
): Verdict {
  if (data === undefined) return { ok: false, reason: 'the signature is wrong' };
  return verifyWith(subject, { algorithm, signature, data });
}

/**
 * The session id and the request up to the signature (RFC 4252, section 7). Only ssh2 knows the session id, and tells it in front of the same
 * bytes: undefined when they are not the same.
 */
function signedBytes({ head }: LoginRequest, { blob }: PublicKeyAuthContext): Buffer | undefined {
  return blob?.subarray(-head.length).equals(head) === true ? blob : undefined;
}

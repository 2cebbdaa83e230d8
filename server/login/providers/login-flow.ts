import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A login that a browser has begun at a provider. It is kept in that browser only, sealed. */
export interface LoginFlow {
  /** The code verifier of PKCE (RFC 7636): the one secret, which state and nonce are made of. */
  readonly verifier: string;
  /** The provider's name. */
  readonly provider: string;
  /** When it began, in milliseconds since the epoch. */
  readonly at: number;
  /** Where the browser goes afterwards: the query of a hand-over, or nothing. */
  readonly query: string;
}

export function newFlow(parts: Omit<LoginFlow, 'verifier'>): LoginFlow {
  return { ...parts, verifier: randomBytes(32).toString('base64url') };
}

/** What the provider sends back with the browser. */
export function stateOfFlow({ verifier }: LoginFlow): string {
  return derived('state', verifier);
}

/** What the provider puts into the ID token. */
export function nonceOfFlow({ verifier }: LoginFlow): string {
  return derived('nonce', verifier);
}

/** RFC 7636, 4.2: S256 */
export function challengeOfFlow({ verifier }: LoginFlow): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

/** The one of these that a state belongs to. */
export function flowOfState(flows: readonly LoginFlow[], state: string): LoginFlow | undefined {
  const given = createHash('sha256').update(state).digest();
  return flows.find((flow) =>
    timingSafeEqual(createHash('sha256').update(stateOfFlow(flow)).digest(), given),
  );
}

/** A verifier has none but base64url's characters: what is hashed here is never the challenge's text. */
function derived(purpose: 'state' | 'nonce', verifier: string): string {
  return createHash('sha256').update(`porthole ${purpose} ${verifier}`).digest('base64url');
}

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprintUri, exportJWK, SignJWT, type JWTPayload } from 'jose';
import ssh2 from 'ssh2';
import type { SshKey } from './ssh-keys.ts';

/** The private half, as Preevy's CLI takes it out of an SSH key (packages/core/src/credentials). */
export function privateKeyOf({ privateKey }: Pick<SshKey, 'privateKey'>): KeyObject {
  const parsed = ssh2.utils.parseKey(privateKey);
  if (parsed instanceof Error) throw parsed;
  return createPrivateKey(parsed.getPrivatePEM());
}

/** Who signs, as Preevy writes it. */
export async function preevyIssuer(key: Pick<SshKey, 'privateKey'>): Promise<string> {
  return `preevy://${await calculateJwkThumbprintUri(await exportJWK(privateKeyOf(key)))}`;
}

export interface MachineTokenOptions {
  readonly alg?: string;
  readonly claims?: JWTPayload;
  readonly issuer?: string;
  readonly expires?: string | number | undefined;
  readonly typ?: string;
  /** Whether it says when it was made; it does, if not told otherwise. */
  readonly dated?: boolean;
}

/** A token as Preevy's CLI makes it, signed with the key that the machine dials in with. */
export async function machineToken(
  key: Pick<SshKey, 'privateKey'>,
  { alg = 'EdDSA', claims = {}, issuer, typ, dated = true, ...rest }: MachineTokenOptions = {},
): Promise<string> {
  const expires = 'expires' in rest ? rest.expires : '60d';
  const token = new SignJWT(claims)
    .setProtectedHeader({ alg, ...(typ !== undefined && { typ }) })
    .setIssuer(issuer ?? (await preevyIssuer(key)));
  if (dated && claims.iat === undefined) token.setIssuedAt();
  if (expires !== undefined) token.setExpirationTime(expires);
  return await token.sign(privateKeyOf(key));
}

/** What Preevy's `--include-access-credentials` puts into URLs. */
export function preevyBasic(token: string): string {
  return `Basic ${Buffer.from(`x-preevy-profile-key:${token}`).toString('base64')}`;
}

import type { Connection } from 'ssh2';
import { WireReader, wireText } from '../../core/ssh-wire.ts';

/** SSH_MSG_USERAUTH_REQUEST of the method `publickey` (RFC 4252, section 7), as the client sent it. */
export interface LoginRequest {
  /** The algorithm's own name: `rsa-sha2-512`, `ecdsa-sha2-nistp256-cert-v01@openssh.com`. */
  readonly algorithm: string;
  /** The key, or the certificate. */
  readonly blob: Buffer;
  /** Absent when the client only asks whether the key may try. */
  readonly signature?: Buffer;
  /** All that goes before the signature, which signs it. */
  readonly head: Buffer;
}

interface ReceivingProtocol {
  _onPayload: (payload: Buffer) => unknown;
}

const messageUserauthRequest = 50;

/**
 * Gives the login request that ssh2 is telling of at this moment. What ssh2 itself tells lacks the algorithm of certificates and has its
 * own form of the signature, other for each type of key. To be called before the keys are exchanged.
 */
export function watchLoginRequests(connection: Connection): () => LoginRequest | undefined {
  const protocol = (connection as unknown as { _protocol: ReceivingProtocol })._protocol;
  const onPayload = protocol._onPayload;
  let current: Buffer | undefined;
  protocol._onPayload = (payload) => {
    if (payload[0] !== messageUserauthRequest) return onPayload(payload);
    current = payload;
    try {
      return onPayload(payload);
    } finally {
      current = undefined;
    }
  };
  return () => current && readLoginRequest(current);
}

/** Undefined for other methods, and for what is malformed. Copies: ssh2 uses its buffers again. */
export function readLoginRequest(payload: Buffer): LoginRequest | undefined {
  const reader = new WireReader(payload);
  const isRequest = reader.byte() === messageUserauthRequest;
  reader.string(); // the user
  reader.string(); // the service
  const method = wireText(reader.string());
  const hasSignature = reader.byte() !== 0;
  const algorithm = wireText(reader.string());
  const blob = Buffer.from(reader.string());
  const head = Buffer.from(payload.subarray(0, reader.offset));
  const signature = hasSignature ? { signature: Buffer.from(reader.string()) } : {};
  if (!isRequest || method !== 'publickey' || algorithm === undefined || !reader.complete) return undefined;
  return { algorithm, blob, head, ...signature };
}

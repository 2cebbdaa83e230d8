import ssh2, { type Client, type ParsedKey, type SignCallback, type SigningRequestOptions } from 'ssh2';
import { internalsOf } from '../core/ssh2-protocol.ts';
import { wireString } from '../core/ssh-wire.ts';

/** What is shown to the gateway where ssh2 knows no such kind: a certificate, or a FIDO key of the agent. */
export interface PresentedKey {
  /** As the request names it: `rsa-sha2-512-cert-v01@openssh.com`. */
  readonly algorithm: string;
  readonly blob: Buffer;
  /** The signature with the name of its own algorithm before it (RFC 4253, section 6.6). */
  readonly sign: (data: Buffer) => Promise<Buffer>;
}

/** The part of ssh2's packet writer that asks for a login. */
interface LoginProtocol {
  authPK: (user: string, key: ParsedKey, algorithm?: string, sign?: Signer) => void;
  readonly _kex: { readonly sessionID: Buffer };
  /** The methods that an answer of the gateway is still missing to. */
  readonly _authsQueue: string[];
  _queue?: Buffer[];
}
type Signer = (data: Buffer, send: (signature: Buffer) => void) => void;

const userauthRequest = 50;

/** ssh2 takes as a key only what it has parsed itself: this one is parsed, and then made to look like another. */
const anyKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPnt/fZq0a3mXjPGkWcXr9DJhzTpWYxgYcCnKkbbGq+';
const disguised = new WeakSet<ParsedKey>();

/** The presented key as an agent that holds only that; `letPresent` must have been called for the connection. */
export class PresentedKeyAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #presented: PresentedKey;
  readonly #disguise: ParsedKey;

  constructor(presented: PresentedKey) {
    super();
    this.#presented = presented;
    this.#disguise = disguise(presented);
  }

  /** The signature with its algorithm's name before it. */
  signWhole(data: Buffer): Promise<Buffer> {
    return this.#presented.sign(data);
  }

  override getIdentities(callback: (error: Error | null, keys: ParsedKey[]) => void): void {
    callback(null, [this.#disguise]);
  }

  override sign(
    _key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    const done = typeof options === 'function' ? options : callback;
    this.#presented.sign(data).then(
      (signature) => done?.(null, signature),
      (error: unknown) => done?.(error instanceof Error ? error : new Error(String(error))),
    );
  }
}

/**
 * Has a connection that is about to log in send the signatures of presented keys as they are. ssh2 would write the algorithm of the
 * request before them, which for a certificate is another than that of its signature.
 */
export function letPresent(client: Client): void {
  const { protocol } = internalsOf(client);
  const login = protocol as typeof protocol & LoginProtocol;
  const usual = login.authPK.bind(login);
  login.authPK = (user, key, algorithm, sign) => {
    if (sign === undefined || !disguised.has(key)) {
      usual(user, key, algorithm, sign);
      return;
    }
    const body = loginRequest(user, key);
    sign(Buffer.concat([wireString(login._kex.sessionID), body]), (signature) => {
      login._authsQueue.push('publickey');
      send(login, Buffer.concat([body, wireString(signature)]));
    });
  };

  function send(to: typeof login, body: Buffer): void {
    const { write } = to._packetRW;
    const packet = write.alloc(body.length);
    packet.set(body, write.allocStart);
    const whole = write.finalize(packet);
    if (to._kexinit === undefined) to._cipher.encrypt(whole);
    else (to._queue ??= []).push(whole);
  }
}

/** RFC 4252, section 7: all but the signature. */
function loginRequest(user: string, key: ParsedKey): Buffer {
  const words = [user, 'ssh-connection', 'publickey'].map(wireString);
  const keyFields = [wireString(key.type), wireString(key.getPublicSSH())];
  return Buffer.concat([Buffer.from([userauthRequest]), ...words, Buffer.from([1]), ...keyFields]);
}

function disguise({ algorithm, blob }: PresentedKey): ParsedKey {
  const parsed = ssh2.utils.parseKey(anyKey);
  if (parsed instanceof Error) throw parsed;
  Object.assign(parsed, { type: algorithm, getPublicSSH: () => blob });
  disguised.add(parsed);
  return parsed;
}

import ssh2, { type ParsedKey, type SignCallback, type SigningRequestOptions } from 'ssh2';
import { deadline } from '../core/lifecycle.ts';

const listTimeoutMs = 5000;

/**
 * The keys that the SSH agent at this socket holds; empty when it does not answer. Certificates and FIDO keys
 * are left out.
 */
export function listAgentKeys(socketPath: string): Promise<readonly ParsedKey[]> {
  const listed = new Promise<readonly ParsedKey[]>((resolve) => {
    ssh2.createAgent(socketPath).getIdentities((error, keys) => {
      resolve(error === undefined || error === null ? ((keys ?? []) as ParsedKey[]) : []);
    });
  });
  return deadline(listed, listTimeoutMs, () => []);
}

/** One key of an agent: what an authentication attempt with just this key needs. */
export class SingleKeyAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #socketPath: string;
  readonly #key: ParsedKey;

  constructor(socketPath: string, key: ParsedKey) {
    super();
    this.#socketPath = socketPath;
    this.#key = key;
  }

  override getIdentities(callback: (error: Error | null, keys: ParsedKey[]) => void): void {
    callback(null, [this.#key]);
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    const agent = ssh2.createAgent(this.#socketPath);
    if (typeof options === 'function') agent.sign(key, data, options);
    else agent.sign(key, data, options, callback);
  }
}

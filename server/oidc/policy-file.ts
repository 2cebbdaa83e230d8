import { PortholeError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { WatchedFile } from '../identity/watched-file.ts';
import { parsePolicies } from './parse-policies.ts';
import type { Policy } from './policy.ts';

export interface PolicyFileOptions {
  readonly path: string;
  /** Whom a token must be for where the policy says nothing: the gateway's own address. */
  readonly audience: string;
  readonly log: Log;
  readonly pollMs?: number;
  readonly settleMs?: number;
}

/** `--oidc-policy FILE`, read again when it changes. One that cannot be read, or has anything wrong in it, admits nobody until it is mended. */
export class PolicyFile {
  readonly #options: PolicyFileOptions;
  readonly #file: WatchedFile;
  #policies: readonly Policy[] = [];
  #problems: readonly string[] = [];
  #started = false;

  /** Throws `ERR_CONFIG` with everything that is wrong with the file. */
  constructor(options: PolicyFileOptions) {
    this.#options = options;
    const { path, log: _log, audience: _audience, ...watching } = options;
    this.#file = new WatchedFile({
      path,
      onText: (text) => {
        this.#take(text);
      },
      onUnreadable: (error) => {
        this.#fail([`it cannot be read: ${error instanceof Error ? error.message : String(error)}`]);
      },
      ...watching,
    });
    this.#started = true;
    if (this.#problems.length === 0) return;
    this.close();
    throw new PortholeError('ERR_CONFIG', {
      message: [`the OIDC policies in ${path} cannot be used:`, ...this.#problems].join('\n  '),
    });
  }

  get policies(): readonly Policy[] {
    return this.#policies;
  }

  close(): void {
    this.#file.close();
  }

  #take(text: string | undefined): void {
    const { path, audience, log } = this.#options;
    if (text === undefined) {
      this.#fail(['there is no such file']);
      return;
    }
    const parsed = parsePolicies(text, audience);
    if (!parsed.ok) {
      this.#fail(parsed.problems);
      return;
    }
    this.#policies = parsed.policies;
    log.info({ path, policies: parsed.policies.map(({ name }) => name) }, 'OIDC policies read');
  }

  #fail(problems: readonly string[]): void {
    this.#policies = [];
    this.#problems = problems;
    const { path, log } = this.#options;
    if (this.#started) log.error({ path, problems }, 'OIDC policies cannot be used: no token is admitted');
  }
}

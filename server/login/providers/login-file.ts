import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { PortholeError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { Parsed } from '../../../core/parsed.ts';
import type { PeopleRules, PersonAccount } from '../../access/people-rules.ts';
import type { Viewer } from '../../access/viewer.ts';
import { WatchedFile } from '../../identity/watched-file.ts';
import { parseLoginFile, type LoginConfiguration } from './parse-login-file.ts';
import { isFor, viewerBy, type PersonAtProvider } from './people-rule.ts';
import { isGoogle, type ProviderSettings } from './provider-settings.ts';
import type { LoginProviders, OfferedProvider } from './providers.ts';

export interface LoginFileOptions {
  readonly path: string;
  readonly log: Log;
  readonly pollMs?: number;
  readonly settleMs?: number;
}

const maxSecretBytes = 64 * 1024;

/**
 * `--login-file FILE`, read again when it changes. One that has anything wrong in it ends the start; later, what it said before stays in force, and the
 * log says so.
 */
export class LoginFile implements LoginProviders, PeopleRules {
  readonly #options: LoginFileOptions;
  readonly #file: WatchedFile;
  readonly #callbacks: (() => void)[] = [];
  #configuration: LoginConfiguration = { providers: [], rules: [] };
  #problems: readonly string[] = [];
  #started = false;
  /** What the rules say of the accounts that are asked for again and again. */
  #viewers = new WeakMap<PersonAccount, Viewer>();

  /** Throws `ERR_CONFIG` with everything that is wrong with the file. */
  constructor(options: LoginFileOptions) {
    this.#options = options;
    const { path, log: _log, ...watching } = options;
    this.#file = new WatchedFile({
      path,
      onText: (text) => {
        this.#take(text);
      },
      onUnreadable: (error) => {
        this.#fail([`it cannot be read: ${messageOf(error)}`]);
      },
      ...watching,
    });
    this.#started = true;
    if (this.#problems.length === 0) return;
    this.close();
    throw new PortholeError('ERR_CONFIG', {
      message: [`the login providers in ${path} cannot be used:`, ...this.#problems].join('\n  '),
    });
  }

  list(): readonly OfferedProvider[] {
    return this.#configuration.providers.map(({ name, title }) => ({ name, title }));
  }

  /** As it is now; undefined when it is gone. */
  settingsOf(name: string): ProviderSettings | undefined {
    return this.#configuration.providers.find((provider) => provider.name === name);
  }

  /** Undefined when the provider is gone, or is another one now. Whom no rule is for is known by the address, for links that invite them. */
  viewerOf(person: PersonAccount): Viewer | undefined {
    const known = this.#viewers.get(person);
    if (known !== undefined) return known;
    const asked = this.#atProvider(person);
    const viewer = asked && viewerBy(this.#configuration.rules, asked);
    if (viewer !== undefined) this.#viewers.set(person, viewer);
    return viewer;
  }

  /** Whether there is a rule for the person. */
  admits(person: PersonAccount): boolean {
    const asked = this.#atProvider(person);
    return asked !== undefined && this.#configuration.rules.some((rule) => isFor(rule, asked));
  }

  /** Whether a rule asks for the groups that the provider tells. */
  needsGroups(provider: string): boolean {
    return this.#configuration.rules.some(
      (rule) => rule.groups !== undefined && (rule.provider ?? provider) === provider,
    );
  }

  onChange(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  close(): void {
    this.#file.close();
  }

  #atProvider(person: PersonAccount): PersonAtProvider | undefined {
    const provider = this.settingsOf(person.provider);
    if (provider === undefined || provider.issuer !== person.issuer) return undefined;
    return { person, needsHostedDomain: isGoogle(provider) };
  }

  #take(text: string | undefined): void {
    const { path, log } = this.#options;
    if (text === undefined) {
      this.#fail(['there is no such file']);
      return;
    }
    const directory = dirname(path);
    const parsed = parseLoginFile(text, (name) => readSecret(resolve(directory, name)));
    if (!parsed.ok) {
      this.#fail(parsed.problems);
      return;
    }
    this.#configuration = parsed.value;
    this.#viewers = new WeakMap();
    const { providers, rules } = parsed.value;
    log.info({ path, providers: providers.map(({ name }) => name), rules: rules.length }, 'login file read');
    for (const callback of this.#callbacks) callback();
  }

  #fail(problems: readonly string[]): void {
    this.#problems = problems;
    const { path, log } = this.#options;
    if (this.#started)
      log.error({ path, problems }, 'the login file cannot be used: what it said before stays in force');
  }
}

function readSecret(path: string): Parsed<string> {
  try {
    if (statSync(path).size > maxSecretBytes)
      return { ok: false, problem: 'there is more than a secret in the file' };
    return { ok: true, value: readFileSync(path, 'utf8') };
  } catch (error) {
    return { ok: false, problem: `it cannot be read: ${messageOf(error)}` };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

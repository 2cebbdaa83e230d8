import type { AuthHandlerMiddleware } from 'ssh2';
import { refused, type Failure } from './failure.ts';
import type { Identity } from './identity.ts';
import { oneLine } from './printable.ts';

/** After so many refused keys, a closed connection means too many tries and not bad luck. */
const cutAfterTries = 3;
const maxBanners = 16;

/** One login: which keys were offered, and what the gateway said about it. */
export class Login {
  readonly #user: string;
  readonly #identities: readonly Identity[];
  readonly #banners: string[] = [];
  #offered = 0;
  #exhausted = false;

  constructor(user: string, identities: readonly Identity[]) {
    this.#user = user;
    this.#identities = identities;
  }

  /** True when every key was refused, or the gateway takes no keys at all. */
  get exhausted(): boolean {
    return this.#exhausted;
  }

  /** The key that was offered last: after the login, the one that was taken. */
  get offered(): Identity | undefined {
    return this.#identities[this.#offered - 1];
  }

  /** Each key in turn, as ssh2 asks for the next attempt. */
  readonly next: AuthHandlerMiddleware = (methodsLeft: readonly string[] | null) => {
    const identity = this.#identities[this.#offered];
    if (identity === undefined || (methodsLeft !== null && !methodsLeft.includes('publickey'))) {
      this.#exhausted = true;
      return false;
    }
    this.#offered += 1;
    return { username: this.#user, ...identity.signer };
    // The types know only a callback; ssh2 takes a returned attempt too, and `false` for "no more".
  };

  banner(text: string): void {
    if (this.#banners.length < maxBanners) this.#banners.push(oneLine(text.replaceAll(/^porthole: /gm, '')));
  }

  /** The refusal, when the gateway refused; undefined when the connection merely broke. */
  refusal(): Failure | undefined {
    const refusedKeys = this.#exhausted ? this.#offered : this.#offered - 1;
    if (!this.#exhausted && refusedKeys < cutAfterTries) return undefined;
    const said = this.#banners.filter((text) => text !== '');
    const why = said.length === 0 ? '' : `: ${said.join('; ')}`;
    const offered = this.#identities.slice(0, this.#offered);
    const keys = offered.map((key) => `${key.fingerprint} (${key.source})`).join(', ');
    const advice = offered.flatMap((key) => (key.advice === undefined ? [] : [`; ${key.advice}`])).join('');
    return refused('authentication', `not authorised as ${this.#user}${why}; offered ${keys}${advice}`);
  }
}

import type { Identity } from '../identity/identity.ts';
import { AccountIdentities, type AccountIdentitiesOptions, type KnownKeys } from './account-identities.ts';
import type { PeopleRules } from './people-rules.ts';
import type { Account } from './session-record.ts';
import type { Viewer, Viewers } from './viewer.ts';

export interface AccountViewersOptions extends AccountIdentitiesOptions {
  readonly people: PeopleRules;
}

/** What each account may see, by what is known of its key, or of its person, at this moment. */
export class AccountViewers implements Viewers {
  readonly #keys: KnownKeys;
  readonly #identities: AccountIdentities;
  readonly #people: PeopleRules;

  constructor(options: AccountViewersOptions) {
    this.#keys = options.keys;
    this.#identities = new AccountIdentities(options);
    this.#people = options.people;
  }

  viewerOf(account: Account): Viewer | undefined {
    if (account.kind === 'person') return this.#people.viewerOf(account);
    const identity = this.#identities.identityOf(account);
    return identity && viewerOf(identity);
  }

  onChange(callback: () => void): void {
    this.#keys.onChange(callback);
    this.#people.onChange(callback);
  }
}

/** A machine sees what it offers itself. */
function viewerOf({ principal, role, envPatterns }: Identity): Viewer {
  return {
    member: role !== 'machine',
    admin: role === 'admin',
    principal,
    envPatterns: role === 'machine' ? [] : envPatterns,
    email: undefined,
  };
}

import type { Account } from './session-record.ts';
import type { Viewer } from './viewer.ts';

/** Somebody whom a login provider knows. */
export type PersonAccount = Extract<Account, { kind: 'person' }>;

/** Says what the people of login providers may see, by the rules that hold now. */
export interface PeopleRules {
  /** Undefined for whom no rule lets in, and when the provider is gone. Costs microseconds. */
  viewerOf(person: PersonAccount): Viewer | undefined;
  /** Called when what it says may have changed. */
  onChange(callback: () => void): void;
}

/** Where no provider is configured: nobody. */
export const noPeople: PeopleRules = {
  viewerOf: () => undefined,
  onChange: () => undefined,
};

import type { PersonAccount } from '../../../../server/access/people-rules.ts';
import type { PeopleRule } from '../../../../server/login/providers/people-rule.ts';
import type { ProviderSettings } from '../../../../server/login/providers/provider-settings.ts';

export function person(parts: Partial<PersonAccount> = {}): PersonAccount {
  return {
    kind: 'person',
    provider: 'google',
    issuer: 'https://google.test',
    subject: 'ana-1',
    email: 'ana@example.com',
    name: 'Ana',
    groups: [],
    ...parts,
  };
}

export function rule(parts: Partial<PeopleRule> = {}): PeopleRule {
  return {
    provider: undefined,
    email: undefined,
    domain: undefined,
    groups: undefined,
    everyone: false,
    team: true,
    envPatterns: [],
    admin: false,
    ...parts,
  };
}

export function settings(parts: Partial<ProviderSettings> = {}): ProviderSettings {
  return {
    name: 'google',
    title: 'Google',
    issuer: 'https://accounts.google.com',
    clientId: 'porthole',
    clientSecret: undefined,
    scopes: ['openid', 'email', 'profile'],
    groupsClaim: 'groups',
    trustEmail: false,
    ...parts,
  };
}

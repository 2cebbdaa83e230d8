import type { Access } from './options.ts';

const openness: Readonly<Record<Access, number>> = { private: 0, team: 1, public: 2 };

/** Every access there is, the least open first. */
export const accesses = ['private', 'team', 'public'] as const satisfies readonly Access[];

/** Whether the one lets in more than the other. */
export function isWider(access: Access, other: Access): boolean {
  return openness[access] > openness[other];
}

/** The less open of both. */
export function narrower(access: Access, other: Access): Access {
  return isWider(access, other) ? other : access;
}

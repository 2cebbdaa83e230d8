import type { Role } from '../identity/identity.ts';
import type { Template } from './template.ts';

/** What a claim must be: a text that matches a pattern, or exactly this number, or this truth value. */
export type Wanted = string | number | boolean;

/** One `[[policy]]` of the file: which tokens it is for, and what those may do. */
export interface Policy {
  readonly name: string;
  /** As the token spells it. */
  readonly issuer: string;
  /** Whom the token must be for. */
  readonly audience: string;
  /** All of these claims must be there, each of them as one of these. */
  readonly claims: ReadonlyMap<string, readonly Wanted[]>;
  readonly env: readonly EnvRule[];
  readonly role: Role;
  /** Whether its jobs may visit the environments, too: they get tokens for that. */
  readonly visit: boolean;
  /** How long a certificate, or such a token, is good for, at most. */
  readonly maxTtlMs: number;
  /** How long ago the token was made, at most. */
  readonly maxTokenAgeMs: number;
  readonly principal: Template;
}

/** Which environments may be claimed: those that match a pattern, or the one that is named by a claim. */
export type EnvRule =
  | { readonly kind: 'pattern'; readonly pattern: string }
  | { readonly kind: 'claim'; readonly template: Template };

/** What a token may do by the first policy that fits it. */
export interface Grant {
  readonly policy: string;
  readonly principal: string;
  readonly role: Role;
  readonly envPatterns: readonly string[];
  readonly visit: boolean;
  readonly maxTtlMs: number;
}

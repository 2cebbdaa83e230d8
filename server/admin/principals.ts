import { mayNameEnv } from '../identity/identity.ts';
import type { KeyRecord, Keys } from '../identity/key-record.ts';
import { isUsable } from '../identity/key-state.ts';
import type { Principals } from './env-commands.ts';

export interface PrincipalSources {
  readonly keys: Pick<Keys, 'all' | 'ofPrincipal' | 'hasPrincipal'>;
  /** The keys of the operator's file. */
  readonly fileKeys: () => Iterable<KeyRecord>;
  /** Environments: whoever has a certificate alone is known by what they own. */
  readonly owners: () => Iterable<{ readonly owner: string }>;
  readonly now?: () => number;
}

/** Everybody that the gateway knows of: by a key in the store or in the operator's file, or by an environment. */
export function knownPrincipals(sources: PrincipalSources): Principals {
  const { keys, fileKeys, owners, now = Date.now } = sources;
  const ofFile = (name: string): KeyRecord[] => [...fileKeys()].filter(({ principal }) => principal === name);
  return {
    has: (name) => keys.hasPrincipal(name) || ofFile(name).length > 0 || owns(owners(), name),
    names: () => {
      const principals = [...keys.all(), ...fileKeys()].map(({ principal }) => principal);
      return new Set([...principals, ...[...owners()].map(({ owner }) => owner)]);
    },
    mayName: (name, env) => {
      const known = [...keys.ofPrincipal(name), ...ofFile(name)];
      if (known.length === 0 && !keys.hasPrincipal(name)) return undefined;
      const at = now();
      return known.some((key) => isUsable(key, at) && mayNameEnv(key, env));
    },
  };
}

function owns(environments: Iterable<{ readonly owner: string }>, name: string): boolean {
  for (const { owner } of environments) if (owner === name) return true;
  return false;
}

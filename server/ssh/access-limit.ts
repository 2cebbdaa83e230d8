import type { Access, ForwardOptions } from '../../core/forward.ts';
import { isWider, narrower } from '../../core/openness.ts';
import type { Identity } from '../identity/identity.ts';

export interface AccessLimits {
  /** That of the gateway, for forwards that say nothing. */
  readonly defaultAccess: Access;
  /** The most open that anybody may ask for. */
  readonly widestAccess: Access;
}

type Limited = Pick<Identity, 'widestAccess'>;

/** The access of a forward that may be asked for: what it says, else the gateway's default as far as its key may have that. */
export function accessOf({ access }: ForwardOptions, identity: Limited, limits: AccessLimits): Access {
  return access ?? narrower(limits.defaultAccess, widestOf(identity, limits));
}

/** Why a key may not offer with these options, in words for its user; undefined when it may. */
export function tooWide(
  { access }: ForwardOptions,
  identity: Limited,
  limits: AccessLimits & { /** Whom to ask, in words that follow "ask". */ readonly contact: string },
): string | undefined {
  if (access === undefined) return undefined;
  const ask = `for more, ask ${limits.contact}`;
  if (isWider(access, limits.widestAccess))
    return `access=${access} is more than anybody may have here: at most ${limits.widestAccess}; ${ask}`;
  const widest = widestOf(identity, limits);
  return isWider(access, widest)
    ? `access=${access} is more than this key may have: at most ${widest}; ${ask}`
    : undefined;
}

function widestOf({ widestAccess = 'public' }: Limited, limits: AccessLimits): Access {
  return narrower(widestAccess, limits.widestAccess);
}

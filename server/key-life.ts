import type { Log } from '../core/log.ts';
import type { Config } from './config/keys.ts';
import { countKeyStates, type KeyState } from './identity/key-state.ts';
import { UnusedKeys } from './identity/unused-keys.ts';
import { loginEntry } from './ssh/audit-trail.ts';
import type { LoginOutcome } from './ssh/login-outcome.ts';
import type { SshServer } from './ssh/ssh-server.ts';
import type { Stores } from './store/stores.ts';

/** Notes how a login ended: in the audit, and with the key that was used. */
export function noteLogin({ audit, keys }: Pick<Stores, 'audit' | 'keys'>, outcome: LoginOutcome): void {
  const entry = loginEntry(outcome);
  if (entry !== undefined) audit.record(entry);
  if (outcome.kind !== 'ok') return;
  const { identity, address, counter } = outcome;
  const use = { at: Date.now(), address, ...(counter !== undefined && { counter }) };
  keys.used(identity.fingerprint, use);
}

/** How many of the stored keys are in each state. */
export function keyStates(
  { keys }: Pick<Stores, 'keys'>,
  { unusedKeyAfterMs }: Pick<Config, 'unusedKeyAfterMs'>,
): Readonly<Record<KeyState, number>> {
  return countKeyStates(keys.all(), { now: Date.now(), unusedAfterMs: unusedKeyAfterMs });
}

export function watchUnusedKeys(parts: {
  readonly config: Pick<Config, 'unusedKeyAfterMs' | 'disableUnusedKeysMs'>;
  readonly stores: Pick<Stores, 'keys'>;
  readonly ssh: Pick<SshServer, 'logins'>;
  readonly log: Log;
}): UnusedKeys {
  const { config, stores, ssh, log } = parts;
  return new UnusedKeys({
    keys: stores.keys,
    log,
    unusedAfterMs: config.unusedKeyAfterMs,
    disableAfterMs: config.disableUnusedKeysMs,
    inUse: () => ssh.logins.map(({ identity, address }) => ({ fingerprint: identity.fingerprint, address })),
  });
}

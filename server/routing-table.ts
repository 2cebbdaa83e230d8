import type { Log } from '../core/log.ts';
import type { Config } from './config/keys.ts';
import { Registry } from './routing/registry.ts';
import type { Stores } from './store/stores.ts';

/** Environments that are remembered after they went offline. */
export const maxRemembered = 100_000;

/** The registry of a gateway, with nothing in it yet. */
export function makeRegistry(
  config: Pick<Config, 'domain' | 'adminDomain' | 'holdMs' | 'claimTtlMs' | 'maxHeld'>,
  { stores, log }: { readonly stores: Pick<Stores, 'environments'>; readonly log: Log },
): Registry {
  return new Registry({
    domain: config.domain,
    adminDomain: config.adminDomain,
    holdMs: config.holdMs,
    claimTtlMs: config.claimTtlMs,
    maxHeldPerEnv: config.maxHeld,
    maxRemembered,
    memory: stores.environments,
    onStateChange: ({ name: env, state, services }, previous) => {
      const { detail } = services.find((service) => service.state === state) ?? {};
      log.info({ env, state, previous, detail }, 'env state');
    },
  });
}

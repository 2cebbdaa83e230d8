import type { Log } from '../core/log.ts';
import { parseNetworks } from '../tls/networks.ts';
import type { Config } from './config/keys.ts';
import { blockedEntry } from './ssh/audit-trail.ts';
import { Penalties } from './ssh/penalties.ts';
import type { AuditRecorder } from './store/audit-entry.ts';

/** The penalties that the configuration asks for; undefined for none. */
export function makePenalties({
  config,
  log,
  stores,
}: {
  config: Pick<Config, 'loginPenalties' | 'penaltyExempt'>;
  log: Log;
  stores: { readonly audit: AuditRecorder };
}): Penalties | undefined {
  if (config.loginPenalties === 'off') return undefined;
  const exempt = parseNetworks(config.penaltyExempt);
  return new Penalties({
    now: () => performance.now(),
    isExempt: (address) => exempt.contains(address),
    onBlocked: (blocked) => {
      const { source, forMs } = blocked;
      const until = new Date(Date.now() + forMs).toISOString();
      log.warn({ source, until }, 'too many failed logins from there: it may not log in for a while');
      stores.audit.record(blockedEntry(blocked));
    },
  });
}

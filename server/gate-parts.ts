import type { Log } from '../core/log.ts';
import type { Config } from './config/keys.ts';
import { Gate } from './gate/gate.ts';
import type { Admissions } from './identity/admission.ts';
import type { Identity } from './identity/identity.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { Registry } from './routing/registry.ts';
import type { Stores } from './store/stores.ts';
import type { JumpSessions } from './targets/jump-session.ts';
import { TargetPresence } from './targets/presence.ts';
import { ReachRules } from './targets/reach-rules.ts';
import type { Reachability } from './targets/reach.ts';
import type { TargetBook } from './targets/target-book.ts';
import { TargetReports } from './targets/target-reports.ts';
import { TargetUpkeep } from './targets/target-upkeep.ts';

/** What leads people to machines, and what is known of these. */
export interface GateParts {
  readonly book: TargetBook;
  readonly presence: TargetPresence;
  readonly reach: Reachability;
  readonly reports: TargetReports;
  readonly upkeep: TargetUpkeep;
  /** What goes through the gate at this moment. */
  readonly jumps: JumpSessions;
  readonly gate: Gate;
}

export interface GateFoundations {
  readonly config: Config;
  readonly log: Log;
  readonly stores: Pick<Stores, 'targets' | 'audit'>;
  readonly registry: Registry;
  readonly admissions: Pick<Admissions, 'onChange'>;
  readonly envNameOf: (identity: Identity, user: string) => string;
  readonly metrics: Pick<Metrics, 'gateOpened' | 'gateBytes'>;
}

/** How long people wait for a machine that went a moment ago. */
const longestHoldMs = 2000;

/** Makes the gate and the parts that it decides by. Nothing is opened. */
export function makeGateParts(base: GateFoundations): GateParts {
  const { config, log, stores, registry, envNameOf, metrics } = base;
  const { targets: book, audit } = stores;
  const presence = new TargetPresence();
  const reach = new ReachRules({ book, gateAccess: config.gateAccess });
  const reports = new TargetReports({ book, presence, environments: registry, audit, log });
  const gate = new Gate({
    ...{ book, presence, reach, registry, envNameOf, audit, metrics, log },
    domain: config.domain,
    // Whoever types a command is told at once where others wait: a client that reconnects is back by then.
    holdMs: Math.min(config.holdMs, longestHoldMs),
    idleMs: config.gateIdleMs,
    maxSessionMs: config.gateMaxSessionMs,
    maxSessions: config.gateMaxSessions,
    startups: config.gateStartups,
    now: Date.now,
  });
  const recheck = (): void => gate.recheck();
  book.onChange(recheck);
  presence.onChange(recheck);
  base.admissions.onChange(recheck);
  const upkeep = new TargetUpkeep({ book, presence });
  return { book, presence, reach, reports, upkeep, jumps: gate.sessions, gate };
}

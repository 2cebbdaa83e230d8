import type { BookChange } from './target-book.ts';
import type { TargetRecord } from './target-record.ts';
import type { TargetReport } from './target-reports.ts';

type TargetSet = Extract<BookChange, { kind: 'update-target' }>['set'];

/**
 * What a machine that is as pinned says anew of itself. It says how its SSH server takes certificates; whom people log in as it says once, for
 * that is theirs to change.
 */
export function factsToSet(target: TargetRecord, report: TargetReport): TargetSet {
  const { osUser, takesCertificates, osUsers, longestCertificateMs, machineKey, tunnel } = report;
  return {
    ...(osUser !== undefined && target.osUser === undefined && { osUser }),
    ...(takesCertificates !== target.takesCertificates && { takesCertificates }),
    ...(!isSame(osUsers, target.osUsers) && { osUsers }),
    ...(longestCertificateMs !== target.longestCertificateMs && { longestCertificateMs }),
    ...(target.machineKey === undefined && { machineKey }),
    ...(target.origin === 'added' && tunnel !== undefined && { origin: 'reported' }),
  };
}

/** A machine that is new here. What its predecessor in this environment was limited to holds for it too. */
export function newRecord(
  report: TargetReport,
  { id, name, predecessor }: { id: string; name: string; predecessor: TargetRecord | undefined },
): TargetRecord {
  const { longestCertificateMs, now } = report;
  const osUser = report.osUser ?? predecessor?.osUser;
  return {
    ...{ id, name, env: report.env, owner: report.owner, hostKeys: report.hostKeys },
    ...(osUser !== undefined && { osUser }),
    origin: report.tunnel === undefined ? 'added' : 'reported',
    machineKey: report.machineKey,
    ...{ takesCertificates: report.takesCertificates, osUsers: report.osUsers },
    ...(longestCertificateMs !== undefined && { longestCertificateMs }),
    ...{ reach: predecessor?.reach ?? 'members', services: predecessor?.services ?? [] },
    ...{ createdAt: now, createdBy: report.audit.principal, lastSeenAt: now },
  };
}

/** Whether it is noted already that this is what it shows. */
export function isNotedAlready(target: TargetRecord, { hostKeys, machineKey, env }: TargetReport): boolean {
  const { unconfirmed } = target;
  if (unconfirmed === undefined || target.env !== env) return false;
  return unconfirmed.machineKey === machineKey && isSame(unconfirmed.hostKeys, hostKeys);
}

function isSame(one: readonly string[], two: readonly string[]): boolean {
  return one.length === two.length && one.every((each) => two.includes(each));
}

import { approximately, formatTime } from '../../core/moment.ts';
import type { JumpSession } from '../targets/jump-session.ts';
import { short } from './table.ts';

type Place = Pick<JumpSession, 'env' | 'service' | 'port' | 'target'>;

export const jumpColumns = ['ID', 'WHO', 'FROM', 'TO', 'SINCE', 'IDLE', 'BYTES', 'GATE'];

export function jumpRow(session: JumpSession, now: number): string[] {
  const { id, principal, address, startedAt, activeAt, gate } = session;
  return [
    id,
    short(principal),
    address,
    jumpTo(session),
    formatTime(startedAt),
    approximately(Math.max(0, now - activeAt)),
    bytesText(session),
    gate,
  ];
}

/** What somebody has open through the gate, for programs. */
export function jumpJson(session: JumpSession): object {
  const { id, principal, fingerprint, address, gate, env, service, port, target } = session;
  return {
    id,
    principal,
    fingerprint,
    from: address,
    gate,
    env,
    service: service ?? null,
    port: port ?? null,
    target: target === undefined ? null : { id: target.id, name: target.name },
    since: new Date(session.startedAt).toISOString(),
    active: new Date(session.activeAt).toISOString(),
    bytesUp: session.bytesUp,
    bytesDown: session.bytesDown,
  };
}

/** `pr-42`, `db.pr-42:5432`, `pr-42:8080`. */
export function jumpTo({ env, service, port, target }: Place): string {
  const name = target?.name ?? env;
  if (service === 'ssh' && port === undefined) return name;
  const host = service === undefined ? name : `${service}.${name}`;
  return port === undefined ? host : `${host}:${String(port)}`;
}

/** `12.3 kB up, 4.0 MB down`. */
export function bytesText({
  bytesUp,
  bytesDown,
}: {
  readonly bytesUp: number;
  readonly bytesDown: number;
}): string {
  return `${amount(bytesUp)} up, ${amount(bytesDown)} down`;
}

const units = [
  { name: 'GB', bytes: 1e9 },
  { name: 'MB', bytes: 1e6 },
  { name: 'kB', bytes: 1e3 },
] as const;

function amount(bytes: number): string {
  const unit = units.find((each) => bytes >= each.bytes);
  return unit === undefined ? `${String(bytes)} B` : `${(bytes / unit.bytes).toFixed(1)} ${unit.name}`;
}

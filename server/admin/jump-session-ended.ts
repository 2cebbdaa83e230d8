import type { CommandValues } from '../../core/command-values.ts';
import { approximately, formatTime } from '../../core/moment.ts';
import type { AuditDetail, AuditLine } from '../store/audit-entry.ts';
import { defaultService } from '../targets/reach-reasons.ts';
import type { JumpSession } from '../targets/jump-session.ts';
import { answer, type Answer, type Call } from './answer.ts';
import type { GateServices } from './gate-services.ts';
import { bytesText, jumpTo } from './jump-session-facts.ts';
import { maySeeJump } from './jump-session-sight.ts';
import { short, table } from './table.ts';

/** A session that is over, as the audit has kept it. */
interface EndedJump {
  readonly line: AuditLine;
  readonly id: string;
  readonly env: string;
  readonly gate: string;
  readonly service: string | undefined;
  readonly port: number | undefined;
  readonly target: JumpSession['target'];
  readonly ms: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly reason: string;
}

const columns = ['ID', 'WHO', 'FROM', 'TO', 'SINCE', 'FOR', 'BYTES', 'GATE', 'WHY IT ENDED'];
/** Lines that are looked through for those that somebody may see. */
const maxRead = 2000;

/** `sessions --ended`: the last ones that are over, the newest first. */
export async function endedJumps(
  call: Call<CommandValues['sessions']>,
  services: Pick<GateServices, 'audit' | 'environments'>,
): Promise<Answer> {
  const { caller, values } = call;
  const { principal, limit } = values;
  const seesAll = caller.identity.role === 'admin';
  const lines = await services.audit.list({
    action: 'gate.close',
    limit: seesAll ? limit : maxRead,
    ...(principal !== undefined && { principal }),
  });
  const listed = lines
    .map(readLine)
    .filter(({ env, line }) => maySeeJump({ env, principal: line.principal }, call, services))
    .reverse()
    .slice(0, limit);
  return answer(
    listed.map(endedJson),
    listed.length === 0 ? [] : table([columns, ...listed.map(endedRow)]),
    listed.length === 0 ? ['no session has ended yet, as far as the audit goes back'] : [],
  );
}

function readLine(line: AuditLine): EndedJump {
  const { detail = {}, target = '' } = line;
  const env = textOf(detail, 'env') ?? target;
  const service = textOf(detail, 'service');
  const id = textOf(detail, 'target');
  return {
    line,
    id: textOf(detail, 'session') ?? '',
    env,
    gate: textOf(detail, 'gate') ?? '',
    service: service === defaultService ? undefined : service,
    port: numberOf(detail, 'port'),
    target: id === undefined ? undefined : { id, name: target },
    ms: numberOf(detail, 'ms') ?? 0,
    bytesUp: numberOf(detail, 'bytesUp') ?? 0,
    bytesDown: numberOf(detail, 'bytesDown') ?? 0,
    reason: textOf(detail, 'reason') ?? '',
  };
}

function endedRow(jump: EndedJump): string[] {
  const { line, ms } = jump;
  return [
    jump.id,
    short(line.principal ?? '-'),
    line.address ?? '-',
    jumpTo(jump),
    formatTime(line.at - ms),
    approximately(ms),
    bytesText(jump),
    jump.gate,
    jump.reason,
  ];
}

function endedJson({ line, ...jump }: EndedJump): object {
  return {
    id: jump.id,
    principal: line.principal ?? null,
    fingerprint: line.fingerprint ?? null,
    from: line.address ?? null,
    gate: jump.gate,
    env: jump.env,
    service: jump.service ?? null,
    port: jump.port ?? null,
    target: jump.target ?? null,
    since: new Date(line.at - jump.ms).toISOString(),
    ended: new Date(line.at).toISOString(),
    ms: jump.ms,
    bytesUp: jump.bytesUp,
    bytesDown: jump.bytesDown,
    reason: jump.reason,
  };
}

function textOf(detail: AuditDetail, name: string): string | undefined {
  const value = detail[name];
  return typeof value === 'string' ? value : undefined;
}

function numberOf(detail: AuditDetail, name: string): number | undefined {
  const value = detail[name];
  return typeof value === 'number' ? value : undefined;
}

import type { GateAddress } from '../../core/gate-address.ts';
import { defaultService } from '../targets/reach-reasons.ts';
import type { AuditDetail, AuditEntry } from '../store/audit-entry.ts';
import type { Jump, JumpRefusal } from '../targets/jump.ts';
import type { LiveJump } from './live-jump.ts';

/** Somebody was let through. */
export function openEntry(session: LiveJump): AuditEntry {
  return { ...about(session), at: session.startedAt, action: 'gate.open', result: 'ok' };
}

export function closeEntry(session: LiveJump, reason: string, at: number): AuditEntry {
  const { bytesUp, bytesDown, startedAt } = session;
  const entry = about(session);
  const detail = { ...entry.detail, bytesUp, bytesDown, ms: Math.max(0, at - startedAt), reason };
  return { ...entry, at, action: 'gate.close', result: 'ok', detail };
}

/** Somebody was not; `failed`, if they might have been. */
export function refusedEntry(
  jump: Jump,
  { address, refusal, at }: { address: GateAddress | undefined; refusal: JumpRefusal; at: number },
): AuditEntry {
  const detail = { code: refusal.code, reason: refusal.reason, host: jump.host, port: jump.port };
  const isRefusal = refusal.code === 'ERR_GATE_REFUSED' || refusal.code === 'ERR_TARGET_UNKNOWN';
  const result = isRefusal ? 'refused' : 'failed';
  return { ...whoOf(jump), at, action: 'gate.refused', target: address?.name ?? jump.host, result, detail };
}

function about(session: LiveJump) {
  const { id, gate, env, service = defaultService, port, target, way, jump } = session;
  const detail: AuditDetail = {
    ...{ session: id, env, service, gate, by: way.decision.by },
    ...(port !== undefined && { port }),
    ...(target !== undefined && { target: target.id }),
    tunnelId: way.forward.tunnelId,
    fromPort: jump.origin.port,
  };
  return { ...whoOf(jump), target: target?.name ?? env, detail };
}

function whoOf({ principal, fingerprint, origin }: Jump) {
  return { principal, fingerprint, address: origin.address };
}

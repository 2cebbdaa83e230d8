import type { ListenTarget, Sharing } from '../../core/listen.ts';
import type { Address } from './message.ts';

/** An address or a descriptor to listen on, and with whom. */
export type JoinedTarget = ListenTarget & { readonly sharing: Sharing };

/**
 * Where to listen for one purpose. Sockets that were passed come instead of addresses. A port that the predecessor has is joined; port 0 means the one
 * that the predecessor's port 0 came to be. All others must be free.
 */
export function joinTargets(
  configured: readonly Address[],
  taken: readonly Address[],
  passed: readonly number[],
): readonly JoinedTarget[] {
  if (passed.length > 0) return passed.map((fd) => ({ fd, sharing: 'alone' }));
  const left = [...taken];
  return configured.map(({ host, port }) => {
    const index = left.findIndex((each) => each.host === host && (port === 0 || each.port === port));
    const [same] = index === -1 ? [] : left.splice(index, 1);
    if (same !== undefined) return { host, port: same.port, sharing: 'join' };
    const isTaken = taken.some((each) => each.port === port);
    return { host, port, sharing: isTaken ? 'join' : 'first' };
  });
}

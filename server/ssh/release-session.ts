import type { Connection, Session } from 'ssh2';
import { internalsOf } from '../../core/ssh2-protocol.ts';

interface SessionInternals {
  readonly _chanInfo: {
    readonly incoming: { readonly id: number };
    readonly outgoing: { readonly id: number };
  };
}

/** Ends a session that the peer has closed before it started anything in it. ssh2 neither answers that CLOSE nor forgets the session. */
export function releaseSession(connection: Connection, session: Session): void {
  const { protocol, ids } = internalsOf(connection);
  const { incoming, outgoing } = (session as unknown as SessionInternals)._chanInfo;
  ids.remove(incoming.id);
  protocol.channelClose(outgoing.id);
}

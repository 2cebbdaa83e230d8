import type { SshConnection } from '../connection.ts';
import { type Failure, lost } from '../failure.ts';
import { openFailure } from '../../core/channel-opening.ts';
import { defaultLoginTimings, type GatewayAccess, logIn } from '../login.ts';
import type { SupervisedSession } from '../supervisor.ts';

/** One login by which local connections go through the gate. */
export interface GateSession extends SupervisedSession {
  readonly connection: SshConnection;
}

/** Logs in; the gateway may ask for another connection before it ends this one. */
export async function openGateSession(
  access: GatewayAccess,
  signal: AbortSignal,
): Promise<{ kind: 'open'; session: GateSession } | Failure> {
  const draining = Promise.withResolvers<number>();
  const opened = await logIn(access, {
    timings: defaultLoginTimings,
    signal,
    onOpening: (opening) => opening.refuse(openFailure.prohibited, 'nothing is offered here'),
    onDrain: draining.resolve,
  });
  if (opened.kind !== 'open') return opened;
  const { connection } = opened;
  return {
    kind: 'open',
    session: {
      connection,
      closed: connection.closed.then(lost),
      draining: draining.promise,
      close: () => connection.close(),
    },
  };
}

import type { CommandValues } from '../../core/command-values.ts';
import { answer, failed, type Answer, type Call, type Handlers } from './answer.ts';
import { auditOf } from './command-audit.ts';
import type { GateServices } from './gate-services.ts';
import { endedJumps } from './jump-session-ended.ts';
import { jumpColumns, jumpJson, jumpRow, jumpTo } from './jump-session-facts.ts';
import { maySeeJump } from './jump-session-sight.ts';
import { table } from './table.ts';

type SessionsCall = Call<CommandValues['sessions']>;
type KillCall = Call<CommandValues['kill']>;

/** Who is in which machine through the gate: everybody's own, those to one's own environments, and for administrators all. */
export function jumpSessionHandlers(services: GateServices): Handlers<'sessions' | 'kill'> {
  return {
    sessions: (call) => sessions(call, services),
    kill: (call) => Promise.resolve(kill(call, services)),
  };
}

async function sessions(call: SessionsCall, services: GateServices): Promise<Answer> {
  if (call.values.ended === true) return endedJumps(call, services);
  const { principal, limit } = call.values;
  const wanted = [...services.jumps.all()]
    .filter(
      (session) =>
        (principal === undefined || session.principal === principal) && maySeeJump(session, call, services),
    )
    .sort((a, b) => b.startedAt - a.startedAt);
  const listed = wanted.slice(0, limit);
  return answer(
    listed.map((session) => jumpJson(session)),
    listed.length === 0 ? [] : table([jumpColumns, ...listed.map((session) => jumpRow(session, call.now))]),
    [
      ...(listed.length === 0 ? ['nobody is in a machine through the gate'] : []),
      ...(wanted.length > listed.length
        ? [`${String(wanted.length - listed.length)} more, begun longer ago: --limit`]
        : []),
    ],
  );
}

/** Somebody else's is answered like one that is not there. */
function kill(call: KillCall, services: GateServices): Answer {
  const { jumps, audit } = services;
  const { caller, values } = call;
  const action = 'kill';
  const session = jumps.byId(values.id);
  if (session === undefined || !maySeeJump(session, call, services)) {
    audit.record({ ...auditOf(call, { action, target: values.id }), result: 'refused' });
    return failed(`there is no session ${values.id}${caller.identity.role === 'admin' ? '' : ' of yours'}`);
  }
  const who = caller.identity.principal;
  const reason = `ended by ${who}${values.reason === undefined ? '' : `: ${values.reason}`}`;
  const told = jumpJson(session);
  if (!jumps.end(session.id, reason))
    return answer({ ...told, killed: false }, [`session ${session.id} is over already`]);
  const { principal, env, target, gate } = session;
  const detail = {
    ...{ session: session.id, of: principal, env, gate },
    ...(target !== undefined && { id: target.id }),
    ...(values.reason !== undefined && { reason: values.reason }),
  };
  audit.record(auditOf(call, { action, target: target?.name ?? env, detail }));
  return answer({ ...told, killed: true, reason }, [
    `ended session ${session.id} of ${principal} to ${jumpTo(session)}`,
  ]);
}

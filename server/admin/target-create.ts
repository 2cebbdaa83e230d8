import { randomUUID } from 'node:crypto';
import type { CommandValues } from '../../core/command-values.ts';
import { parseHostKeys } from '../../core/host-keys.ts';
import { mayNameEnv } from '../identity/identity.ts';
import type { ReportOutcome, TargetReport } from '../targets/target-reports.ts';
import type { TargetRecord } from '../targets/target-record.ts';
import { answer, failed, notAllowed, wrongUsage, type Answer, type Call, type Handlers } from './answer.ts';
import { auditOf } from './command-audit.ts';
import type { GateServices } from './gate-services.ts';
import { ownedEnvironment } from './owned-environment.ts';
import { hostKeyFingerprint, hostKeyText, warningOf } from './target-facts.ts';
import { beyondKey, freeTargetName, mayChooseName, nameProblem } from './target-naming.ts';

type CreateCall = Call<CommandValues['target create']>;
type ReportCall = Call<CommandValues['target report']>;

/** `target create`, by which a person makes a machine known, and `target report`, by which it does so itself. */
export function targetCreateHandlers(services: GateServices): Handlers<'target create' | 'target report'> {
  return {
    'target create': (call) => create(call, services),
    'target report': (call) => report(call, services),
  };
}

async function create(call: CreateCall, services: GateServices): Promise<Answer> {
  const { caller, values, now } = call;
  const action = 'target.create';
  const view = ownedEnvironment(call, services, { env: values.env, action });
  if (!('name' in view)) return view;
  const { name: env, owner } = view;
  const hostKeys = parseHostKeys(call.stdin ?? '');
  if (!hostKeys.ok) return failed(hostKeys.problem);
  const name = values.name ?? freeTargetName(services, env);
  const wrong = nameProblem(services, {
    ...{ name, owner },
    by: values.name === undefined ? undefined : caller.identity,
  });
  if (wrong !== undefined) return failed(wrong);
  const osUser = values['os-user'];
  const target: TargetRecord = {
    ...{ id: values.id ?? randomUUID(), name, env, owner },
    ...(osUser !== undefined && { osUser }),
    ...{ hostKeys: hostKeys.value, origin: 'added', takesCertificates: false, osUsers: [] },
    ...{ reach: 'members', services: [], createdAt: now, createdBy: caller.identity.principal },
  };
  const fingerprints = target.hostKeys.map(hostKeyFingerprint);
  const detail = { id: target.id, env, owner, hostKeys: fingerprints };
  await services.book.change(
    [{ kind: 'add-target', target }],
    auditOf(call, { action, target: name, detail }),
  );
  return answer(
    { id: target.id, name, env, owner, osUser: osUser ?? null, hostKeys: target.hostKeys, fingerprints },
    [`added ${name} (${target.id})`, ...target.hostKeys.map((line) => `  ${hostKeyText(line)}`)],
    services.isOnline(target)
      ? []
      : [`nothing offers its SSH server now: on the machine, ssh -R ssh:22:localhost:22 ${env}@GATEWAY`],
  );
}

async function report(call: ReportCall, services: GateServices): Promise<Answer> {
  const { connection, caller, values } = call;
  const { identity } = caller;
  if (connection === undefined)
    return failed('a machine reports itself over its own SSH connection: this did not come by one');
  const { env } = connection;
  // Somebody else's is answered like one that is not there.
  if (services.environments.view(env)?.owner !== identity.principal)
    return failed(
      `there is no environment ${env} of yours: offer the SSH server first, ssh -R ssh:22:localhost:22 ${env}@GATEWAY`,
    );
  if (!mayNameEnv(identity, env)) return notAllowed(`this key may not use the name ${env}`);
  const hostKeys = parseHostKeys(call.stdin ?? '');
  if (!hostKeys.ok) return wrongUsage(hostKeys.problem);
  const { name } = values;
  const isBeyond = name !== undefined && !mayChooseName(identity, name);
  const outcome = await services.reports.report({
    ...whatItSays(values),
    ...(isBeyond && { name: undefined }),
    hostKeys: hostKeys.value,
    env,
    owner: identity.principal,
    machineKey: identity.fingerprint,
    tunnel: services.reportedTunnel(connection, identity.principal),
    audit: { principal: identity.principal, fingerprint: identity.fingerprint, address: caller.address },
    now: call.now,
  });
  return outcomeAnswer(outcome, isBeyond ? [beyondKey(identity, name)] : []);
}

function whatItSays(
  values: ReportCall['values'],
): Pick<TargetReport, 'id' | 'name' | 'osUser' | 'takesCertificates' | 'osUsers' | 'longestCertificateMs'> {
  return {
    id: values.id,
    name: values.name,
    osUser: values['os-user'],
    takesCertificates: values.certificates === true,
    osUsers: values['certificate-user'] ?? [],
    longestCertificateMs: values['longest-certificate'],
  };
}

const said: Readonly<Record<'new' | 'known' | 'moved' | 'unconfirmed', string>> = {
  new: 'is known from now on',
  known: 'is known, and as it was',
  moved: 'is known, and has moved',
  unconfirmed: 'is known, but says other things of itself than before',
};

/** What whoever reported acts on: whether it was taken, and as what. */
function outcomeAnswer(outcome: ReportOutcome, notes: readonly string[]): Answer {
  if ('reason' in outcome) {
    const { kind, reason } = outcome;
    const code = kind === 'conflict' ? 'ERR_CONFLICT' : 'ERR_NOT_AUTHORISED';
    return { ...failed(`${reason} (${code})`), code, value: { kind, reason } };
  }
  const { kind, target } = outcome;
  const { id, name, env, hostKeys } = target;
  const warning = warningOf(target);
  return answer(
    { kind, id, name, env, hostKeys, ...(warning !== undefined && { warning }) },
    [`${name} (${id}) ${said[kind]}: ssh ${name}`],
    [...(warning === undefined ? [] : [warning]), ...notes],
  );
}

import type { CommandValues } from '../../core/command-values.ts';
import type { BookChange } from '../targets/target-book.ts';
import type { TargetRecord } from '../targets/target-record.ts';
import type { AuditDetail } from '../store/audit-entry.ts';
import { answer, failed, wrongUsage, type Answer, type Call, type Handlers } from './answer.ts';
import { auditOf } from './command-audit.ts';
import type { GateServices } from './gate-services.ts';
import { ownTarget } from './known-target.ts';
import { targetCreateHandlers } from './target-create.ts';
import { hostKeyFingerprint, hostKeyText } from './target-facts.ts';
import { shownTarget, targetListHandlers } from './target-list.ts';
import { nameProblem } from './target-naming.ts';

type ChangeName = 'target rename' | 'target set' | 'target trust' | 'target rm';
type TargetCommand = ChangeName | 'target list' | 'target show' | 'target create' | 'target report';
type TargetSet = Extract<BookChange, { kind: 'update-target' }>['set'];

/** What to do to a machine, and what to say of it. */
interface Deed {
  readonly set: TargetSet;
  readonly detail: AuditDetail;
  readonly lines: readonly string[];
  readonly notes?: readonly string[];
}

/** The commands about machines, but those about certificates and profiles. */
export function targetHandlers(services: GateServices): Handlers<TargetCommand> {
  return {
    ...targetListHandlers(services),
    ...targetCreateHandlers(services),
    'target rename': changing(services, 'target.rename', (target, call) => rename(target, call, services)),
    'target set': changing(services, 'target.set', (target, { values }) => change(target, values)),
    'target trust': changing(services, 'target.trust', (target) => trust(target)),
    'target rm': (call) => remove(call, services),
  };
}

/** Each of them changes one machine, which the caller must own unless they are an administrator. */
function changing<Values extends { readonly target: string }>(
  services: GateServices,
  action: string,
  decide: (target: TargetRecord, call: Call<Values>) => Deed | Answer,
): (call: Call<Values>) => Promise<Answer> {
  return async (call) => {
    const target = ownTarget(call, services, { target: call.values.target, action });
    if ('kind' in target) return target;
    const deed = decide(target, call);
    if ('kind' in deed) return deed;
    const { id } = target;
    const audit = auditOf(call, { action, target: target.name, detail: { id, ...deed.detail } });
    await services.book.change([{ kind: 'update-target', id, set: deed.set }], audit);
    const shown = shownTarget(call, services, services.book.target(id) ?? target);
    const value = shown.kind === 'answer' ? shown.value : {};
    return answer(value, deed.lines, deed.notes);
  };
}

function rename(
  { id, name: before, owner }: TargetRecord,
  { values: { name }, caller }: Call<CommandValues['target rename']>,
  services: GateServices,
): Deed | Answer {
  const wrong = nameProblem(services, { name, owner, id, by: caller.identity });
  if (wrong !== undefined) return failed(wrong);
  return {
    set: { name },
    detail: { name },
    lines: [`${before} is called ${name} now`],
    notes: ['its ssh_config has the former name: porthole ssh-config writes it anew'],
  };
}

function change({ name }: TargetRecord, values: CommandValues['target set']): Deed | Answer {
  const { reach, service, certificates } = values;
  const osUser = values['os-user'];
  const all = values['all-services'] === true;
  if (all && service !== undefined)
    return wrongUsage('--service names the only ones, --all-services takes that back: give one of them');
  const set: TargetSet = {
    ...(osUser !== undefined && { osUser: osUser === '-' ? undefined : osUser }),
    ...(reach !== undefined && { reach }),
    ...(service !== undefined && { services: [...new Set(service)] }),
    ...(all && { services: [] }),
    ...(certificates !== undefined && { takesCertificates: certificates === 'yes' }),
  };
  if (Object.keys(set).length === 0)
    return wrongUsage('nothing to set: --os-user, --reach, --service, --all-services or --certificates');
  return {
    set,
    detail: {
      ...(osUser !== undefined && { osUser: osUser === '-' ? '' : osUser }),
      ...(reach !== undefined && { reach }),
      ...(set.services !== undefined && { services: set.services }),
      ...(certificates !== undefined && { certificates: certificates === 'yes' }),
    },
    lines: [`changed ${name}`],
    notes: [
      ...(set.services === undefined || set.services.length === 0 || set.services.includes('ssh')
        ? []
        : ['ssh is not among these services: nobody but an administrator can log in there']),
      ...(reach === undefined && set.services === undefined
        ? []
        : ['whoever is in, and may not be any more, is out in a moment']),
    ],
  };
}

/** It pins what the machine says now; the machine's own key is not enough for that, nor is this command for it. */
function trust({ name, hostKeys, unconfirmed }: TargetRecord): Deed | Answer {
  const told = (lines: readonly string[]): string[] => lines.map((line) => `  ${hostKeyText(line)}`);
  if (unconfirmed === undefined)
    return answer({ name, changed: false, hostKeys, fingerprints: hostKeys.map(hostKeyFingerprint) }, [
      `nothing to confirm: ${name} shows what is pinned`,
      ...told(hostKeys),
    ]);
  const fingerprints = unconfirmed.hostKeys.map(hostKeyFingerprint);
  return {
    set: {
      hostKeys: unconfirmed.hostKeys,
      machineKey: unconfirmed.machineKey,
      unconfirmed: undefined,
    },
    detail: {
      before: hostKeys.map(hostKeyFingerprint),
      now: fingerprints,
      machineKey: unconfirmed.machineKey,
    },
    lines: [
      `${name} is trusted with these host keys from now on:`,
      ...told(unconfirmed.hostKeys),
      'instead of:',
      ...told(hostKeys),
    ],
    notes: ['whoever has an ssh_config for it needs a new one: porthole ssh-config'],
  };
}

async function remove(call: Call<CommandValues['target rm']>, services: GateServices): Promise<Answer> {
  const action = 'target.rm';
  const target = ownTarget(call, services, { target: call.values.target, action });
  if ('kind' in target) return target;
  const { id, name, env, owner, origin } = target;
  const isOnline = services.isOnline(target);
  const audit = auditOf(call, { action, target: name, detail: { id, env, owner } });
  await services.book.change([{ kind: 'remove-target', id }], audit);
  return answer(
    { id, name, env, owner, removed: true },
    [`removed ${name} (${id})`],
    isOnline && origin === 'reported'
      ? [
          'it is online, and comes back when it dials in again: stop its porthole connect --ssh to keep it away',
        ]
      : [],
  );
}

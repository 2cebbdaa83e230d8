import type { CommandValues } from '../../core/command-values.ts';
import { didYouMean } from '../../core/suggest.ts';
import { newGrantId } from '../access/record-ids.ts';
import type { BookChange } from '../targets/target-book.ts';
import type { ProfileRecord } from '../targets/target-record.ts';
import { answer, failed, wrongUsage, type Answer, type Call, type Handlers } from './answer.ts';
import { auditOf } from './command-audit.ts';
import type { GateServices } from './gate-services.ts';
import { maySee, seenTarget } from './known-target.ts';
import { facts, table } from './table.ts';

type ProfileCommand =
  | 'target profile create'
  | 'target profile list'
  | 'target profile show'
  | 'target profile set'
  | 'target profile rm';

/** How somebody reaches machines: as whom, and with which key. Everybody has their own, and nobody sees another's. */
export function targetProfileHandlers(services: GateServices): Handlers<ProfileCommand> {
  return {
    'target profile create': (call) => create(call, services),
    'target profile list': (call) => Promise.resolve(list(call, services)),
    'target profile show': (call) => Promise.resolve(show(call, services)),
    'target profile set': (call) => change(call, services),
    'target profile rm': (call) => remove(call, services),
  };
}

async function create(
  call: Call<CommandValues['target profile create']>,
  services: GateServices,
): Promise<Answer> {
  const { caller, values, now } = call;
  const target = seenTarget(call, services, values.target);
  if ('kind' in target) return target;
  const osUser = values['os-user'];
  const identityFile = values['identity-file'];
  const profile: ProfileRecord = {
    ...{ id: newGrantId(), name: values.name, principal: caller.identity.principal, target: target.id },
    ...(osUser !== undefined && { osUser }),
    ...(identityFile !== undefined && { identityFile }),
    createdAt: now,
  };
  const detail = { id: profile.id, target: target.id };
  await services.book.change(
    [{ kind: 'add-profile', profile }],
    auditOf(call, { action: 'target.profile.create', target: profile.name, detail }),
  );
  return answer(profileJson(profile, call, services), [
    `made profile ${profile.name} for ${target.name}: porthole ssh-config --profile ${profile.name}`,
  ]);
}

function list(call: Call<unknown>, services: GateServices): Answer {
  const profiles = [...services.book.profilesOf(call.caller.identity.principal)].sort(byName);
  const rows = profiles.map((profile) => [
    profile.name,
    targetName(profile, call, services),
    profile.osUser ?? '-',
    profile.identityFile ?? '-',
  ]);
  return answer(
    profiles.map((profile) => profileJson(profile, call, services)),
    rows.length === 0 ? [] : table([['NAME', 'TARGET', 'OS USER', 'IDENTITY FILE'], ...rows]),
    rows.length === 0 ? ['no profiles: target profile create NAME TARGET makes one'] : [],
  );
}

function show(call: Call<CommandValues['target profile show']>, services: GateServices): Answer {
  const profile = ownProfile(call, services);
  if ('kind' in profile) return profile;
  return answer(profileJson(profile, call, services), [
    profile.name,
    ...facts([
      ['target', targetName(profile, call, services)],
      ['uuid', profile.target],
      ['os user', profile.osUser],
      ['identity file', profile.identityFile],
      ['id', profile.id],
    ]),
  ]);
}

async function change(
  call: Call<CommandValues['target profile set']>,
  services: GateServices,
): Promise<Answer> {
  const profile = ownProfile(call, services);
  if ('kind' in profile) return profile;
  const { values } = call;
  const target = values.target === undefined ? undefined : seenTarget(call, services, values.target);
  if (target !== undefined && 'kind' in target) return target;
  const osUser = values['os-user'];
  const identityFile = values['identity-file'];
  const set = {
    ...(values.name !== undefined && { name: values.name }),
    ...(target !== undefined && { target: target.id }),
    ...(osUser !== undefined && { osUser: setTo(osUser) }),
    ...(identityFile !== undefined && { identityFile: setTo(identityFile) }),
  };
  if (Object.keys(set).length === 0)
    return wrongUsage('nothing to set: --name, --target, --os-user or --identity-file');
  await commit(call, services, {
    profile,
    change: { kind: 'update-profile', id: profile.id, set },
    verb: 'set',
  });
  const after = services.book.profilesOf(profile.principal).find(({ id }) => id === profile.id) ?? profile;
  return answer(profileJson(after, call, services), [`changed profile ${after.name}`]);
}

async function remove(
  call: Call<CommandValues['target profile rm']>,
  services: GateServices,
): Promise<Answer> {
  const profile = ownProfile(call, services);
  if ('kind' in profile) return profile;
  await commit(call, services, { profile, change: { kind: 'remove-profile', id: profile.id }, verb: 'rm' });
  return answer({ id: profile.id, name: profile.name, removed: true }, [`removed profile ${profile.name}`]);
}

function commit(
  call: Call<unknown>,
  { book }: GateServices,
  {
    profile,
    change,
    verb,
  }: { readonly profile: ProfileRecord; readonly change: BookChange; readonly verb: 'set' | 'rm' },
): Promise<void> {
  const action = `target.profile.${verb}`;
  const detail = { id: profile.id };
  return book.change([change], auditOf(call, { action, target: profile.name, detail }));
}

/** `-` takes away what is there. */
function setTo(value: string): string | undefined {
  return value === '-' ? undefined : value;
}

function ownProfile(
  { caller, values }: Call<{ readonly profile: string }>,
  { book }: GateServices,
): ProfileRecord | Answer {
  const own = book.profilesOf(caller.identity.principal);
  const text = values.profile;
  const found = own.find(({ name }) => name === text) ?? own.find(({ id }) => id === text);
  if (found !== undefined) return found;
  const hint = didYouMean(
    text,
    own.map(({ name }) => name),
  );
  return failed(`there is no profile ${text} of yours${hint}`);
}

/** Its UUID alone, where its principal may not know of it any more. */
function targetName(
  { target: id }: ProfileRecord,
  call: Pick<Call<unknown>, 'caller' | 'now'>,
  services: GateServices,
): string {
  const target = services.book.target(id);
  return target !== undefined && maySee(call, services, target) ? target.name : id;
}

function profileJson(
  profile: ProfileRecord,
  call: Pick<Call<unknown>, 'caller' | 'now'>,
  services: GateServices,
): object {
  const { id, name, target, osUser, identityFile, createdAt } = profile;
  return {
    id,
    name,
    target: { id: target, name: targetName(profile, call, services) },
    osUser: osUser ?? null,
    identityFile: identityFile ?? null,
    created: new Date(createdAt).toISOString(),
  };
}

function byName(a: ProfileRecord, b: ProfileRecord): number {
  return a.name < b.name ? -1 : 1;
}

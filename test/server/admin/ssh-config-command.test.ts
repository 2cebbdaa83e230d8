import t from 'tap';
import type { CommandValues } from '../../../core/command-values.ts';
import type { SshConfigFacts } from '../../../core/ssh-config-facts.ts';
import type { Answer } from '../../../server/admin/answer.ts';
import { sshConfigHandlers } from '../../../server/admin/ssh-config-command.ts';
import type { Identity } from '../../../server/identity/identity.ts';
import type { EnvironmentView, ServiceView } from '../../../server/routing/resolution.ts';
import { callBy, gateSetting, member, type GateSettingOptions } from '../../support/gate-setting.ts';
import { someGate, someHostKey, someProfile, someTarget, targetId } from '../../support/memory-book.ts';

interface World extends GateSettingOptions {
  /** What environments offer, with the state of each service. */
  readonly services?: Readonly<
    Record<string, readonly { service?: string; port?: number; state?: string }[]>
  >;
}

/** Gives the command as somebody. */
function setUp(world: World) {
  const { services } = gateSetting(world);
  const viewOf = (env: string): EnvironmentView | undefined => {
    const view = services.environments.view(env);
    const offered = (world.services?.[env] ?? [{ service: 'ssh' }]).map(
      ({ service, port, state = 'ready' }) => ({ route: { env, service, port }, state }) as ServiceView,
    );
    return view === undefined ? undefined : { ...view, services: offered };
  };
  const handlers = sshConfigHandlers({
    ...services,
    environments: { ...services.environments, view: viewOf },
    gateway: () => ({ host: 'preview.test', port: 443, hostKey: `${someHostKey} root@gw` }),
  });
  return (
    values: Partial<CommandValues['ssh-config']>,
    as: Partial<Identity> = member('ana'),
  ): Promise<Answer> =>
    handlers['ssh-config']({
      ...callBy(as),
      values: { all: undefined, tls: undefined, ...values },
      stdin: undefined,
    });
}

function factsOf(answer: Answer): SshConfigFacts {
  if (answer.kind !== 'answer') throw new Error(answer.message);
  return answer.value as SshConfigFacts;
}

const environments = { 'pr-42': 'ana', main: 'ben' };
const mine = someTarget({ osUser: 'dev' });
const other = someTarget({ id: targetId(1), name: 'main', env: 'main', owner: 'ben' });

t.test('a key that ssh does not try by itself is named at the gate and at each machine', async (t) => {
  const ask = setUp({ targets: [mine], environments });
  const answer = await ask({ 'identity-file': '~/.ssh/id_work' });
  const lines = answer.kind === 'answer' ? answer.lines : [];
  t.equal(
    lines.filter((line) => /^ {2}IdentityFile "?~\/\.ssh\/id_work"?$/.test(line)).length,
    2,
    lines.join('\n'),
  );
});

t.test('all that one may reach, by the gateway itself', async (t) => {
  const ask = setUp({ targets: [mine, other], environments });
  const answer = await ask({});
  t.match(answer, { kind: 'answer', lines: [/^# Made by Porthole/] });
  t.notOk('notes' in answer);
  t.same(factsOf(answer), {
    gate: { name: 'default', host: 'preview.test', port: 443, ownAddress: true, hostKeys: [someHostKey] },
    targets: [
      {
        ...{ id: mine.id, name: 'pr-42', aliases: ['pr-42'], env: 'pr-42', osUser: 'dev' },
        ...{ hostKeys: [someHostKey], unconfirmed: false, takesCertificates: false, osUsers: [] },
      },
    ],
    profiles: [],
    environments: [],
  });
  t.equal(factsOf(await ask({ all: true }, { role: 'admin' })).targets.length, 2);
  t.match(await ask({}, member('nobody', { envPatterns: [] })), { lines: [/^#/, /There is no machine/] });
});

t.test('one machine, by its name, its UUID, or its environment', async (t) => {
  const renamed = { ...mine, name: 'shop' };
  const ask = setUp({
    targets: [renamed, other],
    environments,
    services: {
      'pr-42': [{ service: 'ssh' }, { service: 'db', port: 5432 }, {}, { service: 'old', state: 'offline' }],
    },
  });
  for (const target of ['shop', 'SHOP', mine.id, 'pr-42', 'PR-42', mine.id.slice(0, 8)]) {
    const facts = factsOf(await ask({ target }));
    t.match(facts.targets, [{ id: mine.id, aliases: ['shop', 'pr-42'] }], target);
  }
  t.same(factsOf(await ask({ target: 'pr-42' })).environments, [
    { env: 'pr-42', services: [{ service: 'ssh' }, { service: 'db', port: 5432 }, {}] },
  ]);
});

t.test('one that is not there, and one that is not theirs to know, are the same', async (t) => {
  const ask = setUp({ targets: [mine, other], environments });
  const [hidden, missing] = [await ask({ target: 'main' }), await ask({ target: 'nothing' })];
  t.match(hidden, { kind: 'error', status: 1, code: 'ERR_TARGET_UNKNOWN' });
  t.equal(
    hidden.kind === 'error' && hidden.message.replace('main', 'nothing'),
    missing.kind === 'error' && missing.message,
  );
  const owners = setUp({ targets: [{ ...mine, reach: 'owner' }], environments });
  t.match(await owners({ target: 'pr-42' }, member('eve')), {
    kind: 'error',
    status: 3,
    code: 'ERR_GATE_REFUSED',
  });
});

t.test("a name that is somebody else's environment's is no alias", async (t) => {
  const posing = someTarget({ id: targetId(7), name: 'main', env: 'pr-42' });
  const ask = setUp({ targets: [posing], environments });
  const facts = factsOf(await ask({}));
  t.same(facts.targets[0]?.aliases, ['pr-42']);
  t.match(await ask({ target: 'main' }), { kind: 'error' }, 'and means the environment');
});

t.test('an environment with two machines is none of their names', async (t) => {
  const second = someTarget({ id: targetId(8), name: 'b' });
  const ask = setUp({ targets: [{ ...mine, name: 'a' }, second], environments });
  t.match(factsOf(await ask({ target: 'pr-42' })).targets, [{ aliases: ['a'] }, { aliases: ['b'] }]);
});

t.test('an environment without a machine', async (t) => {
  const ask = setUp({ environments, services: { 'pr-42': [{ service: 'db', port: 5432 }] } });
  const answer = await ask({ target: 'pr-42' });
  t.match(answer, { kind: 'answer', notes: [/pr-42 has told the host keys of no SSH server/] });
  t.match(factsOf(answer).environments, [{ services: [{ service: 'db', port: 5432 }] }]);
  const offline = setUp({ environments, services: { 'pr-42': [{ service: 'db', state: 'offline' }] } });
  t.match(factsOf(await offline({ target: 'pr-42' })).environments, [{ env: 'pr-42', services: [] }]);
});

t.test('profiles are one’s own', async (t) => {
  const profiles = [
    someProfile({ principal: 'ana', target: mine.id, osUser: 'root', identityFile: '~/.ssh/k' }),
    someProfile({ id: 'profileprof3', name: 'second', principal: 'ana', target: other.id }),
  ];
  const ask = setUp({ targets: [mine, other], environments, profiles });
  const asked = await ask({ profile: 'work' });
  t.match(factsOf(asked), {
    profile: 'work',
    targets: [{ id: mine.id }],
    profiles: [{ name: 'work', osUser: 'root', identityFile: '~/.ssh/k' }],
  });
  t.match(await ask({ profile: 'profileprof2', all: true }), { kind: 'answer' });
  t.match(await ask({ profile: 'work', target: 'pr-42' }), { kind: 'answer' });
  t.match(await ask({ profile: 'work', target: 'main' }), { kind: 'error', status: 2 });
  t.match(await ask({ profile: 'wrk' }), { kind: 'error', status: 1, message: /did you mean work/ });
  t.match(await ask({ profile: 'work' }, member('eve')), { kind: 'error', status: 1 });
  t.match(await ask({ profile: 'second' }), { kind: 'error', status: 1 }, 'which leads where one may not go');
});

t.test('gates: the one that is named, or the first that leads there', async (t) => {
  const gates = [
    someGate({ id: 'g1', name: 'default', isDefault: true, keys: [] }),
    someGate({ id: 'g2', name: 'ops', host: 'ops.test' }),
    someGate({ id: 'g3', name: 'a-closed', targets: [], port: 22 }),
  ];
  const ask = setUp({ targets: [mine], environments, gates });
  t.match(factsOf(await ask({})).gate, { name: 'ops', host: 'ops.test', port: 443, ownAddress: false });
  t.match(await ask({ target: 'pr-42', gate: 'A-Closed' }), { kind: 'error', status: 3 });
  t.match(factsOf(await ask({ gate: 'g3' })), { gate: { name: 'a-closed', port: 22 }, targets: [] });
  t.match(await ask({ gate: 'op' }), { kind: 'error', status: 1, message: /did you mean ops/ });
});

t.test('what is wrong with the words, and TLS', async (t) => {
  const ask = setUp({ targets: [mine], environments });
  t.match(await ask({ target: 'pr-42', all: true }), { kind: 'error', status: 2 });
  const tls = await ask({ tls: true });
  t.match(tls.kind === 'answer' && tls.lines.join('\n'), 'ProxyCommand openssl s_client');
  const unconfirmed = { hostKeys: [someHostKey], machineKey: 'x', at: 1 };
  const changed = setUp({ targets: [{ ...mine, unconfirmed }], environments });
  t.match(await changed({}), { notes: [/WARNING/] });
});

import t from 'tap';
import { PortholeError } from '../../../core/errors.ts';
import { envSlug } from '../../../core/names.ts';
import type { Answer, Call } from '../../../server/admin/answer.ts';
import { envHandlers, type EnvServices } from '../../../server/admin/env-commands.ts';
import type { Identity, Role } from '../../../server/identity/identity.ts';
import type { Registry } from '../../../server/routing/registry.ts';
import type { AuditEntry } from '../../../server/store/audit-entry.ts';
import { FakeForward } from '../../support/fake-forward.ts';
import { createLog } from '../../support/log-lines.ts';
import { claimTtlMs, makeRegistry, type RegistrySetting } from '../routing/make-registry.ts';

type Name = 'env list' | 'env release' | 'env transfer';

interface Setting extends RegistrySetting {
  /** What was written, with its audit. */
  readonly audited: AuditEntry[];
  /** What was refused. */
  readonly refused: AuditEntry[];
  /** `env: reason` of each cut. */
  readonly cut: string[];
  /** How the store fails from now on. */
  fault: { error?: Error };
  run(name: Name, by: string, values?: object, identity?: Partial<Identity>): Promise<Answer>;
}

const roles: Record<string, Role> = { root: 'admin', ana: 'member', bot: 'machine' };

/** The handlers over a real registry. */
function setUp(overrides: Partial<EnvServices> = {}): Setting {
  const setting = makeRegistry();
  const audited: AuditEntry[] = [];
  const refused: AuditEntry[] = [];
  const cut: string[] = [];
  const fault: { error?: Error } = {};
  const patterns: Record<string, string> = { ana: 'pr-', bot: 'bot-', root: '' };
  const handlers = envHandlers({
    environments: setting.registry,
    memory: {
      change: (_change, audit) => {
        if (fault.error !== undefined) return Promise.reject(fault.error);
        audited.push(audit);
        return Promise.resolve();
      },
      flush: () => Promise.resolve(),
    },
    tunnelsOf: (env) => [{ end: (reason) => cut.push(`${env}: ${reason}`) }],
    principals: {
      has: (name) => name in roles,
      names: () => Object.keys(roles),
      mayName: (principal, env) => env.startsWith(patterns[principal] ?? ''),
    },
    envNameOf: (_identity, text) => envSlug(text),
    audit: { record: (entry) => void refused.push(entry) },
    log: createLog().log,
    ...overrides,
  });
  const run: Setting['run'] = (name, by, values = {}, identity = {}) => {
    const call: Call<never> = {
      caller: {
        address: '192.0.2.7',
        identity: {
          principal: by,
          role: roles[by] ?? 'machine',
          envPatterns: ['*'],
          fingerprint: `SHA256:${by}`,
          keyId: by,
          source: { kind: 'stored' },
          ...identity,
        },
      },
      values: values as never,
      stdin: undefined,
      now: setting.clock.wallMs,
    };
    return handlers[name](call);
  };
  return { ...setting, audited, refused, cut, fault, run };
}

function online(registry: Registry, env: string, owner: string, service = 'web'): FakeForward {
  const forward = new FakeForward({ env, owner, service });
  registry.add(forward);
  return forward;
}

function offline(setting: Setting, env: string, owner: string): void {
  setting.end(online(setting.registry, env, owner));
}

function linesOf(answer: Answer): readonly string[] {
  return answer.kind === 'answer' ? answer.lines : [answer.message];
}

t.test('list: everybody their own, an administrator all, and until when', async (t) => {
  const setting = setUp();
  offline(setting, 'pr-1', 'ana');
  online(setting.registry, 'pr-2', 'ana');
  online(setting.registry, 'bot-1', 'bot');
  const anas = await setting.run('env list', 'ana');
  t.match(linesOf(anas)[0], /^NAME +OWNER +STATE +CLAIMED UNTIL +SERVICES$/);
  t.match(linesOf(anas)[1], /^pr-2 +you +ready +online +web$/);
  t.match(linesOf(anas)[2], /^pr-1 +you +reconnecting +2030-01-01 00:01:00 UTC \(in .*\) +web$/);
  t.match(anas, {
    value: {
      environments: [
        { env: 'pr-2', owner: 'ana', own: true, state: 'ready', claimedUntil: null, free: false },
        { env: 'pr-1', claimedUntil: '2030-01-01T00:01:00.000Z', services: [{ service: 'web', port: null }] },
      ],
      more: 0,
    },
  });
  const all = linesOf(await setting.run('env list', 'root'));
  t.match(all.slice(1), [/^bot-1 +bot /, /^pr-2 +ana /, /^pr-1 +ana /]);
  t.same(linesOf(await setting.run('env list', 'stranger')), ['no name is taken']);
});

t.test('list: names that are free again, when they are asked for', async (t) => {
  const setting = setUp();
  offline(setting, 'pr-1', 'ana');
  setting.clock.advance(claimTtlMs + 1000);
  t.match(await setting.run('env list', 'ana'), {
    lines: ['no name is taken'],
    notes: [/^1 more, free again/],
  });
  t.match(await setting.run('env list', 'ana', { all: true }), {
    lines: [/^NAME/, /^pr-1 +you +\S+ +free since 2030-01-01 00:01:00 UTC +web$/],
    value: { environments: [{ env: 'pr-1', free: true }] },
  });
});

t.test('list: bounded, and says what is left out', async (t) => {
  const setting = setUp();
  for (let i = 0; i < 1010; i += 1) online(setting.registry, `pr-${i}`, 'ana');
  const answer = await setting.run('env list', 'ana');
  t.match(answer, { value: { more: 10 }, notes: [/^10 more/] });
  t.equal(linesOf(answer).length, 1001);
});

t.test('release: the owner, offline', async (t) => {
  const setting = setUp();
  offline(setting, 'pr-1', 'ana');
  t.match(await setting.run('env release', 'ana', { env: 'pr-1' }), {
    kind: 'answer',
    value: { env: 'pr-1', released: true, owner: 'ana', online: false },
  });
  t.equal(setting.registry.view('pr-1'), undefined);
  t.equal(setting.registry.mayClaim('pr-1', 'bot'), true);
  t.same(setting.audited, [
    {
      at: setting.clock.wallMs,
      principal: 'ana',
      fingerprint: 'SHA256:ana',
      address: '192.0.2.7',
      action: 'env.release',
      target: 'pr-1',
      result: 'ok',
      detail: { owner: 'ana', online: false },
    },
  ]);
});

t.test('release: online only by force, and its users read why', async (t) => {
  const setting = setUp();
  online(setting.registry, 'pr-1', 'ana');
  t.match(await setting.run('env release', 'ana', { env: 'pr-1' }), {
    kind: 'error',
    status: 1,
    message: /is online: .*--force/,
  });
  t.same([setting.cut, setting.audited], [[], []]);
  t.match(await setting.run('env release', 'root', { env: 'pr-1', force: true }), {
    kind: 'answer',
    value: { online: true },
    notes: [/may come back/],
  });
  t.match(setting.cut, [/^pr-1: the name pr-1 was released/]);
});

t.test('a branch name means the environment that it is the name of', async (t) => {
  const setting = setUp();
  offline(setting, envSlug('Feature/Foo'), 'ana');
  t.match(await setting.run('env release', 'ana', { env: 'Feature/Foo' }), { kind: 'answer' });
  t.same([...setting.registry.views()], []);
});

t.test("somebody else's is as unknown as none, and stays theirs", async (t) => {
  const setting = setUp();
  online(setting.registry, 'pr-1', 'ana');
  for (const [name, values] of [
    ['env release', { force: true }],
    ['env transfer', { principal: 'bot' }],
  ] as const) {
    const foreign = await setting.run(name, 'bot', { env: 'pr-1', ...values });
    const never = await setting.run(name, 'bot', { env: 'pr-9', ...values });
    t.match(foreign, { kind: 'error', status: 1 });
    t.same(linesOf(foreign), [String(linesOf(never)[0]).replace('pr-9', 'pr-1')]);
  }
  t.match(setting.registry.view('pr-1'), { owner: 'ana', state: 'ready' });
  t.same([setting.cut, setting.audited], [[], []]);
  t.same(
    setting.refused.map(({ action, target, principal, result }) => [action, target, principal, result]),
    ['env.release', 'env.transfer'].flatMap((action) =>
      ['pr-1', 'pr-9'].map((target) => [action, target, 'bot', 'refused']),
    ),
  );
});

t.test('a key that may not use the name may not give it away', async (t) => {
  const setting = setUp();
  offline(setting, 'main', 'ana');
  const narrow = { envPatterns: ['pr-*'] };
  const answer = await setting.run('env release', 'ana', { env: 'main' }, narrow);
  t.match(answer, { kind: 'error', status: 3 });
  t.match(setting.registry.view('main'), { owner: 'ana' });
  t.match(setting.refused, [{ target: 'main', result: 'refused' }]);
  t.match(await setting.run('env list', 'ana', {}, narrow), { value: { environments: [{ env: 'main' }] } });
});

t.test('transfer: by its owner, and at once', async (t) => {
  const setting = setUp();
  online(setting.registry, 'bot-1', 'ana');
  t.match(await setting.run('env transfer', 'ana', { env: 'bot-1', principal: 'bot' }), {
    kind: 'answer',
    value: { env: 'bot-1', owner: 'bot', previous: 'ana', changed: true, usable: true },
    lines: ['bot-1 belongs to bot now'],
    notes: undefined,
  });
  t.match(setting.registry.view('bot-1'), { owner: 'bot', state: 'offline' });
  t.same(setting.cut, ['bot-1: the name bot-1 belongs to somebody else now']);
  t.match(setting.audited, [{ action: 'env.transfer', detail: { from: 'ana', to: 'bot' } }]);
  t.match(linesOf(await setting.run('env transfer', 'ana', { env: 'bot-1', principal: 'ana' })), [
    /of yours/,
  ]);
});

t.test('transfer: to somebody whose keys may not use it, which is told', async (t) => {
  const setting = setUp();
  offline(setting, 'pr-1', 'ana');
  t.match(await setting.run('env transfer', 'root', { env: 'pr-1', principal: 'bot' }), {
    value: { usable: false },
    notes: [/none of the keys of bot may dial in for pr-1/],
  });
});

t.test('transfer: to nobody that there is; only an administrator hears who there might be', async (t) => {
  const setting = setUp();
  offline(setting, 'pr-1', 'ana');
  const told = await setting.run('env transfer', 'root', { env: 'pr-1', principal: 'bto' });
  t.match(told, { kind: 'error', status: 1, message: /no principal bto \(did you mean bot\?\)/ });
  t.same(linesOf(await setting.run('env transfer', 'ana', { env: 'pr-1', principal: 'bto' })), [
    'there is no principal bto',
  ]);
  t.match(setting.registry.view('pr-1'), { owner: 'ana' });
  t.match(linesOf(await setting.run('env release', 'root', { env: 'rp-1' })), [/did you mean pr-1\?/]);
});

t.test('transfer: to whom it belongs already changes nothing', async (t) => {
  const setting = setUp();
  online(setting.registry, 'pr-1', 'ana');
  t.match(await setting.run('env transfer', 'root', { env: 'pr-1', principal: 'ana' }), {
    value: { changed: false },
    lines: ["pr-1 is ana's already"],
  });
  t.same([setting.cut, setting.audited], [[], []]);
});

t.test('what cannot be written is not done', async (t) => {
  const setting = setUp();
  online(setting.registry, 'pr-1', 'ana');
  setting.fault.error = new PortholeError('ERR_STORE_UNAVAILABLE');
  const change = { env: 'pr-1', principal: 'bot', force: true };
  await t.rejects(setting.run('env release', 'root', change), { code: 'ERR_STORE_UNAVAILABLE' });
  await t.rejects(setting.run('env transfer', 'root', change), { code: 'ERR_STORE_UNAVAILABLE' });
  t.match(setting.registry.view('pr-1'), { owner: 'ana', state: 'ready' });
  t.same(setting.cut, []);
  delete setting.fault.error;
  t.match(await setting.run('env release', 'root', change), { kind: 'answer' }, 'and can be done later');
});

t.test('of two at once, the second sees what the first did', async (t) => {
  const setting = setUp();
  offline(setting, 'pr-1', 'ana');
  const [first, second, third] = await Promise.all([
    setting.run('env transfer', 'ana', { env: 'pr-1', principal: 'bot' }),
    setting.run('env transfer', 'ana', { env: 'pr-1', principal: 'root' }),
    setting.run('env release', 'bot', { env: 'pr-1' }),
  ]);
  t.match(first, { kind: 'answer' });
  t.match(second, { kind: 'error', message: /of yours/ });
  t.match(third, { kind: 'answer' });
  t.equal(setting.audited.length, 2);
});

t.test('a name that is claimed anew while it is written stays with its new owner', async (t) => {
  const registered: { run?: () => void } = {};
  const setting = setUp({
    memory: {
      change: () => {
        registered.run?.();
        return Promise.resolve();
      },
      flush: () => Promise.resolve(),
    },
  });
  offline(setting, 'pr-1', 'ana');
  setting.clock.advance(claimTtlMs + 1);
  registered.run = () => void online(setting.registry, 'pr-1', 'bot');
  t.match(await setting.run('env release', 'ana', { env: 'pr-1' }), {
    kind: 'error',
    status: 1,
    message: /changed hands/,
  });
  t.match(setting.registry.view('pr-1'), { owner: 'bot', state: 'ready' });
  t.match(setting.remembered.get('pr-1'), { owner: 'bot' });
  t.same(setting.cut, []);
});

import t from 'tap';
import { commandNames, commands, type CommandName } from '../../../core/commands.ts';
import { actionOf } from '../../../server/admin/command-audit.ts';
import type { Role } from '../../../server/identity/identity.ts';
import { adminSetting } from '../../support/admin-setting.ts';
import { storedKey } from '../../support/memory-keys.ts';
import { publicKey } from '../../support/public-keys.ts';

type Outcome = 'done' | 'unknown' | 'forbidden';
const roles: readonly Role[] = ['machine', 'member', 'admin'];

/** Who may give a command at all: machine, member, admin. */
const reaches: Readonly<Record<CommandName, readonly [boolean, boolean, boolean]>> = {
  'key add': [false, true, true],
  'key list': [true, true, true],
  'key show': [true, true, true],
  'key rename': [false, true, true],
  'key prefer': [false, true, true],
  'key unprefer': [false, true, true],
  'key expire': [false, true, true],
  'key revoke': [false, true, true],
  'key rm': [false, true, true],
  'key check': [true, true, true],
  'key import': [false, false, true],
  'key imports': [false, false, true],
  'key import-stop': [false, false, true],
  'env list': [true, true, true],
  'env release': [true, true, true],
  'env transfer': [false, true, true],
  cert: [true, true, true],
  audit: [false, true, true],
  share: [true, true, true],
  'share list': [true, true, true],
  'share revoke': [true, true, true],
  'token create': [true, true, true],
  'token list': [true, true, true],
  'token revoke': [true, true, true],
  'password set': [true, true, true],
  'password rm': [true, true, true],
  'password list': [true, true, true],
  login: [false, true, true],
  'session list': [false, true, true],
  'session end': [false, true, true],
  'target list': [true, true, true],
  'target show': [true, true, true],
  'target create': [false, true, true],
  'target report': [true, true, true],
  'target rename': [false, true, true],
  'target set': [false, true, true],
  'target trust': [false, true, true],
  'target rm': [false, true, true],
  'target cert': [false, true, true],
  'target profile create': [false, true, true],
  'target profile list': [false, true, true],
  'target profile show': [false, true, true],
  'target profile set': [false, true, true],
  'target profile rm': [false, true, true],
  'gate list': [false, true, true],
  'gate show': [false, true, true],
  'gate create': [false, false, true],
  'gate set': [false, false, true],
  'gate rm': [false, false, true],
  'gate keys': [false, false, true],
  'gate add-key': [false, false, true],
  'gate rm-key': [false, false, true],
  'gate targets': [false, false, true],
  'gate add-target': [false, false, true],
  'gate rm-target': [false, false, true],
  'gate ca': [true, true, true],
  'grant add': [false, true, true],
  'grant list': [false, true, true],
  'grant rm': [false, true, true],
  sessions: [false, true, true],
  kill: [false, true, true],
  'ssh-config': [false, true, true],
  'api-token': [false, true, true],
};

/** Words that are good for each command, and name a key where it takes one. */
const words = (key: string): Readonly<Record<CommandName, string>> => ({
  'key add': 'key add',
  'key list': 'key list',
  'key show': `key show ${key}`,
  'key rename': `key rename ${key} other`,
  'key prefer': `key prefer ${key}`,
  'key unprefer': `key unprefer ${key}`,
  'key expire': `key expire ${key} 1d`,
  'key revoke': `key revoke ${key}`,
  'key rm': `key rm ${key}`,
  'key check': 'key check',
  'key import': 'key import github:ana',
  'key imports': 'key imports',
  'key import-stop': 'key import-stop github:ana',
  'env list': 'env list',
  'env release': 'env release pr-1',
  'env transfer': 'env transfer pr-1 ben',
  cert: 'cert',
  audit: 'audit',
  share: 'share pr-1',
  'share list': 'share list',
  'share revoke': 'share revoke abc',
  'token create': 'token create pr-1',
  'token list': 'token list',
  'token revoke': 'token revoke abc',
  'password set': 'password set pr-1',
  'password rm': 'password rm pr-1',
  'password list': 'password list',
  login: 'login',
  'session list': 'session list',
  'session end': 'session end abc',
  'target list': 'target list',
  'target show': 'target show pr-1',
  'target create': 'target create pr-1',
  'target report': 'target report',
  'target rename': 'target rename pr-1 other',
  'target set': 'target set pr-1 --reach owner',
  'target trust': 'target trust pr-1',
  'target rm': 'target rm pr-1',
  'target cert': 'target cert pr-1',
  'target profile create': 'target profile create work pr-1',
  'target profile list': 'target profile list',
  'target profile show': 'target profile show work',
  'target profile set': 'target profile set work --os-user dev',
  'target profile rm': 'target profile rm work',
  'gate list': 'gate list',
  'gate show': 'gate show ops',
  'gate create': 'gate create ops',
  'gate set': 'gate set ops --keys any',
  'gate rm': 'gate rm ops',
  'gate keys': 'gate keys ops',
  'gate add-key': 'gate add-key ops laptop',
  'gate rm-key': 'gate rm-key ops laptop',
  'gate targets': 'gate targets ops',
  'gate add-target': 'gate add-target ops pr-1',
  'gate rm-target': 'gate rm-target ops pr-1',
  'gate ca': 'gate ca',
  'grant add': 'grant add ben --env pr-1',
  'grant list': 'grant list',
  'grant rm': 'grant rm abc',
  sessions: 'sessions',
  kill: 'kill abc',
  'ssh-config': 'ssh-config',
  'api-token': 'api-token',
});

t.test('the table is about all commands', (t) => {
  t.same(Object.keys(reaches), commandNames);
  t.end();
});

for (const [index, role] of roles.entries()) {
  t.test(`what a ${role} reaches`, async (t) => {
    for (const { name } of commands) {
      const { run, refused } = adminSetting({ keys: [storedKey({ fingerprint: 'SHA256:own' })] });
      const { status, stderr } = await run(
        words('laptop')[name],
        { role, principal: 'ana' },
        publicKey().line,
      );
      const may = reaches[name][index];
      t.equal(status === 3, may === false, `${name}: ${String(status)} ${stderr.join(' ')}`);
      if (may === true) continue;
      t.match(refused, [{ action: actionOf(name), result: 'refused', principal: 'ana' }]);
    }
  });
}

/** Somebody else's key: as unknown as one that never was, but to an administrator. */
const ofOthers: Readonly<Record<Role, Outcome>> = { machine: 'unknown', member: 'unknown', admin: 'done' };

t.test('own keys, and those of others', async (t) => {
  const touching = commandNames.filter((name) => words('KEY')[name].includes('KEY'));
  t.equal(touching.length, 7);
  for (const name of touching) {
    for (const role of roles) {
      const made = (): ReturnType<typeof adminSetting> =>
        adminSetting({
          keys: [
            storedKey({ fingerprint: 'SHA256:own111', principal: 'ana', name: 'laptop' }),
            storedKey({ fingerprint: 'SHA256:other123', principal: 'ben', name: 'phone' }),
            storedKey({ fingerprint: 'SHA256:root11', principal: 'root', name: 'root', role: 'admin' }),
          ],
        });
      const caller = { role, principal: 'ana', fingerprint: 'SHA256:own111' };
      const mayAtAll = reaches[name][roles.indexOf(role)] === true;
      for (const key of ['phone', 'ben/phone', 'SHA256:other123', 'SHA256:other1']) {
        const { run, keys } = made();
        const { status, stderr } = await run(words(key)[name], caller);
        const expected = mayAtAll ? ofOthers[role] : 'forbidden';
        t.equal(status, { done: 0, unknown: 1, forbidden: 3 }[expected], `${role}: ${words(key)[name]}`);
        if (expected === 'done') continue;
        const unknown = await made().run(words('nobodys')[name], caller);
        t.same(
          stderr.map((line) => line.replace(key, 'nobodys')),
          unknown.stderr,
          'nothing is given away',
        );
        t.match(keys.byFingerprint('SHA256:other123'), { name: 'phone', preferred: false });
        t.same(keys.audit, []);
      }
      const { status } = await made().run(words('laptop')[name], caller);
      t.equal(status, mayAtAll ? 0 : 3, `${role}, the own one: ${name}`);
    }
  }
});

t.test('a list shows the own keys only, but to an administrator', async (t) => {
  const keys = [
    storedKey({ fingerprint: 'SHA256:a', principal: 'ana', name: 'laptop' }),
    storedKey({ fingerprint: 'SHA256:b', principal: 'ben', name: 'phone' }),
  ];
  const fileKeys = [
    storedKey({ fingerprint: 'SHA256:c', principal: 'ana', name: 'in-file', source: 'file' }),
    storedKey({ fingerprint: 'SHA256:d', principal: 'ben', name: 'his-file', source: 'file' }),
  ];
  for (const role of roles) {
    const { run } = adminSetting({ keys, fileKeys });
    const names = async (more = ''): Promise<unknown[]> => {
      const { stdout } = await run(`key list --json${more}`, { role, principal: 'ana' });
      return (JSON.parse(stdout.join('')) as { name: string }[]).map(({ name }) => name);
    };
    const all = ['in-file', 'laptop', 'his-file', 'phone'];
    t.same(await names(), role === 'admin' ? all : all.slice(0, 2), role);
    t.same(await names(' --principal ben'), role === 'admin' ? all.slice(2) : []);
  }
});

t.test('whoever came by a certificate or by a file may what their role says', async (t) => {
  const sources = [
    { kind: 'certificate', serial: '1', certificateId: 'ana', authority: 'SHA256:ca' },
    { kind: 'file' },
    { kind: 'stored' },
    { kind: 'open' },
  ] as const;
  for (const source of sources) {
    const { run, keys } = adminSetting();
    const as = { principal: 'cert:ana', role: 'member', source } as const;
    t.equal((await run('key add --name one', as, publicKey().line)).status, 0);
    t.match(keys.ofPrincipal('cert:ana'), [{ name: 'one', createdBy: 'cert:ana' }]);
    t.equal((await run('key add', { ...as, role: 'machine' }, publicKey().line)).status, 3);
    t.equal((await run('key import github:ana', as)).status, 3);
  }
});

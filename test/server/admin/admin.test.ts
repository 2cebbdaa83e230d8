import t from 'tap';
import { PortholeError } from '../../../core/errors.ts';
import { Admin } from '../../../server/admin/admin.ts';
import type { Parsed } from '../../../core/parsed.ts';
import type { Identity, Role } from '../../../server/identity/identity.ts';
import type { Caller } from '../../../server/identity/key-record.ts';
import { adminSetting, identityOf } from '../../support/admin-setting.ts';
import { publicKey } from '../../support/public-keys.ts';

const by = (identity: Partial<Identity>) => (): Parsed<Caller> => ({
  ok: true,
  value: { identity: identityOf(identity), address: '192.0.2.1' },
});

t.test('words, text and statuses', async (t) => {
  const { run } = adminSetting();
  t.match(await run('env list'), { stdout: ['env list'], stderr: [], status: 0 });
  t.match(await run('env list --json'), { stdout: ['{"name":"env list"}'] });
  t.match(await run('env lst'), { stdout: [], stderr: [/did you mean list/, /help/], status: 2 });
  t.match(await run('key rename a'), {
    stderr: [/NAME is missing/, /^usage: key rename KEY NAME/],
    status: 2,
  });
  t.match(await run('key add id.pub'), { stderr: [/standard input/], status: 2 });
  t.match(await run('audit', { role: 'machine' }), { stdout: [], stderr: [/for members/], status: 3 });
});

t.test('the key is read only for commands that take one, and for those who may give them', async (t) => {
  const { admin } = adminSetting();
  const reads: string[] = [];
  const give = async (words: string, role: 'machine' | 'admin' = 'admin'): Promise<number> => {
    const readInput = () =>
      Promise.resolve({ ok: false, problem: `read for ${String(reads.push(words))}` } as const);
    const caller = by({ role });
    return (await admin.run(words.split(' '), { caller, readInput })).status;
  };
  t.equal(await give('key add'), 2, 'input that cannot be read');
  t.equal(await give('key check -', 'machine'), 2);
  t.equal(await give('key list'), 0);
  t.equal(await give('key add', 'machine'), 3);
  t.equal(await give('key add --nonsense'), 2);
  t.equal(await give('key add id.pub'), 2);
  t.same(reads, ['key add', 'key check -']);
});

t.test('whose key is good no more, before or while the input comes, does nothing', async (t) => {
  const { admin, keys } = adminSetting();
  for (const good of [0, 1]) {
    let asked = 0;
    const reply = await admin.run(['key', 'add'], {
      caller: () => (asked++ < good ? by({})() : { ok: false, problem: 'this key was revoked' }),
      readInput: () => Promise.resolve({ ok: true, value: publicKey().line }),
    });
    t.same(reply, { stdout: [], stderr: ['this key was revoked'], status: 3 });
  }
  t.same([...keys.all()], []);
  const none = {
    caller: () => ({ ok: false, problem: 'no' }) as const,
    readInput: () => Promise.reject(new Error()),
  };
  t.match(await admin.run(['key', '--help'], none), { stdout: [], status: 3 });
});

t.test('whoever is less by the time that the input is there may do less', async (t) => {
  const { admin, keys, refused } = adminSetting();
  let role: Role = 'admin';
  const { status } = await admin.run(['key', 'add'], {
    caller: () => by({ role })(),
    readInput: () => {
      role = 'machine';
      return Promise.resolve({ ok: true, value: publicKey().line });
    },
  });
  t.equal(status, 3);
  t.same([...keys.all()], []);
  t.equal(refused.length, 1);
});

t.test('a private key among the words is neither repeated nor noted', async (t) => {
  const { run, log, refused } = adminSetting();
  const secret = 'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAA';
  const whole = `-----BEGIN OPENSSH PRIVATE KEY-----\n${secret}\n-----END OPENSSH PRIVATE KEY-----`;
  for (const words of [
    ['key', 'add', whole],
    ['key', 'add', ...whole.split(/\s/)],
    ['key', 'show', secret],
    ['key', secret],
    ['env', 'release', whole, '--force'],
  ]) {
    const reply = await run(words);
    t.match(reply, { stdout: [], status: 1, stderr: [/private key in the command/] });
    t.notMatch(JSON.stringify([reply, log, refused]), /b3Blb/);
  }
});

t.test('help is as far as the role goes', (t) => {
  const { admin } = adminSetting();
  t.match(admin.help([], 'admin').join('\n'), /key import/);
  t.notMatch(admin.help([], 'member').join('\n'), /key import/);
  t.notMatch(admin.help(['key'], 'machine').join('\n'), /key add/);
  t.match(admin.help(['key', 'add'], 'member').join('\n'), /--expires WHEN/);
  t.match(
    admin.help(['share'], 'machine').join('\n'),
    /--max-uses N[^]*share list \[ENV\][^]*share revoke ID/,
  );
  t.same(admin.help(['nothing'], 'admin'), []);
  t.same(admin.firstWords, [
    'key',
    'env',
    'cert',
    'audit',
    'share',
    'token',
    'password',
    'login',
    'session',
    'target',
    'gate',
    'grant',
    'sessions',
    'kill',
    'ssh-config',
    'api-token',
  ]);
  t.end();
});

t.test('help of a command is asked for in the command', async (t) => {
  const { run } = adminSetting();
  t.match(await run('key add --help'), { status: 0, stdout: [/^key add .*< FILE/] });
  t.match(await run('key --help', { role: 'machine' }), { stdout: [/key list/, /key show/, /key check/] });
});

t.test('what a handler rejects with is told, if it is fit to be', async (t) => {
  for (const [error, status, told] of [
    [new PortholeError('ERR_CONFLICT', { message: 'no' }), 1, /^no$/],
    [new PortholeError('ERR_NOT_AUTHORISED', { message: 'no' }), 3, /^no$/],
    [new Error('secret'), 1, /^something went wrong/],
  ] as const) {
    const { run } = adminSetting({ handlers: { cert: () => Promise.reject(error) } });
    t.match(await run('cert'), { stdout: [], stderr: [told], status });
  }
});

t.test('without a clock of its own it has the real one', async (t) => {
  const { services } = adminSetting();
  let at = 0;
  const handlers = { cert: ({ now }: { now: number }) => Promise.resolve(void (at = now)) };
  const admin = new Admin({ handlers: handlers as never, audit: services.audit, log: undefined as never });
  const caller = by({});
  await t.rejects(admin.run(['cert'], { caller, readInput: () => Promise.reject(new Error('unused')) }));
  t.ok(at > 1_700_000_000_000);
});

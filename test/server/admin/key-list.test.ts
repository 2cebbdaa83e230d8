import t from 'tap';
import { adminSetting, givenAt } from '../../support/admin-setting.ts';
import { storedKey } from '../../support/memory-keys.ts';

const day = 86_400_000;
const keys = [
  storedKey({
    fingerprint: 'SHA256:laptop1',
    principal: 'ana',
    name: 'laptop',
    envPatterns: ['pr-*', 'main'],
    comment: 'ana@home',
    createdAt: givenAt - 100 * day,
    lastUsedAt: givenAt - 3 * 3_600_000,
    lastUsedFrom: '192.0.2.7',
    expiresAt: givenAt + 30 * day,
  }),
  storedKey({
    fingerprint: 'SHA256:phone11',
    principal: 'ana',
    name: 'phone',
    createdAt: givenAt - day,
    preferred: true,
  }),
  storedKey({ fingerprint: 'SHA256:older11', principal: 'ben', name: 'old', createdAt: givenAt - 91 * day }),
  storedKey({ fingerprint: 'SHA256:gone111', principal: 'ben', name: 'gone', expiresAt: givenAt - 1 }),
  storedKey({
    fingerprint: 'SHA256:stolen1',
    principal: 'ben',
    name: 'stolen',
    revokedAt: givenAt - day,
    revokedReason: 'stolen',
  }),
];

t.test('a table, the preferred ones first and marked', async (t) => {
  const { stdout, stderr } = await adminSetting({ keys }).run('key list');
  t.match(stdout, [
    /^ {3}NAME +PRINCIPAL +ROLE +ENVS +TYPE +COMMENT +LAST USED +EXPIRES +STATE$/,
    /^\* {2}phone +ana +machine +any +ed25519 256 +never +never +active$/,
    /^ {3}laptop +ana +machine +pr-\*, main +ed25519 256 +ana@home +3 hours ago from 192\.0\.2\.7 +2026-12-22 15:00:00 UTC +active$/,
    /^ {3}old +ben .* unused$/,
  ]);
  t.equal(stdout.length, 4);
  t.match(stderr, ['2 expired or revoked: --all shows them']);
});

t.test('without a preferred one there is no column for it', async (t) => {
  const { stdout } = await adminSetting({ keys: keys.slice(2, 3) }).run('key list');
  t.match(stdout, [/^NAME/, /^old/]);
});

t.test('what is asked for', async (t) => {
  const { run } = adminSetting({ keys });
  const names = async (more: string): Promise<string[]> => {
    const { stdout } = await run(`key list --json ${more}`.trim());
    return (JSON.parse(stdout.join('')) as { name: string }[]).map(({ name }) => name);
  };
  t.same(await names(''), ['phone', 'laptop', 'old']);
  t.same(await names('--all'), ['phone', 'laptop', 'gone', 'old', 'stolen']);
  t.same(await names('--principal ben'), ['old']);
  t.same(await names('--unused 90d'), ['old']);
  t.same(await names('--unused 1h'), ['phone', 'laptop', 'old']);
  t.same(await names('--principal nobody'), []);
});

t.test('no keys are said to be none', async (t) => {
  t.same(await adminSetting().run('key list'), { stdout: [], stderr: ['no keys'], status: 0 });
  t.same((await adminSetting().run('key list --json')).stdout, ['[]']);
});

t.test('very many are listed in part', async (t) => {
  const many = Array.from({ length: 10_001 }, (_, at) =>
    storedKey({ fingerprint: `SHA256:${String(at)}`, name: `key-${String(at)}` }),
  );
  const { stdout, stderr } = await adminSetting({ keys: many }).run('key list');
  t.equal(stdout.length, 10_001);
  t.match(stderr, [/^1 more/]);
});

t.test('how open their previews may be, where that is limited', async (t) => {
  const limited = storedKey({ fingerprint: 'SHA256:limited', name: 'ci', widestAccess: 'team' });
  const { run } = adminSetting({ keys: [...keys, limited] });
  const [head, ...rows] = (await run('key list')).stdout;
  t.match(head, /ROLE +ENVS +WIDEST +TYPE/);
  t.match(
    rows.find((row) => / ci +/.test(row)),
    /machine +\S+ +team +/,
  );
  t.match((await run('key show ci')).stdout.join('\n'), /may be +team at most/);
  t.match(JSON.parse((await run('key show ci --json')).stdout.join('')), { widestAccess: 'team' });
});

t.test('all that is known of one', async (t) => {
  const { run } = adminSetting({ keys });
  t.same(JSON.parse((await run('key show laptop --json')).stdout.join('')), {
    name: 'laptop',
    principal: 'ana',
    role: 'machine',
    env: ['pr-*', 'main'],
    widestAccess: null,
    fingerprint: 'SHA256:laptop1',
    type: 'ssh-ed25519',
    bits: 256,
    comment: 'ana@home',
    publicKey: 'ssh-ed25519 ana@home',
    source: 'added',
    created: '2026-08-14T15:00:00.000Z',
    createdBy: 'root',
    lastUsed: '2026-11-22T12:00:00.000Z',
    lastUsedFrom: '192.0.2.7',
    expires: '2026-12-22T15:00:00.000Z',
    preferred: false,
    state: 'active',
    revoked: null,
    revokedReason: null,
    touchRequired: null,
    verifyRequired: null,
  });
  const text = async (name: string): Promise<string> => (await run(`key show ${name}`)).stdout.join('\n');
  t.match(await text('laptop'), /^ana\/laptop\n.*expires +2026-12-22 15:00:00 UTC \(in 30 days\)\n/s);
  t.match(await text('stolen'), /state +revoked 2026-11-21 15:00:00 UTC: stolen\n/);
  t.match(await text('gone'), /state +expired\n +expires +2026-11-22 14:59:59 UTC\n/);
  t.match(await text('phone'), /preferred +yes/);
});

t.test('FIDO keys, and keys of the file', async (t) => {
  const options = { touchRequired: false, verifyRequired: false };
  const { run } = adminSetting({
    keys: [
      storedKey({ fingerprint: 'SHA256:fido111', name: 'fido', type: 'sk-ssh-ed25519@openssh.com', options }),
      storedKey({ fingerprint: 'SHA256:fido222', name: 'touch', type: 'sk-ecdsa-sha2-nistp256@openssh.com' }),
      storedKey({
        fingerprint: 'SHA256:fido333',
        name: 'pin',
        type: 'sk-x',
        options: { ...options, verifyRequired: true },
      }),
    ],
    fileKeys: [
      storedKey({
        fingerprint: 'SHA256:filed11',
        name: 'filed',
        source: 'file',
        createdAt: 0,
        createdBy: '',
      }),
    ],
  });
  t.match((await run('key show fido')).stdout.join('\n'), /type +ed25519-sk 256\n.*touch +not required/s);
  t.match((await run('key show touch')).stdout.join('\n'), /type +ecdsa-sk 256\n.*touch +required\n/s);
  t.match((await run('key show pin')).stdout.join('\n'), /touch +required, with a PIN/);
  const filed = (await run('key show filed')).stdout.join('\n');
  t.match(filed, /state +active\n.*file of authorized keys/s);
  t.notMatch(filed, /last used|added|1970/);
  t.match(JSON.parse((await run('key show filed --json')).stdout.join('')), {
    created: null,
    createdBy: null,
  });
  t.match((await run('key list')).stdout.join('\n'), /filed .* - +never +active/);
  t.notMatch((await run('key list --unused 1d')).stdout.join('\n'), /filed/);
});

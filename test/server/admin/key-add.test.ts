import t from 'tap';
import { adminSetting, givenAt, type AdminSetting } from '../../support/admin-setting.ts';
import { makeFidoKey } from '../../support/fido-key.ts';
import { storedKey } from '../../support/memory-keys.ts';
import { publicKey } from '../../support/public-keys.ts';

const day = 86_400_000;

/** The one key that a setting has got. */
function only({ keys }: AdminSetting): ReturnType<typeof storedKey> | undefined {
  const [key, ...others] = keys.all();
  return others.length === 0 ? key : undefined;
}

t.test('what is added is told: whose, what for, until when, and how to dial in', async (t) => {
  const setting = adminSetting({ envNames: ['pr-7'] });
  const { line, fingerprint } = publicKey();
  const words = 'key add --name laptop --principal ana --role member --env pr-* --env pr-* --expires 2m';
  const { stdout, stderr, status } = await setting.run(words, {}, `${line} ana@home\n`);
  t.same([status, stderr], [0, []]);
  const text = stdout.join('\n');
  for (const told of ['ana/laptop', fingerprint, 'member', 'pr-*', '2026-11-22 15:02:00 UTC (in 2 minutes)'])
    t.ok(text.includes(told), told);
  t.match(text, /^ {2}ssh -p 443 -R 80:localhost:3000 pr-1@preview\.test$/m);
  t.match(text, 'SHA256:host');
  t.match(only(setting), {
    principal: 'ana',
    name: 'laptop',
    role: 'member',
    envPatterns: ['pr-*'],
    type: 'ssh-ed25519',
    bits: 256,
    comment: 'ana@home',
    source: 'added',
    createdAt: givenAt,
    createdBy: 'root',
    expiresAt: givenAt + 120_000,
    preferred: false,
  });
  t.equal(only(setting)?.envPatterns.length, 1);
  t.match(setting.keys.audit, [
    { action: 'key.add', target: 'ana/laptop', principal: 'root', address: '192.0.2.1', result: 'ok' },
  ]);
});

t.test('as JSON it is one line with every field', async (t) => {
  const { run } = adminSetting();
  const { line, fingerprint } = publicKey();
  const { stdout } = await run('key add --env pr-* --expires 2027-01-31 --json', {}, `${line} ci`);
  t.equal(stdout.length, 1);
  t.match(JSON.parse(stdout.join('')), {
    name: 'ci',
    principal: 'ci',
    role: 'machine',
    env: ['pr-*'],
    fingerprint,
    publicKey: `${line} ci`,
    expires: '2027-01-31T00:00:00.000Z',
    created: '2026-11-22T15:00:00.000Z',
    lastUsed: null,
    preferred: false,
    state: 'active',
    ssh: 'ssh -p 443 -R 80:localhost:3000 pr-1@preview.test',
    hostKey: 'SHA256:host',
  });
});

t.test(
  'a key that nobody named is named for its comment, else by its id, and is a principal of its own',
  async (t) => {
    const setting = adminSetting({
      owners: ['owner'],
      fileKeys: [storedKey({ fingerprint: 'SHA256:file', principal: 'filed' })],
    });
    const add = async (comment: string, more = ''): Promise<string> => {
      const { stdout } = await setting.run(`key add --json${more}`, {}, `${publicKey().line} ${comment}`);
      const { principal, name } = JSON.parse(stdout.join('')) as { principal: string; name: string };
      return `${principal}/${name}`;
    };
    t.equal(await add('Ana Müller (work)'), 'Ana-Muller-work/Ana-Muller-work');
    t.match(await add('🔑'), /^([a-z2-7]{12})\/\1$/);
    t.equal(await add('ci'), 'ci/ci');
    t.equal(await add('ci'), 'ci-2/ci', 'nobody joins a principal without a word');
    t.equal(await add('owner'), 'owner-2/owner', 'nor takes the environments of one who is gone');
    t.equal(await add('filed'), 'filed-2/filed', 'nor one of the file');
    t.equal(await add('ci', ' --principal ci'), 'ci/ci-2');
    t.equal(await add('x', ' --principal filed'), 'filed/x');
  },
);

t.test('without anything said: a machine, for any name, for good', async (t) => {
  const setting = adminSetting();
  const { stderr, stdout } = await setting.run('key add', {}, publicKey().line);
  t.match(only(setting), { role: 'machine', envPatterns: ['*'], expiresAt: undefined });
  t.match(stdout.join('\n'), /expires +never/);
  t.same(stderr, []);
});

t.test('patterns that match nothing yet are taken, and told', async (t) => {
  const { run } = adminSetting({ envNames: ['main'] });
  t.match(await run('key add --env pr-*', {}, publicKey().line), { stderr: [/pr-\* yet/], status: 0 });
  t.match(await run('key add --env ma*', {}, publicKey().line), { stderr: [], status: 0 });
  const many = adminSetting({ envNames: Array.from({ length: 5001 }, (_, at) => `x${String(at)}`) });
  t.match(await many.run('key add --env pr-*', {}, publicKey().line), { stderr: [], status: 0 });
  t.match(await run('key add --env PR-*', {}, publicKey().line), { status: 2 });
  t.match(await run('key add --env a--b', {}, publicKey().line), { status: 2 });
});

t.test('times that cannot be', async (t) => {
  const { run } = adminSetting();
  for (const when of [
    '2020-01-01',
    '2026-11-22',
    'now',
    '0s',
    '11000d',
    '2027-01-01T10:00',
    '3mo',
    '2027-02-30',
  ]) {
    const { status, stdout, stderr } = await run(`key add --expires ${when}`, {}, publicKey().line);
    t.same([status, stdout], [2, []], `${when}: ${stderr.join(' ')}`);
  }
  t.match(await run('key add --expires 2020-01-01', {}, publicKey().line), { stderr: [/15:00:00 UTC now/] });
});

t.test('the same key twice', async (t) => {
  const { line, fingerprint } = publicKey();
  const inFile = publicKey();
  const setting = adminSetting({
    keys: [storedKey({ fingerprint, principal: 'ana', name: 'laptop' })],
    fileKeys: [
      storedKey({ fingerprint: inFile.fingerprint, principal: 'ben', name: 'filed', source: 'file' }),
    ],
  });
  t.match(await setting.run('key add --name other', {}, line), {
    status: 1,
    stderr: [/there already as ana\/laptop/],
  });
  const member = { role: 'member', principal: 'ana' } as const;
  t.match(await setting.run('key add', member, line), { status: 1, stderr: [/ana\/laptop/] });
  const stranger = await setting.run('key add', { role: 'member', principal: 'eve' }, line);
  t.match(stranger, { status: 1, stderr: ['this key is known here already'] });
  t.match(await setting.run('key add', member, inFile.line), {
    status: 1,
    stderr: ['this key is known here already'],
  });
  t.match(await setting.run('key add', { ...member, principal: 'ben' }, inFile.line), {
    stderr: [/file/],
    status: 1,
  });
  t.match(await setting.run('key add', {}, inFile.line), { status: 0, stderr: [/what is said here counts/] });
});

t.test('a name that is taken', async (t) => {
  const { run } = adminSetting({
    keys: [storedKey({ fingerprint: 'SHA256:a', principal: 'ana', name: 'laptop' })],
  });
  t.match(await run('key add --name laptop --principal ana', {}, publicKey().line), { status: 1 });
});

t.test('a member adds to what is theirs, and not more than they have', async (t) => {
  const ana = {
    principal: 'ana',
    role: 'member',
    envPatterns: ['pr-*'],
    expiresAt: givenAt + 10 * day,
  } as const;
  const forbidden = [
    '--principal ben',
    '--role admin',
    '--env *',
    '--env pr-1 --env p*',
    '--expires 11d',
    '--expires never',
  ];
  for (const more of forbidden) {
    const { run, keys, refused } = adminSetting();
    t.match(await run(`key add ${more}`, ana, publicKey().line), { status: 3, stdout: [] }, more);
    t.same([...keys.all()], []);
    t.match(refused, [{ action: 'key.add', result: 'refused', principal: 'ana' }]);
  }
  for (const more of ['', ' --principal ana', ' --role member', ' --env pr-1*', ' --expires 9d']) {
    const setting = adminSetting();
    t.match(await setting.run(`key add${more}`, ana, publicKey().line), { status: 0 }, more);
    t.match(only(setting), { principal: 'ana' });
  }
  const setting = adminSetting();
  await setting.run('key add', ana, publicKey().line);
  t.match(only(setting), { role: 'machine', envPatterns: ['pr-*'], expiresAt: givenAt + 10 * day });
});

t.test('how open its previews may be; whoever is limited gives that on', async (t) => {
  const setting = adminSetting();
  const { stdout } = await setting.run('key add --widest-access team', {}, publicKey().line);
  t.match(stdout.join('\n'), /may be +team at most/);
  t.match(only(setting), { widestAccess: 'team' });
  t.match(setting.keys.audit, [{ detail: { widestAccess: 'team' } }]);
  t.match(await adminSetting().run('key add --widest-access all', {}, publicKey().line), { status: 2 });
  const ana = { principal: 'ana', role: 'member', envPatterns: ['pr-*'], widestAccess: 'team' } as const;
  for (const [more, widestAccess] of [
    ['', 'team'],
    [' --widest-access private', 'private'],
    [' --widest-access public', undefined],
  ] as const) {
    const own = adminSetting();
    const { status } = await own.run(`key add${more}`, ana, publicKey().line);
    t.same([status, only(own)?.widestAccess], [widestAccess === undefined ? 3 : 0, widestAccess], more);
  }
});

t.test('what a FIDO key must show is said when it is added; of other keys it cannot be asked', async (t) => {
  const cases = [
    ['', true, false],
    [' --verify-required', true, true],
    [' --no-touch-required', false, false],
  ] as const;
  for (const [more, touchRequired, verifyRequired] of cases) {
    const setting = adminSetting();
    const { status, stdout } = await setting.run(`key add${more} --json`, {}, makeFidoKey(t, 'ed25519').line);
    t.equal(status, 0, more);
    t.match(JSON.parse(stdout.join('')), { touchRequired, verifyRequired });
    t.same(only(setting)?.options, { touchRequired, verifyRequired });
    if (more !== '') t.match(await adminSetting().run(`key add${more}`, {}, publicKey().line), { status: 2 });
  }
});

t.test('nobody outlives the certificate that they came with', async (t) => {
  const source = { kind: 'certificate', serial: '1', certificateId: 'ana', authority: 'SHA256:ca' } as const;
  const ana = { principal: 'ana', role: 'member', expiresAt: givenAt + day, source } as const;
  const { run } = adminSetting();
  t.match(await run('key add --expires 2d', ana, publicKey().line), { status: 3, stderr: [/certificate/] });
  t.match(await run('key add --expires 2d', { ...ana, role: 'admin' }, publicKey().line), { status: 0 });
});

t.test(
  'what is no public key is refused by the words of the parser, and a private key leaves no trace',
  async (t) => {
    const secret = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\n';
    const { run, keys, refused, log } = adminSetting();
    const { status, stdout, stderr } = await run('key add', {}, secret);
    t.same([status, stdout], [1, []]);
    t.match(stderr.join('\n'), /OpenSSH private key.*ssh-keygen/s);
    for (const text of [
      '',
      'hello',
      `no-pty ${publicKey().line}`,
      `${publicKey().line}\n${publicKey().line}`,
    ])
      t.match(await run('key add', {}, text), { status: 1 });
    t.same([[...keys.all()], keys.audit, refused], [[], [], []]);
    t.notMatch(JSON.stringify([stderr, log]), /b3BlbnNz/);
  },
);

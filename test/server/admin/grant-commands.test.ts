import t from 'tap';
import { givenAt } from '../../support/admin-setting.ts';
import { gateSetting, member } from '../../support/gate-setting.ts';
import { someGrant } from '../../support/memory-book.ts';
import { storedKey } from '../../support/memory-keys.ts';

const environments = { 'pr-42': 'ana' };
const ana = member('ana');
const keys = [
  storedKey({ fingerprint: 'SHA256:e', principal: 'eve', name: 'eve', role: 'member' }),
  storedKey({ fingerprint: 'SHA256:v', principal: 'vm', name: 'vm', role: 'machine' }),
];

t.test('given, with all that limits it', async (t) => {
  const { run, book } = gateSetting({ environments, keys });
  const words =
    'grant add eve --env pr-* --env main --service ssh --service db --os-user dev --expires 1h --json';
  const given = JSON.parse((await run(words)).stdout.join('')) as { id: string };
  t.match(given, {
    ...{
      id: /^[a-z2-7]{12}$/,
      principal: 'eve',
      env: ['pr-*', 'main'],
      services: ['ssh', 'db'],
      osUsers: ['dev'],
    },
    ...{ expires: new Date(givenAt + 3_600_000).toISOString(), expired: false, createdBy: 'root' },
  });
  t.match(book.grant(given.id), { expiresAt: givenAt + 3_600_000 });
  t.notOk('owner' in (book.grant(given.id) ?? {}), 'for whoever has these environments');
  t.match(book.audit, [
    { action: 'grant.add', target: 'eve', detail: { id: given.id, services: ['ssh', 'db'] } },
  ]);
  t.match(await run('grant add eve --env pr-1'), {
    stdout: [/^[a-z2-7]{12}$/],
    stderr: [/^lets eve into pr-1; for good$/, /^take it back with: grant rm/],
  });
  t.match(await run('grant add nobody --env pr-1 --service db'), {
    stderr: [/services db/, /nobody is known here as nobody/, /ssh is not among/, /grant rm/],
  });
  t.match(await run('grant add vm --env pr-1'), {
    stderr: [/lets/, /all keys of vm are machines'/, /grant rm/],
  });
  t.match(await run('grant add eve'), { status: 2, stderr: [/--env is missing/, /usage/] });
  t.match(await run('grant add eve --env pr-1 --expires 2020-01-01'), {
    status: 2,
    stderr: [/--expires: .*passed/],
  });
});

t.test('an owner, for what is named in full and theirs', async (t) => {
  const { run, book, noted } = gateSetting({ environments, keys });
  t.match(await run('grant add eve --env pr-42', ana), { status: 0 });
  t.match([...book.grants()], [{ owner: 'ana' }], 'for as long as it is hers');
  t.match(await run('grant add eve --env pr-42 --env pr-?', ana), {
    status: 3,
    stderr: [/pr-\? is for admin/],
  });
  t.match(await run('grant add eve --env pr-42 --env pr-1', ana), {
    status: 3,
    stderr: [/no environment pr-1/],
  });
  t.match(await run('grant add eve --env pr-42', member('eve')), { status: 3 });
  t.match(await run('grant add eve --env pr-42', { ...ana, envPatterns: ['x'] }), { status: 3 });
  t.equal(noted.filter(({ action, result }) => action === 'grant.add' && result === 'refused').length, 4);
});

t.test('listed for those whom they concern', async (t) => {
  const grants = [
    someGrant({ id: 'a', createdAt: 1 }),
    someGrant({
      id: 'b',
      principal: 'ben',
      envPatterns: ['pr-42'],
      services: ['db'],
      osUsers: ['dev'],
      createdAt: 2,
    }),
    someGrant({ id: 'c', principal: 'ben', expiresAt: givenAt - 1, createdAt: 3 }),
    someGrant({ id: 'd', principal: 'ben', expiresAt: givenAt + 60_000, createdAt: 3 }),
  ];
  const { run } = gateSetting({ environments, grants });
  const ids = async (words: string, as?: ReturnType<typeof member>): Promise<string> => {
    const { stdout } = await run(`grant list ${words} --json`.replace('  ', ' '), as);
    return (JSON.parse(stdout.join('')) as { id: string }[]).map(({ id }) => id).join('');
  };
  t.equal(await ids(''), 'dba');
  t.equal(await ids('--all'), 'cdba');
  t.equal(await ids('ben'), 'db');
  t.equal(await ids('', ana), 'b', 'to her own environment');
  t.equal(await ids('', member('eve')), 'a', 'what she was given');
  t.equal(await ids('', member('bob')), '');
  t.match(await run('grant list --all'), {
    stdout: [
      /^ID +WHO/,
      /\(expired\)/,
      /\(in 60 seconds\)/,
      /^b +ben +pr-42 +db +dev +taken back/,
      /all +any/,
    ],
  });
  t.match(await run('grant list', member('bob')), { stdout: [], stderr: ['no grants'] });
  t.match(await run('grant list ben'), { stderr: ['1 expired: --all shows it'] });
});

t.test('taken back by whoever gave it, though the environment is theirs no more', async (t) => {
  const grants = [someGrant({ id: 'a', envPatterns: ['pr-42'], owner: 'former', createdBy: 'former' })];
  const { run, book } = gateSetting({ environments, grants });
  t.match(await run('grant rm a', member('former')), { status: 0 });
  t.same([...book.grants()], []);
});

t.test('taken back by those who could give it', async (t) => {
  const grants = [someGrant({ id: 'a' }), someGrant({ id: 'b', envPatterns: ['pr-42'] })];
  const { run, book, noted } = gateSetting({ environments, grants });
  t.match(await run('grant rm a', ana), { status: 1, stderr: ['there is no grant a of yours'] });
  t.match(await run('grant rm a', member('eve')), { status: 3, stderr: [/not yours to take back/] });
  t.match(await run('grant rm b', ana), {
    status: 0,
    stdout: [/^took back what let eve into pr-42; for good/],
  });
  t.match(await run('grant rm a --json'), { status: 0, stdout: [/"removed":true/] });
  t.match(await run('grant rm a'), { status: 1, stderr: ['there is no grant a'] });
  t.same([...book.grants()], []);
  t.equal(noted.length, 3);
});

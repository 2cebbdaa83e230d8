import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { splitWords } from '../../../core/command-words.ts';
import { gateKey, targetFacts, targetId } from '../../support/ssh-config-facts.ts';
import { certificateOf, configGateway } from '../config-gateway.ts';

t.test('it is printed, with the address by which the gateway was reached', async (t) => {
  const { user, gateway, commands, run } = await configGateway(t);
  t.equal(
    await run('ssh-config', '--all', '--profile', 'p', '--gate', 'g', '-i', `${user.home}/.ssh/id_ed25519`),
    0,
  );
  t.same(commands, [['ssh-config', '--all', '--profile=p', '--gate=g', '--json']]);
  const text = user.stdout.join('\n');
  t.match(text, `  HostName 127.0.0.1\n  Port ${String(gateway.port)}\n  User default\n`);
  t.match(text, `  IdentityFile "${user.home}/.ssh/id_ed25519"\n`);
  t.same(user.stderr, []);

  const elsewhere = await configGateway(t, {
    gate: { name: 'ops', host: 'ops.example', port: 22, ownAddress: false, hostKeys: [gateKey] },
    targets: [],
  });
  t.equal(await elsewhere.run('ssh-config', '--tls'), 0);
  t.match(elsewhere.user.stdout.join('\n'), /HostName ops\.example\n.*Port 22[^]*openssl s_client/);
  t.match(elsewhere.user.stderr, [/no machine that you may reach/]);
});

t.test('as JSON', async (t) => {
  const { user, gateway, run } = await configGateway(t);
  t.equal(await run('ssh-config', '--json'), 0);
  t.match(JSON.parse(user.stdout[0] ?? ''), {
    gate: { host: '127.0.0.1', port: gateway.port },
    targets: [{ id: targetId }],
  });
});

t.test('to a file, with the known hosts beside it; a file of somebody else stays', async (t) => {
  const { user, run } = await configGateway(t);
  t.equal(await run('ssh-config', 'pr-42', '--output', 'my conf'), 0);
  const file = join(user.home, 'my conf');
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.match(readFileSync(file, 'utf8'), `ProxyCommand ssh -F '${file}' -W '[%h]:%p' porthole-gate`);
  t.match(readFileSync(`${file}.known_hosts`, 'utf8'), `porthole-gate ${gateKey}\n${targetId} `);
  t.match(user.stderr, [/^written: /]);
  user.write('theirs', 'Host *\n');
  t.equal(await run('ssh-config', '--output', 'theirs'), 1);
  t.equal(await run('ssh-config', '--output', 'no/such/folder'), 1);
  t.equal(await run('ssh-config', '--output', '-'), 0);
  t.match(user.stdout[0], '# Made by Porthole');
});

t.test('installed and taken away', async (t) => {
  const { user, run } = await configGateway(t, { targets: [targetFacts({ unconfirmed: true })] });
  t.equal(await run('ssh-config', '--install'), 0);
  const folder = join(user.home, '.ssh', 'porthole');
  // The tests' home is not the one that ssh knows.
  t.equal(readFileSync(join(user.home, '.ssh', 'config'), 'utf8'), `Include ${folder}/config\n`);
  t.match(user.stderr, [/^WARNING/, /^written: /, 'now: ssh pr-42']);
  t.equal(await run('ssh-config', '--uninstall'), 0);
  t.notOk(existsSync(folder));
  t.notOk(existsSync(join(user.home, '.ssh', 'config')));
  const none = await configGateway(t, { targets: [] });
  t.equal(await none.run('ssh-config', '--install'), 0);
  t.match(none.user.stderr.at(-1), /there is no machine yet/);
  const many = await configGateway(t, {
    targets: Array.from({ length: 9 }, () => targetFacts({ aliases: [] })),
  });
  mkdirSync(join(many.user.home, '.ssh', 'config'), { recursive: true });
  t.equal(await many.run('ssh-config', '--install'), 1);
});

t.test('wrong words', async (t) => {
  const { run } = await configGateway(t);
  for (const words of [
    ['--install', '--uninstall'],
    ['--install', '--output', 'x'],
    ['pr-1', '--all'],
    ['pr-1', '--install'],
    ['--json', '--install'],
    ['--server', 'x y'],
  ])
    t.equal(await run('ssh-config', ...words), 2, words.join(' '));
});

t.test('what the gateway refuses, or says that nobody understands', async (t) => {
  for (const [answer, code] of [
    [{ code: 3, stderr: 'not for machines\n' }, 3],
    [{ code: 1, stderr: 'there is nothing called x\n' }, 1],
    [{ code: 0, stdout: 'nonsense\n' }, 1],
  ] as const)
    t.equal(await (await configGateway(t, answer)).run('ssh-config', 'x'), code);
  const bad = { gate: { name: 'a b', host: 'x', port: 1, ownAddress: true, hostKeys: [gateKey] } };
  t.equal(await (await configGateway(t, bad)).run('ssh-config'), 1);
  t.equal(await (await configGateway(t, bad)).run('ssh-config', '--install'), 1);
  t.equal(await (await configGateway(t, bad)).run('ssh-config', '--output', 'x'), 1);
  const { user, run } = await configGateway(t);
  user.env['PORTHOLE_HOST_KEY'] = `SHA256:${'A'.repeat(43)}`;
  t.equal(await run('ssh-config'), 3);
});

t.test('the certificate that ssh has renewed', async (t) => {
  const cert = { code: 0, stdout: '' };
  const { user, commands, run } = await configGateway(
    t,
    { targets: [targetFacts({ takesCertificates: true, osUsers: ['root'] })] },
    cert,
  );
  t.equal(await run('ssh-config'), 0);
  const lines = user.stdout.filter((line) => line.startsWith('Match'));
  t.match(lines, [`Match host ${targetId} user dev exec "`, `Match host ${targetId} user root exec "`]);
  const words = splitWords(/exec "(.*)"$/.exec(lines[0] ?? '')?.[1] ?? '');
  const [, , , , , ...args] = words.ok ? words.value : [];
  const file = join(
    user.home,
    '.local',
    'state',
    'porthole',
    'client',
    'certificates',
    `${targetId}-dev-cert.pub`,
  );
  t.same(args.slice(0, 6), ['ssh-config', targetId, '--os-user', 'dev', '--refresh-certificate', file]);
  t.equal(await run(...args), 1, 'what is no certificate is not kept');
  cert.stdout = certificateOf(user, '+10m');
  t.equal(await run(...args), 0);
  t.same(commands.at(-1), ['target', 'cert', '--os-user=dev', '--', targetId]);
  t.equal(readFileSync(file, 'utf8').trim(), cert.stdout.trim());
  const asked = commands.length;
  t.equal(await run(...args), 0);
  t.equal(commands.length, asked, 'one that is good for a while is kept');
  writeFileSync(file, '');
  const refusing = await configGateway(t);
  t.equal(
    await refusing.run(
      'ssh-config',
      targetId,
      '--os-user',
      'dev',
      '--refresh-certificate',
      join(user.home, 'x'),
    ),
    1,
  );
  t.equal(
    await refusing.run('ssh-config', targetId, '--os-user', 'dev', '--refresh-certificate', '/dev/null/x'),
    1,
  );
});

import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fileTree } from '../support/file-tree.ts';
import { JumpTeam } from '../support/jump.ts';
import { machineWithAgent } from '../support/machine-with-agent.ts';

t.test('set up, asked about, set up again, and taken away', async (t) => {
  const team = await JumpTeam.start(t);
  const { agent, machine, targetId, dir, included } = await machineWithAgent(t, team, {
    clients: [team.keys.ana],
  });
  const root = join(dir, '..');
  const untouched = fileTree(root);
  t.equal((await agent('status')).code, 1, 'nothing yet');

  const words = ['--target-id', targetId, '--user', 'root', '--user', 'nobody'];
  const first = await agent('setup', ...words);
  t.equal(first.code, 0, first.stderr);
  t.match(first.stdout, /SIGHUP to \d+/);
  t.match(await machine.logged(/Received SIGHUP; restarting/), {});
  const made = fileTree(root);
  t.match(readFileSync(join(included, '60-porthole.conf'), 'utf8'), /^MaxStartups 100:30:200$/m);

  const again = await agent('setup', ...words, '--json');
  t.match(JSON.parse(again.stdout), { outcome: 'done', changed: false, targetId });
  t.same(fileTree(root), made, 'nothing is another than it was');

  const status = await agent('status', '--json');
  t.equal(status.code, 0, status.stderr);
  t.match(JSON.parse(status.stdout), { inEffect: true, osUsers: ['nobody', 'root'], gateway: 'the-same' });

  const fewer = await agent(
    'setup',
    '--target-id',
    targetId,
    '--user',
    'root',
    '--longest-certificate',
    '5m',
  );
  t.equal(fewer.code, 0, fewer.stderr);
  t.notOk(existsSync(join(dir, 'principals', 'nobody')), 'no longer let in');
  t.match(JSON.parse((await agent('status', '--json', '--offline')).stdout), {
    inEffect: true,
    longestCertificate: '5m',
    gateway: 'not-asked',
  });

  appendFileSync(join(included, '60-porthole.conf'), '# by hand\n');
  writeFileSync(join(dir, 'principals', 'root'), 'vm:another/root\n');
  t.match(await agent('status'), { code: 1, stderr: /is gone or changed/ });

  const removed = await agent('remove');
  t.equal(removed.code, 0, removed.stderr);
  t.same(fileTree(root), untouched);
  t.match((await agent('remove')).stdout, /nothing is set up/);
});

t.test('what sshd does not take is taken back, byte for byte', async (t) => {
  const team = await JumpTeam.start(t);
  const machine = await machineWithAgent(t, team, { clients: [team.keys.ana] });
  const { agent, targetId, dir, sshdConfig } = machine;
  const root = join(dir, '..');
  const untouched = fileTree(root);
  const words = ['--target-id', targetId, '--user', 'root'];

  const sound = readFileSync(sshdConfig, 'utf8');
  writeFileSync(sshdConfig, `${sound}Nonsense yes\n`);
  t.match(await agent('setup', ...words), { code: 1, stderr: /its own configuration as it is: .*Nonsense/ });
  t.same(fileTree(root), untouched, 'a configuration that is broken already');

  writeFileSync(
    sshdConfig,
    `${sound}Match User root\n  AuthorizedPrincipalsFile none\n  TrustedUserCAKeys /etc/other\n`,
  );
  t.match(await agent('setup', ...words), { code: 1, stderr: /for root, and not .* All is as it was/ });
  t.same(fileTree(root), untouched, 'no effect for one of the users');
  writeFileSync(sshdConfig, sound);

  t.equal((await agent('setup', ...words)).code, 0);
  const before = fileTree(root);
  writeFileSync(sshdConfig, `${sound}Nonsense yes\n`);
  t.match(await agent('remove'), { code: 1, stderr: /All is as it was/ });
  t.same(fileTree(root), before, 'nothing is taken away from a configuration that is broken');
});

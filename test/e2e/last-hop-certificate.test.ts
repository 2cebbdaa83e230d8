import t from 'tap';
import { JumpTeam } from '../support/jump.ts';
import {
  issueTo,
  logInThere,
  machineWithAgent,
  machineWithCertificates,
} from '../support/machine-with-agent.ts';

t.test('a certificate opens its own machine as its own user, and nothing else', async (t) => {
  const team = await JumpTeam.start(t);
  const a = await machineWithCertificates(t, team, 'pr-1');
  const b = await machineWithCertificates(t, team, 'pr-2');

  t.not((await logInThere(t, team, { env: 'pr-1' })).code, 0, 'the key alone opens nothing there');
  const forA = await issueTo(team, 'pr-1', '--ttl', '5m');
  t.equal(forA.principal, `vm:${a.targetId}/root`);
  const inA = await logInThere(t, team, { env: 'pr-1', certificate: forA.certificate });
  t.equal(inA.code, 0, inA.stderr);
  t.equal(inA.stdout, 'let in\n');
  t.match(a.machine.log, /Accepted publickey for root from 127\.0\.0\.1 .* ID ana /);

  t.not(
    (await logInThere(t, team, { env: 'pr-2', certificate: forA.certificate })).code,
    0,
    'another machine',
  );
  await b.machine.logged(/Certificate does not contain an authorized principal/);
  t.not(
    (await logInThere(t, team, { env: 'pr-1', certificate: forA.certificate, user: 'nobody' })).code,
    0,
    'another user',
  );

  const forNobody = await issueTo(team, 'pr-1', '--os-user', 'nobody');
  t.equal(forNobody.principal, `vm:${a.targetId}/nobody`);
  t.not(
    (await logInThere(t, team, { env: 'pr-1', certificate: forNobody.certificate, user: 'nobody' })).code,
    0,
    'a user of no file',
  );
  t.not(
    (await logInThere(t, team, { env: 'pr-1', certificate: forNobody.certificate })).code,
    0,
    'for another user',
  );
});

t.test('keys work as ever, with and without', async (t) => {
  const team = await JumpTeam.start(t);
  const agent = await machineWithAgent(t, team, { clients: [team.keys.ana] });
  t.equal((await logInThere(t, team, { env: 'pr-1' })).code, 0, 'before');
  const setup = await agent.agent('setup', '--target-id', agent.targetId, '--user', 'root');
  t.equal(setup.code, 0, setup.stderr);
  t.equal((await logInThere(t, team, { env: 'pr-1' })).code, 0, 'with it');
  t.equal((await agent.agent('remove')).code, 0);
  t.equal((await logInThere(t, team, { env: 'pr-1' })).code, 0, 'after');
});

t.test('who may not reach a machine gets no certificate for it, and every one is in the audit', async (t) => {
  const team = await JumpTeam.start(t);
  await machineWithCertificates(t, team, 'pr-1');
  await issueTo(team, 'pr-1', '--ttl', '2m');
  const bob = await team.command('bob', ['target', 'cert', 'pr-1']);
  const nobody = await team.command('bob', ['target', 'cert', 'pr-9']);
  t.equal(bob.stderr.replaceAll('pr-1', 'pr-9'), nobody.stderr, 'as if it were not there');
  t.not(bob.code, 0);
  t.equal((await team.command('vm', ['target', 'cert', 'pr-1'])).code, 3, "a machine's key");
  const lines = (await team.told('root', ['audit', '--action', 'target.cert'])) as { result: string }[];
  t.match(lines, [{ principal: 'ana', target: 'pr-1', result: 'ok', detail: { osUser: 'root' } }]);
  const ca = await team.command('eve', ['gate', 'ca']);
  t.match(ca.stdout, /^ssh-ed25519 \S+ porthole-machines@localhost\n$/);
});

import t, { type Test } from 'tap';
import { tunnelGone } from '../support/dial.ts';
import { JumpTeam, over, type Name } from '../support/jump.ts';
import { lowPort } from '../support/low-port.ts';
import { startTextApp } from '../support/web-app.ts';

const team = await JumpTeam.start(t, ['--domain', 'preview.test', '--hold', '100ms']);
const app = await startTextApp(t, 'never seen');
const appPort = String(app.port);
const { machine } = await team.machine({ forwards: [`web:80:127.0.0.1:${appPort}`] });

/** Opens a stream by the gate that must be refused; gives the reason that ssh shows. */
async function refused(t: Test, to: string, who: Name = 'ana'): Promise<string> {
  const { code, stdout, stderr } = await over(team.ssh(who, ['-W', to, 'gw']));
  t.match([code, stdout], [255, ''], to);
  const [, reason = ''] =
    /^channel 0: open failed: administratively prohibited: (.*?)\r?$/m.exec(stderr) ?? [];
  t.match(reason, /^\S.* \(ERR_[A-Z_]+\)$/, `${to}: ${stderr}`);
  if (who === 'ana') t.notMatch(stderr, /may not use the name/, 'her user name means nothing');
  return reason;
}

t.test('what is not a forward of a live tunnel', async (t) => {
  const gateway = String(team.gateway.port);
  const elsewhere = [
    '127.0.0.1:22',
    `127.0.0.1:${String(machine.port)}`,
    `127.0.0.1:${appPort}`,
    `127.0.0.1:${gateway}`,
    '[::1]:22',
    '[::ffff:127.0.0.1]:22',
    `[::1]:${appPort}`,
    '2130706433:22',
    `2130706433:${appPort}`,
    '0x7f.1:22',
    `0x7f.1:${appPort}`,
    '0177.0.0.1:22',
    '127.1:22',
    '0:22',
    '0.0.0.0:22',
    '[::]:22',
    'localhost:22',
    `localhost:${appPort}`,
    'localhost.localdomain:22',
    'ip6-localhost:22',
    '169.254.169.254:80',
    '[fd00:ec2::254]:80',
    'metadata.google.internal:80',
    'example.com:443',
    'preview.test:22',
    `preview.test:${gateway}`,
    'gateway:22',
    'web.pr-1:22',
    'web.pr-1:81',
    'pr-1:23',
    'pr-1:80',
    'ssh.pr-1:2222',
    'a.web.pr-1:80',
    'nothing.pr-1:80',
    '*:22',
    'pr-*:22',
    '00000000-0000-0000-0000-000000000000:22',
  ];
  for (const to of elsewhere) await refused(t, to);
});

t.test('a socket of the gateway, or of the machine', async (t) => {
  const local = await lowPort();
  const words = ['-v', '-N', '-L', `127.0.0.1:${String(local)}:/run/docker.sock`, 'gw'];
  const forward = team.ssh('ana', words);
  await forward.said(/Entering interactive session/);
  await t.rejects(fetch(`http://127.0.0.1:${String(local)}/`));
  await forward.said(/open failed: administratively prohibited: \S.*\(ERR_GATE_REFUSED\)/);
});

t.test('an environment that never was, and one that one may not know: the same words', async (t) => {
  await team.machine({ env: 'pr-2' });
  const words = (reason: string): string => reason.replaceAll(/pr-\d+/g, 'NAME');
  const unknown = await refused(t, 'pr-99:22');
  t.match(unknown, /pr-99/);
  t.match(unknown, /\(ERR_TARGET_UNKNOWN\)/);
  const [mine, other] = [await refused(t, 'pr-98:22', 'bob'), await refused(t, 'pr-2:22', 'bob')];
  t.equal(words(mine), words(other), 'bob may not know that pr-2 is there');
});

t.test('one that is offline: by name, and since when', async (t) => {
  const { dialled } = await team.machine({ env: 'pr-3' });
  dialled.ssh.kill('SIGTERM');
  await tunnelGone(team.gateway, dialled.tunnelId);
  const reason = await refused(t, 'pr-3:22');
  t.match(reason, /^pr-3 is offline since .* \(ERR_TARGET_OFFLINE\)$/);
  const session = await over(team.ssh('ana', ['pr-3', 'true']));
  t.equal(session.code, 255);
  t.match(session.stderr, /pr-3 is offline/, 'who runs ssh pr-3 reads it');
});

t.test('whoever has only the key of a machine', async (t) => {
  t.match(await refused(t, 'pr-1:22', 'vm'), /machine/);
  t.match(await refused(t, 'pr-1:22', 'eve'), /machine/);
});

t.test('an administrator gets there, and a stranger does not get in', async (t) => {
  t.match(await over(team.ssh('root', ['pr-1', 'echo', 'in'])), { code: 0, stdout: 'in\n' });
  team.withdraw('bob');
  await team.gateway.line((line) => /authorized keys|keys.*read/i.test(line.msg));
  const { code, stderr } = await over(team.ssh('bob', ['pr-1', 'true']));
  t.equal(code, 255);
  t.match(stderr, /Permission denied/);
});

t.test('every refusal is in the audit', async (t) => {
  const lines = JSON.stringify(
    await team.told('root', ['audit', '--action', 'gate.refused', '--limit', '200']),
  );
  t.match(lines, /"principal":"ana"/);
  t.match(lines, /pr-99/);
});

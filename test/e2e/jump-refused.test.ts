import t from 'tap';
import { JumpTeam, over, type Name } from '../support/jump.ts';

const team = await JumpTeam.start(t);
await team.machine();

/** What ssh shows of why a channel is refused. */
async function reasonOf(to: string, who: Name = 'ana'): Promise<string> {
  const { code, stderr } = await over(team.ssh(who, ['-W', to, 'gw']));
  const [, reason] = /^channel 0: open failed: administratively prohibited: (.*?)\r?$/m.exec(stderr) ?? [];
  return code === 255 && reason !== undefined ? reason : `${String(code)}: ${stderr}`;
}

t.test('an address that is none of a machine', async (t) => {
  for (const to of ['127.0.0.1:22', '[::1]:22', '169.254.169.254:80', 'localhost:22', 'a.b.pr-1:80'])
    t.match(await reasonOf(to), /the gate leads to NAME:22, SERVICE\.NAME:PORT .*\(ERR_GATE_REFUSED\)$/, to);
});

t.test('a machine that is not there, one that may not be known, and a key of a machine', async (t) => {
  const nothing = 'there is nothing called NAME that you may reach (ERR_TARGET_UNKNOWN)';
  t.equal((await reasonOf('pr-7:22')).replace('pr-7', 'NAME'), nothing);
  t.equal((await reasonOf('pr-1:22', 'bob')).replace('pr-1', 'NAME'), nothing);
  t.match(
    await reasonOf('pr-1:22', 'vm'),
    /^a machine's key does not pass the gate: .*\(ERR_GATE_REFUSED\)$/,
  );
});

t.test('a service that is not offered there, with what is', async (t) => {
  const reason =
    'pr-1 is online, but offers no service db at port 5432: there is ssh.pr-1:22 (ERR_SERVICE_UNKNOWN)';
  t.equal(await reasonOf('db.pr-1:5432'), reason);
});

t.test('a name that would act on a terminal is told in quotes', async (t) => {
  const reason = await reasonOf('pr\u001b[31m:22');
  t.match(reason, /^"pr\\*u001b.*\(ERR_GATE_REFUSED\)$/);
  t.notMatch(reason, '\u001b');
});

t.test('a machine that went offline, by its name and since when', async (t) => {
  const gone = await JumpTeam.start(t, ['--hold', '100ms']);
  const { dialled } = await gone.machine();
  dialled.ssh.kill();
  await gone.gateway.line(({ msg, tunnelId }) => msg === 'tunnel closed' && tunnelId === dialled.tunnelId);
  const { stderr } = await over(gone.ssh('ana', ['pr-1', 'true']));
  t.match(
    stderr,
    /pr-1 is offline since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(\d+ seconds? ago\) \(ERR_TARGET_OFFLINE\)/,
  );
});

t.test('X11 and the agent, for the gateway itself', async (t) => {
  const words = ['-X', '-A', '-v', '-o', 'ForwardX11Timeout=0', 'gw', 'status'];
  const { stderr } = await over(
    team.ssh('ana', words, { DISPLAY: '127.0.0.1:99', SSH_AUTH_SOCK: '/nowhere' }),
  );
  t.notMatch(stderr, /X11 forwarding succeeded|agent forwarding succeeded/);
  t.ok(team.gateway.lines.every(({ level }) => level !== 'error'));
});

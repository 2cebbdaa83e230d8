import t from 'tap';
import { JumpTeam, over } from '../support/jump.ts';
import { SshMachine } from '../support/ssh-machine.ts';

const team = await JumpTeam.start(t, ['--domain', 'preview.test']);
const { machine } = await team.machine();

t.test('a command: its output, its errors, its exit status and what it is given to read', async (t) => {
  const ssh = team.ssh('ana', ['-J', 'gw', 'pr-1', 'cat; echo to-stderr >&2; exit 44']);
  ssh.write('from standard input\n');
  t.same(await over(ssh), { code: 44, stdout: 'from standard input\n', stderr: 'to-stderr\n' });
});

t.test('a command that a signal ends, and one that says nothing', async (t) => {
  t.equal((await over(team.ssh('ana', ['pr-1', 'kill -TERM $$']))).code, 255);
  t.same(await over(team.ssh('ana', ['pr-1', 'true'])), { code: 0, stdout: '', stderr: '' });
});

t.test('each direction ends by itself', async (t) => {
  const counts = team.ssh('ana', ['pr-1', 'wc -c; echo more']);
  counts.write('x'.repeat(100_000));
  t.same(await over(counts), { code: 0, stdout: '100000\nmore\n', stderr: '' });

  const closes = team.ssh('ana', ['pr-1', 'exec >&-; cat >&2']);
  closes.write('still read');
  t.same(await over(closes), { code: 0, stdout: '', stderr: 'still read' });
});

t.test('a terminal', async (t) => {
  const ssh = team.ssh('ana', ['-tt', 'pr-1', 'tty; stty size; exit 3']);
  const { code, stdout } = await over(ssh);
  t.equal(code, 3);
  t.match(stdout, /^\/dev\/pts\/\d+\r\n/);
});

t.test('everything that a name may be written as', async (t) => {
  for (const name of ['PR-1', 'pr-1.preview.test', 'pr-1.', 'Pr-1.Preview.Test.', 'ssh.pr-1']) {
    const ssh = team.ssh('ana', ['-o', 'HostKeyAlias=pr-1', name, 'echo', 'here']);
    t.same(await over(ssh), { code: 0, stdout: 'here\n', stderr: '' }, name);
  }
});

t.test('-W is the bare stream, whose first bytes are the greeting of the machine', async (t) => {
  const ssh = team.ssh('ana', ['-W', 'pr-1:22', 'gw']);
  ssh.write('SSH-2.0-nobody\r\n');
  const [greeting] = await ssh.said(/^SSH-2\.0-OpenSSH\S*.*\r\n/);
  t.ok(greeting);
});

t.test('inside TLS, where port 443 is all there is', async (t) => {
  const port = String(team.gateway.port);
  const lines = [
    'Host gw',
    `  ProxyCommand openssl s_client -quiet -verify_quiet -verify_return_error -CAfile ${team.gateway.caFile} -verify_hostname preview.test -servername preview.test -alpn ssh -connect 127.0.0.1:${port}`,
  ];
  const told = await team.ran('ssh', ['-F', team.config('ana', lines), 'pr-1', 'echo through; exit 5']);
  t.match(told, { code: 5, stdout: 'through\n' });
});

t.test('a machine whose sshd has a banner and a greeting of the day', async (t) => {
  const banner = `${machine.dir}/banner`;
  const { writeFileSync } = await import('node:fs');
  writeFileSync(banner, 'Be kind.\n');
  const other = await team.machine({ env: 'pr-2', config: [`Banner ${banner}`] });
  t.type(other.machine, SshMachine);
  t.same(await over(team.ssh('ana', ['pr-2', 'echo x'])), { code: 0, stdout: 'x\n', stderr: 'Be kind.\n' });
});

t.test('the session is recorded: who, what, how much, and how it ended', async (t) => {
  const [opened, closed] = await Promise.all(
    ['gate.open', 'gate.close'].map((action) => team.told('root', ['audit', '--action', action])),
  );
  t.match(JSON.stringify(opened), /"principal":"ana"/);
  t.match(JSON.stringify(closed), /bytesDown/);
});

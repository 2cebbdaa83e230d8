import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import t from 'tap';
import { JumpTeam, over } from '../support/jump.ts';

/** Answers when it has read everything: whoever asks has to close their half. */
const counter = createServer({ allowHalfOpen: true }, (socket) => {
  let bytes = 0;
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => (bytes += chunk.length));
  socket.on('end', () => socket.end(`${String(bytes)} bytes, and an answer of ${'x'.repeat(100_000)}\n`));
});
counter.listen(0, '127.0.0.1');
await once(counter, 'listening');
t.teardown(() => counter.close());
const { port } = counter.address() as AddressInfo;

const team = await JumpTeam.start(t, ['--domain', 'preview.test']);
const { machine } = await team.machine({ forwards: [`count:5432:127.0.0.1:${String(port)}`] });

t.test('ssh -J: a command, with its output, its errors and its exit code', async (t) => {
  const ran = await over(team.ssh('ana', ['-J', 'gw', 'pr-1', 'echo out; echo err >&2; exit 7']));
  t.same(ran, { code: 7, stdout: 'out\n', stderr: 'err\n' });
  await machine.logged(/Accepted publickey/);
});

t.test('the name in other spellings, and with the domain of the gateway', async (t) => {
  for (const name of ['PR-1', 'pr-1.', 'pr-1.preview.test', 'ssh.pr-1']) {
    const ran = await over(team.ssh('ana', ['-o', 'HostKeyAlias=pr-1', name, 'exit 5']));
    t.match(ran, { code: 5, stderr: '' }, name);
  }
});

t.test('ssh -W: a service, with a half-close on the way there', async (t) => {
  const ssh = team.ssh('ana', ['-W', 'count.pr-1:5432', 'gw']);
  ssh.write('q'.repeat(200_000));
  const { code, stdout } = await over(ssh);
  t.equal(code, 0);
  t.match(stdout, /^200000 bytes, and an answer of x{100000}\n$/);
});

t.test('who went where is in the log, without what they said', async (t) => {
  const opened = await team.gateway.line(({ msg, service }) => msg === 'gate opened' && service === 'count');
  t.match(opened, { principal: 'ana', env: 'pr-1', port: 5432, gate: 'default', by: 'member' });
  const closed = await team.gateway.line(({ msg, service }) => msg === 'gate closed' && service === 'count');
  t.match(closed, { session: opened['session'], bytesUp: 200_000, reason: /./ });
  t.ok(Number(closed['bytesDown']) > 100_000);
  t.notMatch(JSON.stringify(team.gateway.lines), 'qqqqqqqq');
});

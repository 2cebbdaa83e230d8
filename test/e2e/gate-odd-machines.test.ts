import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import t from 'tap';
import { dial } from '../support/dial.ts';
import { JumpTeam, over } from '../support/jump.ts';
import { dialIn } from '../support/machine.ts';
import { metric, metricBecomes } from '../support/metrics.ts';
import type { TestScope } from '../support/scope.ts';

/** A machine in the place of whose SSH server something else listens. */
async function oddMachine(
  t: TestScope,
  team: JumpTeam,
  { env, act }: { env: string; act: (socket: Socket) => void },
): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    act(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const forwards = [`ssh:22:127.0.0.1:${String(port)}`];
  await dial(t, team.gateway, { key: team.keys.vm, user: env, forwards });
}

t.test('what is no SSH server is told as that, and may send what it likes', async (t) => {
  const team = await JumpTeam.start(t);
  const act = (socket: Socket): void => {
    const flood = (): void => {
      while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 'x')));
    };
    socket.on('drain', flood);
    flood();
  };
  await oddMachine(t, team, { env: 'pr-1', act });
  const { code, stdout, stderr } = await over(team.ssh('ana', ['-W', 'pr-1:22', 'gw']));
  t.same([code, stdout], [255, '']);
  t.match(stderr, /open failed: administratively prohibited: \S.*pr-1.*\(ERR_UPSTREAM_PROTOCOL\)/);
  await metricBecomes(team.gateway, 'porthole_buffered_bytes', (value) => value === 0);
});

t.test('other lines before the greeting belong to it (RFC 4253, 4.2)', async (t) => {
  const team = await JumpTeam.start(t);
  const act = (socket: Socket): void => {
    socket.write('Be kind.\r\nSSH-2.0-odd\r\n');
    socket.pipe(socket);
  };
  await oddMachine(t, team, { env: 'pr-1', act });
  const ssh = team.ssh('ana', ['-W', 'pr-1:22', 'gw']);
  ssh.write('and back\n');
  t.match(await over(ssh), { code: 0, stdout: 'Be kind.\r\nSSH-2.0-odd\r\nand back\n' });
});

t.test('opens without end to a machine that says nothing: bounded, and gone with who asked', async (t) => {
  const team = await JumpTeam.start(t, ['--gate-max-sessions', '50']);
  await oddMachine(t, team, { env: 'pr-1', act: () => undefined });
  await team.machine({ env: 'pr-2' });
  const ana = await dialIn(t, team.gateway.port, { key: team.keys.ana, user: 'engineer' });
  const refused: string[] = [];
  for (let count = 0; count < 300; count++) {
    ana.client.forwardOut('127.0.0.1', 1, 'pr-1', 22, (error) => {
      if (error !== undefined) refused.push(error.message);
    });
  }
  await metricBecomes(team.gateway, 'porthole_gate_opens_total{result="busy"}', (value) => value === 250);
  t.match(refused[0], /\(ERR_LIMIT\)/);
  // Others are not held up by that, nor is another machine.
  t.match(await over(team.ssh('root', ['pr-2', 'echo', 'in'])), { code: 0, stdout: 'in\n' });

  ana.socket.destroy();
  await metricBecomes(team.gateway, 'porthole_gate_opens_total{result="abandoned"}', (value) => value === 50);
  t.equal(await metricBecomes(team.gateway, 'porthole_channels', (value) => value === 0), 0);
  t.equal(await metric(team.gateway, 'porthole_gate_sessions'), 0);
});

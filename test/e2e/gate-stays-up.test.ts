import t from 'tap';
import { tunnelGone } from '../support/dial.ts';
import { JumpTeam, over } from '../support/jump.ts';
import { lowPort } from '../support/low-port.ts';
import { startTextApp } from '../support/web-app.ts';

t.test('keepalives of both hops are answered', async (t) => {
  const team = await JumpTeam.start(t);
  await team.machine();
  const alive = ['-o', 'ServerAliveInterval=1', '-o', 'ServerAliveCountMax=1'];
  const answered = /(?:send packet: type 80[^]*?receive packet: type 8[12]\b[^]*?){2}/;
  const gateway = team.ssh('ana', ['-vvv', '-N', ...alive, 'gw']);
  const machine = team.ssh('ana', ['-vvv', ...alive, 'pr-1', 'cat']);
  await gateway.said(answered);
  await machine.said(answered);
  machine.write('still here\n');
  t.match(await over(machine), { code: 0, stdout: 'still here\n' });
  t.equal(gateway.child.exitCode, null);
});

t.test('ssh -N -L outlives the connection of the machine', async (t) => {
  const team = await JumpTeam.start(t, ['--hold', '100ms']);
  const app = await startTextApp(t, 'served');
  const forwards = [`web:8080:127.0.0.1:${String(app.port)}`];
  const { machine, dialled } = await team.machine({ forwards });
  const local = String(await lowPort());
  const forward = team.ssh('ana', ['-v', '-N', '-L', `127.0.0.1:${local}:web.pr-1:8080`, 'gw']);
  await forward.said(/Entering interactive session/);
  // One connection for each request: what was open has ended with the machine's connection.
  const get = async () => {
    const answer = await fetch(`http://127.0.0.1:${local}/`, { headers: { connection: 'close' } });
    return answer.text();
  };
  t.equal(await get(), 'served');

  dialled.ssh.kill('SIGKILL');
  await tunnelGone(team.gateway, dialled.tunnelId);
  await t.rejects(get());
  await forward.said(/pr-1 is offline.*\(ERR_TARGET_OFFLINE\)/);

  await team.dialOut(machine, { forwards });
  t.equal(await get(), 'served');
  t.equal(forward.child.exitCode, null);
});

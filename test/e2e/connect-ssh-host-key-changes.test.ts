import t from 'tap';
import { JumpTeam, over } from '../support/jump.ts';
import { connectMachine, toldOf } from '../support/reporting-machine.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { makeKey } from '../support/ssh-keys.ts';
import { SshMachine } from '../support/ssh-machine.ts';

t.test('a host key that changes is a warning to all, until an owner has looked', async (t) => {
  const team = await JumpTeam.start(t);
  const home = scratchDir(t);
  const first = await SshMachine.start(t, { clients: [team.keys.ana] });
  const args = ['pr-1', '--ssh', String(first.port)];
  const before = connectMachine(t, team, [...args, '--json'], { home });
  const [known] = await toldOf(before);
  team.trust('pr-1', first);
  before.kill();
  await before.exit;
  await first.kill();

  const second = await SshMachine.start(t, { clients: [team.keys.ana], port: first.port });
  const warned = connectMachine(t, team, args, { home });
  await warned.said(/WARNING: the target pr-1 .* shows host keys that the gateway does not know: SHA256:/);
  await warned.said(/porthole target trust pr-1/);
  const json = connectMachine(t, team, [...args, '--json'], { home });
  const [told] = await toldOf(json);
  t.match(told, { event: 'target', state: 'unconfirmed', id: known?.id });
  t.same(told?.unpinned, told?.hostKeys);
  t.match(await team.told('ana', ['target', 'show', 'pr-1']), {
    warning: /^WARNING/,
    hostKeys: [first.hostKeys[0]?.line],
    unconfirmed: { hostKeys: [second.hostKeys[0]?.line] },
  });
  const refused = await over(team.ssh('ana', [`${second.user}@pr-1`, 'true']));
  t.match(
    refused,
    { code: 255, stderr: /Host key verification failed/ },
    'the gate leads there; ssh does not go in',
  );

  t.match(await team.command('vm', 'target trust pr-1'), { code: 3 }, "not by the machine's own key");
  t.match(await team.command('root', 'target trust pr-1'), { code: 0 });
  for (const client of [warned, json]) {
    client.kill();
    await client.exit;
  }
  const after = connectMachine(t, team, [...args, '--json'], { home });
  t.match(await toldOf(after), [{ event: 'target', state: 'known', id: known?.id, unpinned: [] }]);
  t.match(await team.told('ana', ['target', 'show', 'pr-1']), { warning: null, state: 'online' });
});

t.test(
  'so is a machine that comes with another key of its owner, and a stranger does not get as far',
  async (t) => {
    const team = await JumpTeam.start(t);
    const home = scratchDir(t);
    const machine = await SshMachine.start(t, { clients: [] });
    const args = ['pr-1', '--ssh', String(machine.port), '--json'];
    const before = connectMachine(t, team, args, { home });
    const [known] = await toldOf(before);
    before.kill();
    await before.exit;
    const stranger = connectMachine(t, team, args, { home, who: 'ana' });
    t.equal((await stranger.exit).code, 3);

    const key = makeKey(t);
    const words = "key add --name second --principal vm --role machine --env 'pr-*'";
    t.match(await team.command('root', words, `${key.line}\n`), { code: 0 });
    const after = connectMachine(t, team, args, { home, key });
    t.match(await toldOf(after), [{ event: 'target', state: 'unconfirmed', id: known?.id, unpinned: [] }]);
    const person = connectMachine(t, team, args.slice(0, -1), { home, key });
    await person.said(/WARNING: the target pr-1 .* dialled in with another key than before/);
    t.match(await team.told('ana', ['target', 'show', 'pr-1']), { warning: /another key than before/ });
  },
);

t.test('a server that is replaced while the client runs', async (t) => {
  const team = await JumpTeam.start(t);
  const first = await SshMachine.start(t, { clients: [team.keys.ana] });
  const client = connectMachine(t, team, ['pr-1', '--ssh', String(first.port), '--json']);
  const [known] = await toldOf(client);
  await first.kill();
  team.trust('pr-1', first);
  const engineer = team.ssh('ana', [`${first.user}@pr-1`, 'true']);
  await client.said(/"event":"upstream-refused"/);
  const second = await SshMachine.start(t, { clients: [], port: first.port });
  const [, changed] = await toldOf(client, 2);
  t.match(changed, { event: 'target', state: 'unconfirmed', id: known?.id });
  t.match(await team.told('ana', ['target', 'show', 'pr-1']), {
    unconfirmed: { hostKeys: [second.hostKeys[0]?.line] },
  });
  engineer.kill();
});

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { JumpTeam, over } from '../support/jump.ts';
import { connectMachine, toldOf } from '../support/reporting-machine.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { SshMachine } from '../support/ssh-machine.ts';

const team = await JumpTeam.start(t);

/** The file in which a client keeps who its machine is. */
function idFile(home: string, env: string): string {
  return join(home, '.local/state/porthole/client/machines/localhost', env);
}

const original = await SshMachine.start(t, { clients: [] });
const home = scratchDir(t);
const live = connectMachine(t, team, ['pr-1', '--ssh', String(original.port), '--json'], { home });
const [first] = await toldOf(live);

t.test('the second machine of a cloned disk is told, and gets a UUID of its own', async (t) => {
  const cloned = scratchDir(t);
  mkdirSync(dirname(idFile(cloned, 'pr-2')), { recursive: true });
  writeFileSync(idFile(cloned, 'pr-2'), readFileSync(idFile(home, 'pr-1')));
  const machine = await SshMachine.start(t, { clients: [] });
  const client = connectMachine(t, team, ['pr-2', '--ssh', String(machine.port), '--json'], { home: cloned });
  const [conflict, target] = await toldOf(client, 2);
  t.match(conflict, { event: 'target-problem', state: 'conflict' });
  t.match(target, { event: 'target', state: 'new', env: 'pr-2' });
  t.not(target?.id, first?.id);
  t.equal(readFileSync(idFile(cloned, 'pr-2'), 'utf8').trim(), target?.id);
  t.match(await team.told('ana', ['target', 'show', 'pr-1']), {
    id: first?.id,
    warning: null,
    state: 'online',
  });
});

t.test('a UUID that the user has given it is not changed, and people get in all the same', async (t) => {
  const machine = await SshMachine.start(t, { clients: [team.keys.ana] });
  const args = ['pr-3', '--ssh', String(machine.port), '--target-id', first?.id ?? '', '--json'];
  const client = connectMachine(t, team, args);
  t.match(await toldOf(client), [{ event: 'target-problem', state: 'conflict' }]);
  team.trust('pr-3', machine);
  const inside = await over(team.ssh('ana', [`${machine.user}@pr-3`, 'echo', 'inside']));
  t.match(inside, { code: 0, stdout: 'inside\n' });
  t.notMatch(client.stdout, '"event":"exit"');
});

t.test('a UUID of somebody else is refused, and its forward stays', async (t) => {
  const machine = await SshMachine.start(t, { clients: [] });
  const args = ['eve-1', '--ssh', String(machine.port), '--target-id', first?.id ?? '', '--json'];
  const client = connectMachine(t, team, args, { who: 'eve' });
  t.match(await toldOf(client), [{ event: 'target-problem', state: 'refused' }]);
  t.notMatch(client.stdout, '"event":"exit"');
  t.match(await team.told('ana', ['target', 'show', 'pr-1']), { id: first?.id, owner: 'vm', warning: null });
});
